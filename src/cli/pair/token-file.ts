import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { processEnvironment, userFolder } from '../../config/environment'
import { CliError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'

/** The folder of clients, for its owner alone; made when missing. @throws CliError where it cannot be */
export function clientFolder(): string {
  const user = userFolder(processEnvironment())
  if (user === '')
    throw new CliError(EXIT.failure, 'this user has no folder to keep the token in', ['set HOME to one'])
  const folder = join(user, '.synapse')
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

/** More than a token takes. */
const ROOM_BYTES = 4096

/** Room on the disk for a token that is still to be made. It is given back at the end of its scope. */
export interface TokenFile extends Disposable {
  /** Keeps a token in `<handle>.token`, whole or not at all, readable by its owner alone. Answers the path. */
  keep(handle: string, token: string): string
}

/** Makes sure that a token can be kept before a code is used up for it. @throws an error of the system */
export function reserveTokenFile(folder: string): TokenFile {
  const temporary = join(folder, `.${crypto.randomUUID()}.tmp`)
  const remove = () => rmSync(temporary, { force: true })
  try {
    writeFileSync(temporary, Buffer.alloc(ROOM_BYTES), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    remove()
    throw error
  }
  return {
    keep(handle, token) {
      // A handle comes from a server, and becomes part of a path.
      if (!/^[a-z][a-z0-9_-]{0,63}$/.test(handle))
        throw new CliError(EXIT.failure, 'the server named an account in a way that is no handle')
      const path = join(folder, `${handle}.token`)
      const file = openSync(temporary, 'r+')
      try {
        ftruncateSync(file, writeSync(file, `${token}\n`))
      } finally {
        closeSync(file)
      }
      renameSync(temporary, path)
      return path
    },
    [Symbol.dispose]: remove,
  }
}
