import type { Reads } from '../../core/kernel/ports'
import type { PostgresClient } from './client'
import { translate } from './error'

/** Returns reads over connections that may break. A read is retried once, because it changes nothing. */
export function readsThrough(readers: PostgresClient<Reads>): Reads {
  const ask = async (name: keyof Reads, args: unknown[]): Promise<unknown> => {
    try {
      // The name determines the types of the arguments.
      return await readers.ask((reads) => (reads[name] as (...args: unknown[]) => Promise<unknown>)(...args))
    } catch (error) {
      throw translate(error)
    }
  }
  return new Proxy({} as Reads, {
    get:
      (_, name: keyof Reads) =>
      (...args: unknown[]) =>
        ask(name, args),
  })
}
