import { and, asc, eq, gte, inArray, isNull, lt, lte, ne, or, sql } from 'drizzle-orm'
import { stateNumber } from '../../core/inbox/items'
import { DIRECT_REASONS } from '../../core/inbox/reasons'
import type { Awaited, DeliveryReads, DeliveryWrites } from '../../core/kernel/inbox-ports'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { chunks } from './rows'

const QUEUED = stateNumber('queued')
const ACKED = stateNumber('acked')

/** What became of notifications. */
export function deliveryReads({ db, t, dialect, common }: Handle) {
  const { messageSeq, accountId, state, seq, channelId, reasons, stateAt, note } = t.inbox
  const item = { seq, messageSeq, channelId, reasons, state, stateAt, note }
  /** A position acknowledges all items up to it, before their rows say so. */
  const isPassed = sql`${seq} <= coalesce(${t.inboxes.ackedSeq}, 0) AND ${state} < ${sql.raw(`${ACKED}`)}`
  const stateNow = sql<number>`CASE WHEN ${isPassed} THEN ${sql.raw(`${ACKED}`)} ELSE ${state} END`
  const isDirect = sql`${t.inbox.reasons} & ${sql.raw(`${DIRECT_REASONS}`)} <> 0`
  const isOfOther = ne(accountId, t.messages.senderId)
  /** Once an approval is not pending, nothing waits for a decision. */
  const hasEnded = sql`EXISTS (SELECT 1 FROM approvals
    WHERE approvals.seq = ${messageSeq} AND approvals.ended_at IS NOT NULL)`
  const counts = common.lazily(() => {
    // Of several items of one account, that which got furthest counts.
    const furthest = db
      .select({
        messageSeq,
        state: sql<number>`max(CASE WHEN ${isPassed} THEN ${sql.raw(`${ACKED}`)} ELSE ${state} END)`.as(
          'furthest',
        ),
      })
      .from(t.inbox)
      .innerJoin(t.messages, eq(t.messages.seq, messageSeq))
      .leftJoin(t.inboxes, eq(t.inboxes.accountId, accountId))
      .where(and(dialect.amongNumbers(messageSeq, sql.placeholder('messages')), isDirect, isOfOther))
      .groupBy(messageSeq, accountId)
      .as('deliveries')
    return db
      .select({
        messageSeq: furthest.messageSeq,
        state: sql`furthest`.mapWith(Number),
        count: sql`count(*)`.mapWith(Number),
      })
      .from(furthest)
      .groupBy(furthest.messageSeq, sql`furthest`)
      .prepare()
  })
  return {
    async deliveryCounts(messages) {
      const found = []
      for (const some of chunks(messages))
        found.push(...(await counts().execute({ messages: JSON.stringify(some) })))
      return found
    },

    async nextAwaited() {
      const { dueAt } = t.awaited
      const [row] = await db.select({ dueAt }).from(t.awaited).orderBy(asc(dueAt)).limit(1)
      return row?.dueAt ?? null
    },

    dueAwaited: (now, limit) =>
      db.select().from(t.awaited).where(lte(t.awaited.dueAt, now)).orderBy(asc(t.awaited.dueAt)).limit(limit),

    async awaited(of) {
      const isIt = and(eq(t.awaited.accountId, of.accountId), eq(t.awaited.channelId, of.channelId))
      const [row] = await db.select().from(t.awaited).where(isIt).limit(1)
      return row
    },

    queuedItems: (account, { channelId, from, limit }) =>
      db
        .select({ ...item, at: t.events.at })
        .from(t.inbox)
        .innerJoin(t.messages, eq(t.messages.seq, messageSeq))
        .innerJoin(t.events, eq(t.events.seq, seq))
        .leftJoin(t.inboxes, eq(t.inboxes.accountId, accountId))
        .where(
          and(
            eq(accountId, account),
            gte(seq, from),
            eq(t.inbox.channelId, channelId),
            eq(state, QUEUED),
            sql`NOT (${isPassed})`,
            sql`NOT ${hasEnded}`,
            isDirect,
            isOfOther,
          ),
        )
        .orderBy(asc(seq))
        .limit(limit),

    async nextAckDeadline() {
      const { dueAt } = t.ackDeadlines
      const [row] = await db.select({ dueAt }).from(t.ackDeadlines).orderBy(asc(dueAt)).limit(1)
      return row?.dueAt ?? null
    },

    async dueAckDeadlines(now, limit) {
      const { messageSeq, dueAt } = t.ackDeadlines
      const rows = await db
        .select({ messageSeq })
        .from(t.ackDeadlines)
        .where(lte(dueAt, now))
        .orderBy(asc(dueAt))
        .limit(limit)
      return rows.map((row) => row.messageSeq)
    },

    async unanswered(message) {
      // A reply belongs to the thread of the message that it answers.
      const hasReplied = sql`EXISTS (SELECT 1 FROM messages AS reply
        WHERE reply.thread_seq = coalesce(${t.messages.threadSeq}, ${t.messages.seq})
          AND reply.seq > ${t.messages.seq} AND reply.reply_seq = ${t.messages.seq} AND reply.sender_id = ${accountId} AND reply.deleted_at IS NULL)`
      const hasReacted = sql`EXISTS (SELECT 1 FROM reactions
        WHERE reactions.message_seq = ${messageSeq} AND reactions.account_id = ${accountId})`
      const rows = await db
        .select({ id: accountId })
        .from(t.inbox)
        .innerJoin(t.messages, eq(t.messages.seq, messageSeq))
        .leftJoin(t.inboxes, eq(t.inboxes.accountId, accountId))
        .where(
          and(eq(messageSeq, message), isDirect, isOfOther, sql`NOT ${hasReplied}`, sql`NOT ${hasReacted}`),
        )
        .groupBy(accountId)
        .having(sql`max(${stateNow}) < ${ACKED}`)
        .orderBy(asc(accountId))
      return rows.map(({ id }) => id)
    },
  } satisfies DeliveryReads & Partial<Reads>
}

