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

const LONGEST_URL = 2000

/** An http or https URL; null for `off`. Its path is often a secret, so no message quotes it. @throws InvalidValue */
export function parseHeartbeatUrl(text: string): string | null {
  const written = text.trim()
  if (written.toLowerCase() === 'off') return null
  const url = /^https?:\/\//i.test(written) ? URL.parse(written) : null
  if (url === null || /\s/.test(written) || written.length > LONGEST_URL)
    throw new InvalidValue(
      `must be an http or https URL of at most ${LONGEST_URL} characters, or off`,
      'write for example https://hc.example.org/ping/5f1c',
    )
  if (url.username !== '' || url.password !== '')
    throw new InvalidValue('names a user or a password, which is not sent', 'put the secret into the path')
  url.hash = ''
  return url.href
}
