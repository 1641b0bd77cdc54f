import { and, asc, count, desc, eq, gt, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { RemovalReads, RemovalWrites } from '../../core/kernel/removal-ports'
import type { Handle } from '../database'
import { LASTING_FLAGS } from './message-row'
import { unindex } from './words'

/** The removal of many messages. Each statement handles all messages of a slice. */

export function removalReads({ db, t, dialect }: Handle) {
  const inChannelUpTo = (channelId: number, through: number) =>
    and(eq(t.messages.channelId, channelId), lte(t.messages.seq, through))
  return {
    async purgeable(channelId, { after, through, limit }) {
      const rows = await db
        .select({
          seq: t.messages.seq,
          at: t.messages.at,
          deletedAt: t.messages.deletedAt,
          characters: sql<number>`length(${t.messages.body})`.mapWith(Number),
          lastReplySeq: sql<
            number | null
          >`(SELECT max(reply.seq) FROM messages AS reply WHERE reply.thread_seq = messages.seq)`.mapWith(
            t.messages.seq,
          ),
        })
        .from(t.messages)
        .where(and(inChannelUpTo(channelId, through), gt(t.messages.seq, after)))
        .orderBy(asc(t.messages.seq))
        .limit(limit)
      return rows.map(({ deletedAt, ...row }) => ({ ...row, isDeleted: deletedAt !== null }))
    },

    async countPurgeable(channelId, through) {
      const isKept = sql`EXISTS (SELECT 1 FROM messages AS reply
        WHERE reply.thread_seq = messages.seq AND reply.seq > ${through})`
      const [row] = await db
        .select({ messages: count() })
        .from(t.messages)
        .where(and(inChannelUpTo(channelId, through), sql`NOT ${isKept}`))
      return row?.messages ?? 0
    },

    async newestBeyond(channelId, keep) {
      const [row] = await db
        .select({ seq: t.messages.seq })
        .from(t.messages)
        .where(and(eq(t.messages.channelId, channelId), isNull(t.messages.deletedAt)))
        .orderBy(desc(t.messages.seq))
        .limit(1)
        .offset(keep)
      return row?.seq ?? 0
    },

    async reactionsBy(accountId, seqs) {
      if (seqs.length === 0) return []
      const wanted = dialect.amongNumbers(t.reactions.messageSeq, sql`${JSON.stringify(seqs)}`)
      const { uuid: message, channelId } = t.messages
      return db
        .select({ message, channelId, emoji: t.reactions.emoji, at: t.reactions.at })
        .from(t.reactions)
        .innerJoin(t.messages, eq(t.messages.seq, t.reactions.messageSeq))
        .where(and(wanted, eq(t.reactions.accountId, accountId)))
        .orderBy(asc(t.reactions.messageSeq), asc(t.reactions.at))
    },

    pendingPurges: () => db.select().from(t.purges).orderBy(asc(t.purges.channelId)),
  } satisfies RemovalReads & Partial<Reads>
}

export function removalWrites(handle: Handle) {
  const { db, t, dialect } = handle
  const isIn = (column: SQL, numbers: readonly number[]) =>
    dialect.amongNumbers(column, sql`${JSON.stringify(numbers)}`)
  const seq = sql`seq`

  /** Deletes the calls of webhooks about messages: an answer may repeat what it was sent. */
  const endDeliveriesOf = (seqs: readonly number[]) =>
    db.delete(t.webhookDeliveries).where(and(isIn(seq, seqs), isNull(t.webhookDeliveries.firstSeq)))

  /** Returns the roots of the threads of these messages. */
  const rootsOf = async (replies: readonly number[]): Promise<number[]> => {
    const rows = await db
      .select({ root: t.messages.threadSeq })
      .from(t.messages)
      .where(and(isIn(seq, replies), isNotNull(t.messages.threadSeq)))
      .groupBy(t.messages.threadSeq)
    return rows.flatMap(({ root }) => root ?? [])
  }
  /** The same, except those among them. */
  const otherRootsOf = async (replies: readonly number[]): Promise<number[]> => {
    const own = new Set(replies)
    return (await rootsOf(replies)).filter((root) => !own.has(root))
  }

  /** Counts replies out of the threads that remain. Call it before they are deleted. */
  const countOut = async (roots: readonly number[], replies: readonly number[]): Promise<void> => {
    if (roots.length === 0) return
    const ofThread = sql`messages.thread_seq = threads.root_seq AND messages.deleted_at IS NULL`
    const isGone = isIn(sql`messages.seq`, replies)
    const gone = sql`(SELECT count(*) FROM messages WHERE ${ofThread} AND ${isGone})`
    const newest = sql`(SELECT coalesce(max(seq), 0) FROM messages WHERE ${ofThread} AND NOT ${isGone})`
    await db
      .update(t.threads)
      .set({
        replyCount: sql`reply_count - ${gone}`,
        lastReplySeq: sql`CASE WHEN ${isIn(sql`last_reply_seq`, replies)} THEN ${newest} ELSE last_reply_seq END`,
      })
      .where(isIn(sql`root_seq`, roots))
  }

  /** Removes purged replies from the threads that remain. */
  const leaveThreads = async (roots: readonly number[], replies: readonly number[]): Promise<void> => {
    if (roots.length === 0) return
    await countOut(roots, replies)
    const inThreads = isIn(sql`root_seq`, roots)
    const byReply = isIn(sql`last_seq`, replies)
    await db.delete(t.threadMembers).where(and(inThreads, byReply, isNull(t.threadMembers.follow)))
    await db.update(t.threadMembers).set({ lastSeq: null }).where(and(inThreads, byReply))
  }

  return {
    async beginPurge({ channelId, throughSeq }) {
      const furthest = sql`CASE WHEN purges.through_seq > ${throughSeq} THEN purges.through_seq ELSE ${throughSeq} END`
      await db
        .insert(t.purges)
        .values({ channelId, throughSeq })
        .onConflictDoUpdate({ target: t.purges.channelId, set: { throughSeq: furthest } })
    },

    async endPurge({ channelId, throughSeq }) {
      await db
        .delete(t.purges)
        .where(and(eq(t.purges.channelId, channelId), lte(t.purges.throughSeq, throughSeq)))
    },

    async removeMessages(seqs, deletedAt) {
      if (seqs.length === 0) return
      await unindex(handle, seqs)
      await db.delete(t.reactions).where(isIn(sql`message_seq`, seqs))
      await db.delete(t.inbox).where(isIn(sql`message_seq`, seqs))
      await endDeliveriesOf(seqs)
      await db.delete(t.ackDeadlines).where(isIn(sql`message_seq`, seqs))
      await countOut(await rootsOf(seqs), seqs)
      await db
        .update(t.messages)
        .set({ body: '', extra: null, deletedAt, flags: sql`flags & ${LASTING_FLAGS}` })
        .where(isIn(seq, seqs))
      await db
        .update(t.idempotency)
        .set({ answer: null })
        .where(and(isIn(sql`subject`, seqs), isNotNull(t.idempotency.answer)))
    },

    async rootsEmptiedBy(replies) {
      const roots = await otherRootsOf(replies)
      const remains = sql`EXISTS (SELECT 1 FROM messages AS reply
        WHERE reply.thread_seq = messages.seq AND NOT ${isIn(sql`reply.seq`, replies)})`
      const rows = await db
        .select({ seq: t.messages.seq })
        .from(t.messages)
        .where(and(isIn(sql`messages.seq`, roots), sql`NOT ${remains}`))
      return rows.map((root) => root.seq)
    },

    async purgeMessages(seqs, types) {
      await unindex(handle, seqs)
      await leaveThreads(await otherRootsOf(seqs), seqs)
      await db.delete(t.reactions).where(isIn(sql`message_seq`, seqs))
      await db.delete(t.inbox).where(isIn(sql`message_seq`, seqs))
      await endDeliveriesOf(seqs)
      await db.delete(t.ackDeadlines).where(isIn(sql`message_seq`, seqs))
      await db.delete(t.idempotency).where(and(isIn(sql`subject`, seqs), isNotNull(t.idempotency.answer)))
      await db.delete(t.claims).where(isIn(sql`message_seq`, seqs))
      await db.delete(t.approvals).where(isIn(seq, seqs))
      await db.delete(t.events).where(isIn(seq, seqs))
      const names = dialect.amongTexts(sql`type`, sql`${JSON.stringify(types)}`)
      await db.delete(t.events).where(and(isIn(sql`subject`, seqs), sql`subject <> seq`, names))
      await db.delete(t.threadMembers).where(isIn(sql`root_seq`, seqs))
      await db.delete(t.threads).where(isIn(sql`root_seq`, seqs))
      await db.delete(t.chainBlocks).where(isIn(sql`root_seq`, seqs))
      await db.delete(t.messages).where(isIn(seq, seqs))
    },

    async forgetKeysOfGone({ after, limit }) {
      const keys = await db
        .select({ id: t.idempotency.id })
        .from(t.idempotency)
        .where(gt(t.idempotency.id, after))
        .orderBy(asc(t.idempotency.id))
        .limit(limit)
      const last = keys.at(-1)?.id
      if (last === undefined) return undefined
      const isGone = sql`NOT EXISTS (SELECT 1 FROM messages WHERE messages.seq = idempotency.subject)`
      await db
        .delete(t.idempotency)
        .where(
          and(
            gt(t.idempotency.id, after),
            lte(t.idempotency.id, last),
            isNotNull(t.idempotency.subject),
            isGone,
          ),
        )
      return last
    },
  } satisfies RemovalWrites & Partial<Writes>
}
