import { and, eq, getTableColumns, gt, lte, sql } from 'drizzle-orm'
import { EVENTS_PER_ROW, type OpenMarks } from '../../../core/log/marks'
import type { ReceiptReads, ReceiptWrites } from '../../../core/matrix/receipt-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'

/** How many events before a position are looked at. */
const NEAR = 200

/**
 * The id of the event of a receipt: where there is none at its position, of the newest one before it that is in no thread;
 * null without one.
 */
export function eventOfReceipt({ matrixReceipts: receipts }: Handle['t']) {
  return sql<string | null>`coalesce(
          (SELECT exact.event_id FROM matrix_events exact
            WHERE exact.channel_id = ${receipts.channelId} AND exact.pos = ${receipts.pos}),
          (SELECT near.event_id FROM (
              SELECT event.event_id, event.thread_pos, event.pos FROM matrix_events event
              WHERE event.channel_id = ${receipts.channelId} AND event.pos < ${receipts.pos}
              ORDER BY event.pos DESC LIMIT ${sql.raw(String(NEAR))}) near
            WHERE near.thread_pos IS NULL ORDER BY near.pos DESC LIMIT 1))`
}

/** Returns those that have an event. */
export function shownReceipts<Row extends { readonly eventId: string | null }>(
  rows: readonly Row[],
): (Row & { readonly eventId: string })[] {
  return rows.flatMap((row) => (row.eventId === null ? [] : [{ ...row, eventId: row.eventId }]))
}

export function receiptReads({ db, t }: Handle): ReceiptReads {
  const receipts = t.matrixReceipts
  const members = t.matrixMembers
  const within = and(gt(receipts.mx, sql.placeholder('after')), lte(receipts.mx, sql.placeholder('upTo')))
  const inRoom = lazily(() =>
    db
      .select({
        ...getTableColumns(receipts),
        localpart: t.matrixUsers.localpart,
        eventId: eventOfReceipt(t),
      })
      .from(receipts)
      .innerJoin(t.matrixUsers, eq(t.matrixUsers.accountId, receipts.accountId))
      .where(and(eq(receipts.channelId, sql.placeholder('channel')), within))
      .prepare(),
  )
  const rooms = lazily(() =>
    db
      .select({ channelId: members.channelId })
      .from(members)
      .innerJoin(receipts, eq(receipts.channelId, members.channelId))
      .where(and(eq(members.userId, sql.placeholder('user')), eq(members.membership, 'join'), within))
      .groupBy(members.channelId)
      .prepare(),
  )
  return {
    async receipt({ channelId, accountId, kind, thread }) {
      const [found] = await db
        .select()
        .from(receipts)
        .where(
          and(
            eq(receipts.channelId, channelId),
            eq(receipts.accountId, accountId),
            eq(receipts.kind, kind),
            eq(receipts.thread, thread),
          ),
        )
      return found
    },

    async receiptsIn(channelId, { after, upTo }) {
      const found = await inRoom().execute({ channel: channelId, after, upTo })
      return shownReceipts(found)
    },

    async roomsWithReceipts(userId, { after, upTo }) {
      const found = await rooms().execute({ user: userId, after, upTo })
      return found.map(({ channelId }) => channelId)
    },
  }
}

export function receiptWrites({ db, t }: Handle, marks: OpenMarks): ReceiptWrites {
  const receipts = t.matrixReceipts
  return {
    async putReceipt(receipt) {
      const { accountId, pos, ts, mx } = receipt
      marks.note([`r${accountId}`])
      await db
        .insert(receipts)
        .values(receipt)
        .onConflictDoUpdate({
          target: [receipts.channelId, receipts.accountId, receipts.kind, receipts.thread],
          set: { pos, ts, mx },
        })
    },

    async copyReadPositions({ channelId, ts, mx }) {
      const { memberships } = t
      // The last position of the row up to which they have read.
      const pos = sql`(${memberships.readSeq} + 1) * ${sql.raw(String(EVENTS_PER_ROW))} - 1`
      await db
        .insert(receipts)
        .select(
          sql`SELECT ${memberships.channelId}, ${memberships.accountId}, 'm.read.private', 'main', ${pos}, ${sql.raw(String(ts))}, ${sql.raw(String(mx))}
            FROM ${memberships} WHERE ${memberships.channelId} = ${channelId} AND ${memberships.readSeq} > 0`,
        )
        .onConflictDoNothing()
    },
  }
}
