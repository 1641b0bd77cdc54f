import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../cli-error'
import { EXIT } from '../exit-codes'

/** The folder of clients, for its owner alone; made when missing. @throws CliError where it cannot be */
export function clientFolder(): string {
  const folder = join(homedir(), '.synapse')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    return folder
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new CliError(EXIT.failure, `cannot use ${folder} (${why})`, [
      'the token is kept there; make room for it',
    ])
  }
}

/** Keeps a token in `<handle>.token`, whole or not at all, readable by its owner alone. Answers the path. */
export function writeToken(folder: string, handle: string, token: string): string {
  // A handle comes from a server, and becomes part of a path.
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(handle))
    throw new CliError(EXIT.failure, 'the server named an account in a way that is no handle')
  const path = join(folder, `${handle}.token`)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, `${token}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
  return path
}
