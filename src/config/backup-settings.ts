import { isAbsolute, join, resolve } from 'node:path'
import { isWithin } from '../home/paths'
import { InvalidValue } from './config-error'
import type { PathBase } from './declare'
import { type Environment, userFolder } from './environment'

/** Where the system service keeps its data and its backups; both are StateDirectory= of its unit. */
const SYSTEM = { home: '/var/lib/synapse', backups: '/var/lib/synapse-backups' } as const

/**
 * Returns the default place for backups: the second entry of STATE_DIRECTORY, that of the system service, else
 * `$XDG_STATE_HOME/synapse/backups`. Undefined when that would lie in the home, or the user has no folder.
 */
export function usualBackupDirectory(home: string, env: Environment): string | undefined {
  const second = env.STATE_DIRECTORY?.split(':')[1]
  const xdg = env.XDG_STATE_HOME
  // The XDG specification tells programs to ignore a relative path here.
  const folder = userFolder(env)
  const own = folder === '' ? undefined : join(folder, '.local', 'state')
  const state = xdg && isAbsolute(xdg) ? xdg : own
  const ofUser = state === undefined ? undefined : join(state, 'synapse', 'backups')
  const usual = second || (home === SYSTEM.home ? SYSTEM.backups : ofUser)
  return usual === undefined || isWithin(usual, home) ? undefined : usual
}

/** An absolute path. */
export function parseDirectory(text: string, { cwd }: PathBase): string {
  return resolve(cwd, text)
}

/** A time of day as `HH:MM`, or null for never. @throws InvalidValue */
export function parseTimeOfDay(text: string): string | null {
  if (text.trim().toLowerCase() === 'off') return null
  if (/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text.trim())) return text.trim()
  throw new InvalidValue('must be a time of day such as 03:00, or off')
}

/** @throws InvalidValue for one that is soon guessed */
export function parsePassphrase(text: string): string {
  if (text.length >= 8 && !/[\r\n\0]/.test(text)) return text
  throw new InvalidValue('must have at least 8 characters, in one line')
}
