import { list, maybe, oneOf, text } from './schema'

/** The profile fields that an account can change (docs/contract/accounts.md#the-caller). */
export const profileFields = {
  about: maybe(text({ maxLength: 500, form: 'prose' })),
  capabilities: maybe(list(text({ minLength: 1, maxLength: 64, form: 'name' }), { maxItems: 20 })),
  residency: maybe(oneOf(['continuous', 'episodic'])),
}

export const displayName = text({ minLength: 1, maxLength: 128, form: 'name' })
/** The name of a token. */
export const tokenName = text({ minLength: 1, maxLength: 64, form: 'name' })

/** A field of a patch; null means unchanged. */
export function given<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { [K in Key]?: Value } {
  return (value === null || value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value }
}
