import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CLIENT_FOLDER } from '../../config/client'
import { processEnvironment, userFolder } from '../../config/environment'
import { CliError } from './cli-error'
import { EXIT } from './exit-codes'

/** Returns the path of the folder of clients, which may not exist. @throws CliError for a user without a home directory */
export function clientPath(): string {
  const user = userFolder(processEnvironment())
  if (user !== '') return join(user, CLIENT_FOLDER)
  throw new CliError(EXIT.failure, 'this user has no home directory for the files of clients', ['set HOME'])
}

/** Returns the folder of clients, mode 0700; creates it if needed. @throws CliError if that fails */
export function clientFolder(): string {
  const folder = clientPath()
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    return folder
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new CliError(EXIT.failure, `cannot use ${folder} (${why})`, [
      'tokens and positions are saved there: correct the permissions or free space',
    ])
  }
}

/** Replaces a file in one step, mode 0600. Several processes may do so at once. @throws CliError */
export function writePrivate(path: string, text: string): void {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`)
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new CliError(EXIT.failure, `cannot write ${path} (${why})`, [
      'correct the permissions or free space',
    ])
  }
}
