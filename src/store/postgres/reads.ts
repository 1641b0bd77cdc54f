import type { Reads } from '../../core/kernel/ports'
import type { PostgresClient } from './client'
import { translate } from './error'

/** Reading over connections that may break: a question is asked again once, because asking changes nothing. */
export function readsThrough(readers: PostgresClient<Reads>): Reads {
  const ask = async (name: keyof Reads, args: unknown[]): Promise<unknown> => {
    try {
      // The name says which arguments there are.
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
