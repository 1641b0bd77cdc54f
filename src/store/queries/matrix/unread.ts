import { and, desc, eq, gt, inArray, lt, max, sql } from 'drizzle-orm'
import type { UnreadReads } from '../../../core/matrix/unread-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'
import { eventColumns } from './events'

/** What counts of unread events are made from. */
export function unreadReads(handle: Handle): UnreadReads {
  const { db, t, dialect } = handle
  const receipts = t.matrixReceipts
  const events = t.matrixEvents
  const value = sql.placeholder
  const own = lazily(() =>
    db
      .select({
        channelId: receipts.channelId,
        thread: receipts.thread,
        rootPos: events.pos,
        pos: receipts.pos,
      })
      .from(receipts)
      .leftJoin(events, and(eq(events.eventId, receipts.thread), eq(events.channelId, receipts.channelId)))
      .where(
        and(
          dialect.amongNumbers(receipts.channelId, value('channels')),
          eq(receipts.accountId, value('account')),
          inArray(receipts.kind, ['m.read', 'm.read.private']),
        ),
      )
      .prepare(),
  )
  const changed = lazily(() =>
    db
      .select({ channelId: receipts.channelId, mx: sql<number>`${max(receipts.mx)}`.mapWith(Number) })
      .from(receipts)
      .where(and(eq(receipts.accountId, value('account')), gt(receipts.mx, value('after'))))
      .groupBy(receipts.channelId)
      .prepare(),
  )
  const newest = lazily(() =>
    db
      .select({
        channelId: sql<number>`given.value`.mapWith(Number),
        // The index of a room's events ends with the newest one.
        pos: sql<
          number | null
        >`(SELECT max(newest.pos) FROM matrix_events newest WHERE newest.channel_id = given.value)`,
      })
      .from(sql`(${dialect.numbers(value('channels'))}) AS given`)
      .prepare(),
  )
  const notifiable = (states: 'all' | 'predefined') =>
    lazily(() =>
      db
        .select(eventColumns(handle))
        .from(events)
        .where(
          and(
            eq(events.channelId, value('channel')),
            gt(events.pos, value('after')),
            lt(events.pos, value('before')),
            states === 'all'
              ? undefined
              : sql`(${events.stateKey} IS NULL OR ${events.type} = 'm.room.tombstone')`,
          ),
        )
        .orderBy(desc(events.pos))
        .limit(value('limit'))
        .prepare(),
    )
  const pages = { all: notifiable('all'), predefined: notifiable('predefined') }
  return {
    async readReceipts(accountId, channelIds) {
      if (channelIds.length === 0) return []
      return own().execute({ account: accountId, channels: JSON.stringify(channelIds) })
    },

    async channelsWithReceiptsOf(accountId, after) {
      return changed().execute({ account: accountId, after })
    },

    async joinedAmong(channelId, userIds) {
      if (userIds.length === 0) return []
      const members = t.matrixMembers
      const found = await db
        .select({ userId: members.userId })
        .from(members)
        .where(
          and(
            eq(members.channelId, channelId),
            eq(members.membership, 'join'),
            dialect.amongTexts(members.userId, sql`${JSON.stringify(userIds)}`),
          ),
        )
      return found.map(({ userId }) => userId)
    },

    async newestEvents(channelIds) {
      if (channelIds.length === 0) return new Map()
      const found = await newest().execute({ channels: JSON.stringify(channelIds) })
      return new Map(found.flatMap(({ channelId, pos }) => (pos === null ? [] : [[channelId, Number(pos)]])))
    },

    async notifiableEvents(channelId, { after, before, limit, states }) {
      return pages[states]().execute({ channel: channelId, after, before, limit })
    },
  }
}
