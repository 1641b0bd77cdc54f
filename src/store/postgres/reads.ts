import type { ConfigSyncReads } from '../../core/configsync/ports'
import type { Reads } from '../../core/kernel/ports'
import type { MatrixReads } from '../../core/matrix/ports'
import type { PostgresClient } from './client'
import { translate } from './error'

/** Returns reads over connections that may break. A read is retried once, because it changes nothing. */
export function readsThrough(readers: PostgresClient<Reads>): Reads {
  const configsync = proxied<ConfigSyncReads>(readers, (reads) => reads.configsync)
  const matrix = proxied<MatrixReads>(readers, (reads) => reads.matrix())
  const parts: Partial<Reads> = { configsync, matrix: () => matrix }
  const plain = proxied<Reads>(readers, (reads) => reads)
  return new Proxy(plain, { get: (target, name: keyof Reads) => parts[name] ?? target[name] })
}

/** Returns an object whose functions are those of a part of the reads. */
function proxied<Part extends object>(readers: PostgresClient<Reads>, partOf: (reads: Reads) => Part): Part {
  const ask = async (name: keyof Part, args: unknown[]): Promise<unknown> => {
    try {
      // The name determines the types of the arguments.
      return await readers.ask((reads) =>
        (partOf(reads)[name] as (...args: unknown[]) => Promise<unknown>)(...args),
      )
    } catch (error) {
      throw translate(error)
    }
  }
  return new Proxy({} as Part, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        ask(name as keyof Part, args),
  })
}
