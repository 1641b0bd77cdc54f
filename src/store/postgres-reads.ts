import type { Reads } from '../core/ports'
import type { PostgresClient } from './postgres-client'
import { meaningOf, translate } from './postgres-error'

/** Reading over connections that may break: a question is asked again once, because asking changes nothing. */
export function readsThrough(readers: PostgresClient<Reads>): Reads {
  const ask = async (name: keyof Reads, args: unknown[], isAgain = false): Promise<unknown> => {
    try {
      // The name says which arguments there are.
      return await readers.run((reads) => (reads[name] as (...args: unknown[]) => Promise<unknown>)(...args))
    } catch (error) {
      if (!isAgain && meaningOf(error) === 'lost') return ask(name, args, true)
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
