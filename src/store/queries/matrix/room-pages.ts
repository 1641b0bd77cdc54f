import { and, asc, count, eq, getTableColumns, gt, lte, sql } from 'drizzle-orm'
import type { RoomPageReads } from '../../../core/matrix/room-page-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'
import { eventColumns } from './events'
import { eventOfReceipt, shownReceipts } from './receipts'

/** What is read of many rooms at once. */
export function roomPageReads(handle: Handle): RoomPageReads {
  const { db, t, dialect } = handle
  const { matrixEvents: events, matrixStateLog: log, matrixState: state, matrixMembers: members } = t
  const { matrixReceipts: receipts } = t
  const columns = eventColumns(handle)
  const value = sql.placeholder
  const rooms = sql`(${dialect.numbers(value('channels'))}) AS given`
  const keyChanges = lazily(() =>
    db
      .select({
        channelId: log.channelId,
        type: log.type,
        stateKey: log.stateKey,
        pos: log.pos,
        event: columns,
      })
      .from(rooms)
      .innerJoin(
        log,
        sql`${log.channelId} = given.value AND ${log.type} = ${value('type')} AND ${log.stateKey} = ${value('key')}`,
      )
      .leftJoin(events, and(eq(events.channelId, log.channelId), eq(events.pos, log.eventPos)))
      .orderBy(asc(log.pos))
      .prepare(),
  )
  // The place of the last event of a page is found by the index; the page is what follows it.
  const newest = lazily(() =>
    db
      .select(columns)
      .from(
        sql`(SELECT given.value AS channel, (SELECT page.pos FROM matrix_events page
          WHERE page.channel_id = given.value AND page.pos < ${value('before')}
          ORDER BY page.pos DESC LIMIT 1 OFFSET ${value('further')}) AS first FROM ${rooms}) AS page`,
      )
      .innerJoin(
        events,
        sql`${events.channelId} = page.channel AND ${events.pos} >= coalesce(page.first, ${value('least')}) AND ${events.pos} < ${value('end')}`,
      )
      .prepare(),
  )
  // Two ranges of the key: the members, which are many, lie between them.
  const described = (range: 'before' | 'behind') =>
    lazily(() =>
      db
        .select(columns)
        .from(rooms)
        .innerJoin(
          state,
          sql`${state.channelId} = given.value AND ${state.type} ${sql.raw(range === 'before' ? '<' : '>')} 'm.room.member'`,
        )
        .innerJoin(events, and(eq(events.channelId, state.channelId), eq(events.pos, state.pos)))
        .prepare(),
    )
  const [before, behind] = [described('before'), described('behind')]
  const counts = lazily(() =>
    db
      .select({ channelId: members.channelId, membership: members.membership, members: count() })
      .from(members)
      .where(dialect.amongNumbers(members.channelId, value('channels')))
      .groupBy(members.channelId, members.membership)
      .prepare(),
  )
  // The channel is one of the given columns, so that SQLite takes what is given first, and not the whole log of a room.
  const replaced = lazily(() =>
    db
      .select({ by: sql<number>`given.c3`.mapWith(Number), event: columns })
      .from(sql`(${dialect.table(['number', 'text', 'text', 'number'], value('states'))}) AS given`)
      .innerJoin(
        log,
        sql`${log.channelId} = given.c0 AND ${log.type} = given.c1 AND ${log.stateKey} = given.c2 AND ${log.pos} = (
          SELECT max(former.pos) FROM matrix_state_log former WHERE former.channel_id = given.c0
            AND former.type = given.c1 AND former.state_key = given.c2 AND former.pos < given.c3)`,
      )
      .innerJoin(events, and(eq(events.channelId, log.channelId), eq(events.pos, log.eventPos)))
      .prepare(),
  )
  const inRooms = lazily(() =>
    db
      .select({
        ...getTableColumns(receipts),
        localpart: t.matrixUsers.localpart,
        eventId: eventOfReceipt(t),
      })
      .from(receipts)
      .innerJoin(t.matrixUsers, eq(t.matrixUsers.accountId, receipts.accountId))
      .where(
        and(
          dialect.amongNumbers(receipts.channelId, value('channels')),
          gt(receipts.mx, value('after')),
          lte(receipts.mx, value('upTo')),
        ),
      )
      .prepare(),
  )
  return {
    async keyChangesOf(channelIds, keys) {
      const channels = JSON.stringify(channelIds)
      const found = await Promise.all(
        keys.map(({ type, stateKey }) => keyChanges().execute({ channels, type, key: stateKey })),
      )
      return found.flat().map(({ event, ...row }) => ({ ...row, event: event ?? undefined }))
    },

    async newestOfRooms(channelIds, { before: end, limit }) {
      const found = await newest().execute({
        ...{ channels: JSON.stringify(channelIds), before: end, end },
        ...{ further: limit - 1, least: Number.MIN_SAFE_INTEGER },
      })
      return found.sort((one, other) => other.pos - one.pos)
    },

    async describedState(channelIds) {
      const channels = JSON.stringify(channelIds)
      const found = await Promise.all([before().execute({ channels }), behind().execute({ channels })])
      return found.flat()
    },

    async countMembersOfRooms(channelIds) {
      return counts().execute({ channels: JSON.stringify(channelIds) })
    },

    async replacedStatesOf(given) {
      if (given.length === 0) return new Map()
      const states = given.map(({ channelId, type, stateKey, pos }) => [channelId, type, stateKey, pos])
      const found = await replaced().execute({ states: JSON.stringify(states) })
      return new Map(found.map(({ by, event }) => [by, event]))
    },

    async receiptsOfRooms(channelIds, { after, upTo }) {
      return shownReceipts(await inRooms().execute({ channels: JSON.stringify(channelIds), after, upTo }))
    },
  }
}
