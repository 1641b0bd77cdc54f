import { and, eq, getTableColumns, gt, lte, sql } from 'drizzle-orm'
import type { OpenMarks } from '../../../core/log/marks'
import type { ReceiptReads, ReceiptWrites } from '../../../core/matrix/receipt-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'

export function receiptReads({ db, t }: Handle): ReceiptReads {
  const receipts = t.matrixReceipts
  const members = t.matrixMembers
  const within = and(gt(receipts.mx, sql.placeholder('after')), lte(receipts.mx, sql.placeholder('upTo')))
  const inRoom = lazily(() =>
    db
      .select({
        ...getTableColumns(receipts),
        localpart: t.matrixUsers.localpart,
        eventId: t.matrixEvents.eventId,
      })
      .from(receipts)
      .innerJoin(t.matrixUsers, eq(t.matrixUsers.accountId, receipts.accountId))
      .innerJoin(
        t.matrixEvents,
        and(eq(t.matrixEvents.channelId, receipts.channelId), eq(t.matrixEvents.pos, receipts.pos)),
      )
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
      return inRoom().execute({ channel: channelId, after, upTo })
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
  }
}
