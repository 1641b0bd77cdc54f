import { isName } from '../core/kernel/text'
import { InvalidValue } from './config-error'

/** For each channel slug, for each alias, the handles that it stands for; all in lower case. */
export type NamedAliases = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** Handles as they compare: in lower case, without `@`, each once. */
export function canonicalHandles(handles: readonly string[]): string[] {
  return [...new Set(handles.map((handle) => handle.toLowerCase().replace(/^@/, '')))]
}

/** The same aliases with slugs, names and handles as they compare. @throws InvalidValue for a name that cannot be seen */
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
