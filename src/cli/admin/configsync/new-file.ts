import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError, hasCode } from '../../lib/cli-error'
import { EXIT } from '../../lib/exit-codes'
import { reasonOf } from '../../lib/terminal'

/**
 * Writes an answer to a file that does not exist, with mode 0600. What fails on the way leaves no file.
 * @throws CliError
 */
export async function writeNew(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let isBroken = false
  async function* watched(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* pieces
    } catch (error) {
      isBroken = true
      throw error
    }
  }
  try {
    await pipeline(
      Readable.from(watched()),
      createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
    )
  } catch (error) {
    const exists = hasCode(error, 'EEXIST')
    if (!exists) await rm(path, { force: true })
    if (isBroken)
      throw new CliError(EXIT.failure, `the answer of the server broke off, and ${path} was not written`, [
        'stored bytes may be missing: run synapse configsync verify; the log of the server says what happened',
      ])
    throw new CliError(EXIT.failure, `${path} could not be written (${reasonOf(error)})`, [
      exists ? 'name a file that does not exist' : 'run the command again',
    ])
  }
}