export function deliveryWrites({ db, t, dialect }: Handle) {
  const isRow = ({ accountId, channelId }: Pick<Awaited, 'accountId' | 'channelId'>) =>
    and(eq(t.awaited.accountId, accountId), eq(t.awaited.channelId, channelId))
  return {
    async addAwaited(rows) {
      for (const some of chunks(rows)) await db.insert(t.awaited).values(some).onConflictDoNothing()
    },

    async setAwaited({ accountId, channelId, fromSeq, dueAt, reachableUntil: until }) {
      const column = t.awaited.reachableUntil
      const raised = until === null ? column : sql`${sql.param(until, column)}`
      // The row may have been resumed since it was read.
      const reachableUntil = sql`CASE WHEN ${column} > ${raised} THEN ${column} ELSE ${raised} END`
      await db
        .update(t.awaited)
        .set({ fromSeq, dueAt, reachableUntil })
        .where(isRow({ accountId, channelId }))
    },

    async deleteAwaited(row) {
      await db.delete(t.awaited).where(isRow(row))
    },

    async resumeAwaited({ accountId, channelId }, at) {
      const agents = db.select({ id: t.accounts.id }).from(t.accounts).where(eq(t.accounts.kind, 'agent'))
      await db
        .update(t.awaited)
        .set({ reachableUntil: at })
        .where(
          and(
            or(isNull(t.awaited.reachableUntil), lt(t.awaited.reachableUntil, at)),
            channelId === null ? undefined : eq(t.awaited.channelId, channelId),
            accountId === null ? inArray(t.awaited.accountId, agents) : eq(t.awaited.accountId, accountId),
          ),
        )
    },

    async addAckDeadlines(rows) {
      for (const some of chunks(rows)) await db.insert(t.ackDeadlines).values(some).onConflictDoNothing()
    },

    async deleteAckDeadlines(messages) {
      for (const some of chunks(messages))
        await db.delete(t.ackDeadlines).where(inArray(t.ackDeadlines.messageSeq, some))
    },

    async shiftAwaited(micros) {
      const { reachableUntil, dueAt } = t.awaited
      await db.update(t.awaited).set({
        reachableUntil: dialect.shifted(reachableUntil, micros),
        dueAt: dialect.shifted(dueAt, micros),
      })
    },

    async shiftAckDeadlines(micros) {
      await db.update(t.ackDeadlines).set({ dueAt: dialect.shifted(t.ackDeadlines.dueAt, micros) })
    },
  } satisfies DeliveryWrites & Partial<Writes>
}
