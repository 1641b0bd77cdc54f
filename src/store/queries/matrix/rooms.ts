import { and, asc, count, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'
import type { RoomReads, RoomWrites } from '../../../core/matrix/room-ports'
import type { Handle } from '../../database'
import { rowInsert } from '../row-inserts'
import { eventColumns } from './events'
import { stateReads, stateWrites } from './state'

export function roomReads(handle: Handle): RoomReads {
  const { db, t, dialect } = handle
  const rooms = t.matrixRooms
  const members = t.matrixMembers
  const aliases = t.matrixAliases
  const events = t.matrixEvents
  const ofChannels = db
    .select()
    .from(rooms)
    .where(dialect.amongNumbers(rooms.channelId, sql.placeholder('channels')))
    .prepare()
  const byRoomId = db
    .select()
    .from(rooms)
    .where(eq(rooms.roomId, sql.placeholder('roomId')))
    .prepare()
  const named = db
    .select()
    .from(rooms)
    .where(dialect.amongTexts(rooms.roomId, sql.placeholder('roomIds')))
    .prepare()
  const ofKeys = db
    .select(eventColumns(handle))
    .from(sql`(${dialect.table(['number', 'text'], sql.placeholder('keys'))}) AS given`)
    .innerJoin(
      events,
      sql`${events.channelId} = given.c0 AND ${events.pos} = (
        SELECT member.pos FROM matrix_members member WHERE member.user_id = given.c1 AND member.channel_id = given.c0)`,
    )
    .prepare()
  const ofUser = db
    .select()
    .from(members)
    .where(
      and(
        eq(members.userId, sql.placeholder('user')),
        dialect.amongTexts(members.membership, sql.placeholder('memberships')),
      ),
    )
    .prepare()
  const byChannel = (ids: readonly number[]) => ofChannels.execute({ channels: JSON.stringify(ids) })
  return {
    ...stateReads(handle),
    async room(by) {
      if ('channelId' in by) return (await byChannel([by.channelId]))[0]
      const [found] = await byRoomId.execute({ roomId: by.roomId })
      return found
    },
    async roomsNamed(roomIds) {
      return roomIds.length === 0 ? [] : named.execute({ roomIds: JSON.stringify(roomIds) })
    },
    async roomsOfChannels(channelIds) {
      return channelIds.length === 0 ? [] : byChannel(channelIds)
    },
    async member(userId, channelId) {
      const [found] = await db
        .select()
        .from(members)
        .where(and(eq(members.userId, userId), eq(members.channelId, channelId)))
      return found
    },
    async memberEvents(keys) {
      if (keys.length === 0) return []
      const given = keys.map(({ channelId, userId }) => [channelId, userId])
      return ofKeys.execute({ keys: JSON.stringify(given) })
    },
    async memberEventsOf(channelId, userId) {
      const log = t.matrixStateLog
      return db
        .select(eventColumns(handle))
        .from(log)
        .innerJoin(events, and(eq(events.channelId, log.channelId), eq(events.pos, log.pos)))
        .where(and(eq(log.channelId, channelId), eq(log.type, 'm.room.member'), eq(log.stateKey, userId)))
        .orderBy(asc(log.pos))
    },
    async membersOf(channelId, { memberships, after, limit }) {
      return db
        .select()
        .from(members)
        .where(
          and(
            eq(members.channelId, channelId),
            inArray(members.membership, [...memberships]),
            gt(dialect.byCodePoint(members.userId), after),
          ),
        )
        .orderBy(asc(dialect.byCodePoint(members.userId)))
        .limit(limit)
    },
    async countMembersOf(channelId) {
      const rows = await db
        .select({ membership: members.membership, members: count() })
        .from(members)
        .where(eq(members.channelId, channelId))
        .groupBy(members.membership)
      return Object.fromEntries(rows.map((row) => [row.membership, row.members]))
    },
    async roomsOf(userId, memberships) {
      return ofUser.execute({ user: userId, memberships: JSON.stringify(memberships) })
    },
    async alias(alias) {
      const [found] = await db.select().from(aliases).where(eq(aliases.alias, alias))
      return found
    },
    async aliasesOfRoom(channelId) {
      return db.select().from(aliases).where(eq(aliases.channelId, channelId))
    },
    countRooms: (born) => db.$count(t.matrixRooms, eq(t.matrixRooms.born, born)),
    countRoomsOf: (userId) =>
      db.$count(members, and(eq(members.userId, userId), eq(members.membership, 'join'))),
    listRooms: async ({ after, limit }) =>
      db.select().from(rooms).where(gt(rooms.channelId, after)).orderBy(asc(rooms.channelId)).limit(limit),
    async newestPositions(channelIds) {
      if (channelIds.length === 0) return new Map()
      const rows = await db
        .select({ channelId: events.channelId, pos: sql<number>`max(${events.pos})`.mapWith(Number) })
        .from(events)
        .where(dialect.amongNumbers(events.channelId, sql`${JSON.stringify(channelIds)}`))
        .groupBy(events.channelId)
      return new Map(rows.map((row) => [row.channelId, row.pos]))
    },
  }
}

export function roomWrites(handle: Handle): RoomWrites {
  const { db, t, dialect } = handle
  const rows = sql.placeholder('rows')
  const writeRooms = rowInsert(handle, t.matrixRooms, {
    columns: {
      ...{ channelId: 'number', roomId: 'text', version: 'text', born: 'text' },
      ...{ federate: 'boolean', published: 'boolean', tipEvent: 'text', depth: 'number' },
    },
    fixed: { blocked: sql`false` },
    onConflict: {
      target: t.matrixRooms.channelId,
      set: {
        published: sql`excluded.published`,
        tipEvent: sql`excluded.tip_event`,
        depth: sql`excluded.depth`,
      },
    },
  })
  const setMembers = db
    .insert(t.matrixMembers)
    .select(
      sql`SELECT c0, c1, c2, c3, false FROM (${dialect.table(['text', 'number', 'text', 'number'], rows)}) AS given WHERE true`,
    )
    .onConflictDoUpdate({
      target: [t.matrixMembers.userId, t.matrixMembers.channelId],
      set: {
        membership: sql`excluded.membership`,
        pos: sql`excluded.pos`,
        forgotten: sql`excluded.forgotten`,
      },
    })
    .prepare()
  return {
    ...stateWrites(handle),
    writeRooms: (rooms) =>
      writeRooms(
        rooms.map(({ channelId, roomId, version, born, federate, published, tipEvent, depth }) => [
          ...[channelId, roomId, version, born, federate, published, tipEvent, depth],
        ]),
      ),
    async moveTips(rooms) {
      if (rooms.length === 0) return
      const given = rooms.map(({ channelId, tipEvent, depth }) => [channelId, tipEvent, depth])
      const table = dialect.table(['number', 'text', 'number'], sql`${JSON.stringify(given)}`)
      await db
        .update(t.matrixRooms)
        .set({ tipEvent: sql`given.c1`, depth: sql`given.c2` })
        .from(sql`(${table}) AS given`)
        .where(sql`${t.matrixRooms.channelId} = given.c0`)
    },
    async setMembers(given) {
      if (given.length === 0) return
      // One statement may change a row once only.
      const last = new Map(
        given.map((member) => [
          `${member.channelId} ${member.userId}`,
          [member.userId, member.channelId, member.membership, member.pos],
        ]),
      )
      await setMembers.execute({ rows: JSON.stringify([...last.values()]) })
    },
    async forgetRoom(userId, channelId) {
      await db
        .update(t.matrixMembers)
        .set({ forgotten: true })
        .where(and(eq(t.matrixMembers.userId, userId), eq(t.matrixMembers.channelId, channelId)))
    },
    async insertAlias(alias) {
      await db.insert(t.matrixAliases).values(alias)
    },
    async moveAliases(from, to) {
      await db
        .update(t.matrixAliases)
        .set({ channelId: to })
        .where(and(eq(t.matrixAliases.channelId, from), isNotNull(t.matrixAliases.creatorId)))
    },
    async deleteAlias(alias) {
      await db.delete(t.matrixAliases).where(eq(t.matrixAliases.alias, alias))
    },
    async deleteRoomRows(channelId, limit) {
      const some = db
        .select({ id: t.matrixEvents.id })
        .from(t.matrixEvents)
        .where(eq(t.matrixEvents.channelId, channelId))
        .orderBy(asc(t.matrixEvents.pos))
        .limit(limit)
      const gone = await db
        .delete(t.matrixEvents)
        .where(inArray(t.matrixEvents.id, some))
        .returning({ id: t.matrixEvents.id })
      if (gone.length === limit) return false
      for (const table of [t.matrixState, t.matrixStateLog, t.matrixMembers, t.matrixAliases, t.matrixRooms])
        await db.delete(table).where(eq(table.channelId, channelId))
      return true
    },
    async setBlocked(channelId, blocked) {
      await db.update(t.matrixRooms).set({ blocked }).where(eq(t.matrixRooms.channelId, channelId))
    },
  }
}
