import type { JsonObject } from './canonical'

/** Returns the content of `m.room.canonical_alias` without an alias. */
export function withoutAlias(content: JsonObject, alias: string): JsonObject {
  const { alias: main, alt_aliases: others, ...rest } = content
  const kept = Array.isArray(others) ? others.filter((one) => one !== alias) : others
  return {
    ...rest,
    ...(main === undefined || main === alias ? {} : { alias: main }),
    ...(kept === undefined ? {} : { alt_aliases: kept }),
  }
}
