import { and, asc, desc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { PlaceReads } from '../../../core/matrix/place-ports'
import type { Handle } from '../../database'
import { eventColumns } from './events'

/** What those who look for rooms ask of the store. */
export function placeReads(handle: Handle): PlaceReads {
  const { db, t, dialect } = handle
  const rooms = t.matrixRooms
  const members = t.matrixMembers
  const state = t.matrixState
  const events = t.matrixEvents
  const others = alias(members, 'others')
  const among = (column: Parameters<typeof dialect.amongNumbers>[0], ids: readonly number[]) =>
    dialect.amongNumbers(column, sql`${JSON.stringify(ids)}`)
  const joined = sql<number>`count(${members.userId})`.mapWith(Number)
  return {
    async publishedRooms() {
      return db
        .select({ channelId: rooms.channelId, joined })
        .from(rooms)
        .innerJoin(t.channels, and(eq(t.channels.id, rooms.channelId), isNull(t.channels.archivedAt)))
        .leftJoin(members, and(eq(members.channelId, rooms.channelId), eq(members.membership, 'join')))
        .where(and(eq(rooms.published, true), eq(rooms.blocked, false)))
        .groupBy(rooms.channelId)
        .orderBy(desc(sql`count(${members.userId})`), asc(rooms.channelId))
    },

    async roomsById(roomIds) {
      if (roomIds.length === 0) return []
      return db
        .select()
        .from(rooms)
        .where(dialect.amongTexts(rooms.roomId, sql`${JSON.stringify(roomIds)}`))
    },

    async countJoined(channelIds) {
      if (channelIds.length === 0) return new Map()
      const counted = await db
        .select({ channelId: members.channelId, joined })
        .from(members)
        .where(and(among(members.channelId, channelIds), eq(members.membership, 'join')))
        .groupBy(members.channelId)
      return new Map(counted.map((row) => [row.channelId, row.joined]))
    },

    async archivedAmong(channelIds) {
      if (channelIds.length === 0) return []
      const found = await db
        .select({ id: t.channels.id })
        .from(t.channels)
        .where(and(among(t.channels.id, channelIds), isNotNull(t.channels.archivedAt)))
      return found.map(({ id }) => id)
    },

    async describingStates(channelIds, types) {
      if (channelIds.length === 0) return []
      return db
        .select(eventColumns(handle))
        .from(state)
        .innerJoin(events, and(eq(events.channelId, state.channelId), eq(events.pos, state.pos)))
        .where(
          and(among(state.channelId, channelIds), inArray(state.type, [...types]), eq(state.stateKey, '')),
        )
    },

    async sharedRooms(one, other) {
      const found = await db
        .select({ channelId: members.channelId })
        .from(members)
        .innerJoin(others, eq(others.channelId, members.channelId))
        .where(
          and(
            eq(members.userId, one),
            eq(members.membership, 'join'),
            eq(others.userId, other),
            eq(others.membership, 'join'),
          ),
        )
      return found.map(({ channelId }) => channelId)
    },
  }
}
