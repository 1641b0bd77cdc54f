import { isName } from '../core/kernel/text'
import { InvalidValue } from './config-error'

/** Channel slug → alias → the handles that the alias means. */
export type NamedAliases = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** Returns handles in the form that is compared: lower case, without `@`, without duplicates. */
export function canonicalHandles(handles: readonly string[]): string[] {
  return [...new Set(handles.map((handle) => handle.toLowerCase().replace(/^@/, '')))]
}

/** Returns aliases with names in the form that is compared. @throws InvalidValue for an alias with an invisible name */
export function canonicalAliases(channels: NamedAliases): Record<string, Record<string, string[]>> {
  if (!Object.values(channels).every((aliases) => Object.keys(aliases).every(isName)))
    throw new InvalidValue(
      'has an alias whose name cannot be seen',
      'write names of letters, digits, - and _',
    )
  return lowerKeys(channels, (aliases) => lowerKeys(aliases, canonicalHandles))
}

function lowerKeys<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key.toLowerCase(), change(value)]))
}
