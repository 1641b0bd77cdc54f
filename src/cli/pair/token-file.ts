import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'

/** More than the size of a token. */
const ROOM_BYTES = 4096

/** Space on the disk that is reserved for a token. Disposing it removes what was not used. */
export interface TokenFile extends Disposable {
  /** Saves a token in `<handle>.token`, atomically and with mode 0600. Returns the path. */
  keep(handle: string, token: string): string
}

/** Reserves space for a token before a code is redeemed for it. @throws an error of the system */
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
      // The handle comes from a server and becomes part of a path.
      if (!/^[a-z][a-z0-9_-]{0,63}$/.test(handle))
        throw new CliError(EXIT.failure, 'the server answered with an invalid handle')
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
