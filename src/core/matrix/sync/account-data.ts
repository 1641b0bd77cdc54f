import type { JsonObject } from '../canonical'
import { PUSH_RULES, shownPushRules } from '../push/rules'
import type { Reader } from '../reading/readers'
import type { AccountDatum } from '../sync-ports'
import { includesType, type SyncFilter } from './filters'

/** Returns a value of account data as its owner is shown it. */
export function shownDatum(
  { channelId, type, json }: AccountDatum,
  { userId }: Pick<Reader, 'userId'>,
): JsonObject {
  if (channelId === 0 && type === PUSH_RULES) return { type, content: shownPushRules(userId, json) }
  return { type, content: JSON.parse(json) as unknown }
}

/** Returns those of the whole account, out of all that changed. The push rules are there from the beginning. */
export function globalData(
  data: readonly AccountDatum[],
  reader: Pick<Reader, 'userId'>,
  { filter, isFirst }: { readonly filter: SyncFilter; readonly isFirst: boolean },
): JsonObject[] {
  const global = data.filter(
    ({ channelId, type }) => channelId === 0 && includesType(filter.accountData, type),
  )
  const shown = global.map((datum) => shownDatum(datum, reader))
  // Rules that were never changed are not stored.
  const hasRules = global.some(({ type }) => type === PUSH_RULES)
  if (isFirst && !hasRules && includesType(filter.accountData, PUSH_RULES))
    shown.push({ type: PUSH_RULES, content: shownPushRules(reader.userId, undefined) })
  return shown
}
