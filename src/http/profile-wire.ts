import { list, maybe, oneOf, text } from './schema'

/** What an account can be told about itself, whoever tells it (docs/contract/accounts.md#the-caller). */
export const profileFields = {
  about: maybe(text({ maxLength: 500, form: 'prose' })),
  capabilities: maybe(list(text({ minLength: 1, maxLength: 64, form: 'name' }), { maxItems: 20 })),
  residency: maybe(oneOf(['continuous', 'episodic'])),
}

export const displayName = text({ minLength: 1, maxLength: 128, form: 'name' })
/** What a token is called. */
export const tokenName = text({ minLength: 1, maxLength: 64, form: 'name' })

/** A field of a patch; null means: leave alone. */
export function given<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { [K in Key]?: Value } {
  return (value === null || value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value }
}
