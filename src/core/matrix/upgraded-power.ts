import { isObject, type JsonObject } from './canonical'
import { CREATORS_ONLY, newRoomPowerLevels, parseLevel } from './power'
import type { RoomVersion } from './versions'

/** The levels of administrators. */
const ADMIN_LEVEL = 100

/** A room whose power levels another one takes over. */
export interface PowerOfRoom {
  readonly version: RoomVersion
  /** Undefined in a room without power levels. */
  readonly content: JsonObject | undefined
  /** Those who are above every level; nobody in early versions. */
  readonly creators: readonly string[]
}

/**
 * Returns the power levels of a room that replaces another one. Levels become integers. Where creators are above every
 * level they have no entry; where they no longer are, they get the highest level that anything needs.
 */
export function upgradedPowerLevels(
  from: PowerOfRoom,
  to: { readonly version: RoomVersion; readonly creator: string; readonly creators: readonly string[] },
): JsonObject {
  const content =
    from.content ??
    newRoomPowerLevels(to.version, { preset: 'private_chat', creator: to.creator, invited: [] })
  const level = (value: unknown) => parseLevel(from.version, value)
  const levels = Object.entries(content).flatMap(([key, value]): [string, unknown][] => {
    if (isObject(value)) return [[key, levelsIn(value, level)]]
    const known = level(value)
    return known === undefined ? [] : [[key, known]]
  })
  const { users, events, ...others } = Object.fromEntries(levels) as PowerContent
  if (to.version.creatorsAboveLevels) {
    const tombstone = Math.max(events?.[TOMBSTONE] ?? 0, CREATORS_ONLY)
    const kept = Object.entries(users ?? {}).filter(([userId]) => !to.creators.includes(userId))
    return { ...others, events: { ...events, [TOMBSTONE]: tombstone }, users: Object.fromEntries(kept) }
  }
  const needed = [ADMIN_LEVEL, ...Object.values(others), ...Object.values(events ?? {})]
  const highest = Math.max(...needed.filter((value) => typeof value === 'number'))
  const former = Object.fromEntries(from.creators.map((userId) => [userId, highest]))
  return { ...others, events: events ?? {}, users: { ...users, ...former } }
}

const TOMBSTONE = 'm.room.tombstone'

interface PowerContent {
  readonly users?: Readonly<Record<string, number>>
  readonly events?: Readonly<Record<string, number>>
}

function levelsIn(value: JsonObject, level: (value: unknown) => number | undefined): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const known = level(one)
      return known === undefined ? [] : [[key, known]]
    }),
  )
}
