import { inArray, sql } from 'drizzle-orm'
import { stateNumber } from '../../core/inbox/items'
import type { LogPosition, PostDraft } from '../../core/messages/post-plan'
import type { Handle } from '../database'
import { extraOf, flagsOf } from './message-row'
import { chunks } from './rows'

/**
 * Writes the rows of a message that is posted as part of an act, except its event. Posts of their own come in groups:
 * sqlite/rows.ts and postgres/posts.ts. A system message takes part in no thread.
 */
export async function insertMessageRows(
  { db, t }: Handle,
  { message, notified, chain, attached }: PostDraft,
  { seq, at }: LogPosition,
): Promise<void> {
  const { uuid, channelId, senderId, thread, replyTo, body, kind } = message
  const flags = flagsOf(message)
  const refs = { threadSeq: thread?.seq ?? null, replySeq: replyTo?.seq ?? null }
  const row = { seq, uuid, channelId, senderId, ...refs, at, flags, body, extra: extraOf(message) }
  await db.insert(t.messages).values(row)
  const reset = chain?.resets ? { resetSeq: seq, resetTimes: 1 } : {}
  if (thread)
    await db
      .insert(t.threads)
      .values({ rootSeq: thread.seq, replyCount: 1, lastReplySeq: seq, ...reset })
      .onConflictDoUpdate({
        target: t.threads.rootSeq,
        set: { replyCount: sql`${t.threads.replyCount} + 1`, lastReplySeq: seq, ...reset },
      })
  const spent = chain?.spent
  const budget = spent ? { spentSeq: seq, spent: spent.used, corrected: spent.corrected } : {}
  if (thread && kind !== 'system')
    await db
      .insert(t.threadMembers)
      .values({ rootSeq: thread.seq, accountId: senderId, lastSeq: seq, ...budget })
      .onConflictDoUpdate({
        target: [t.threadMembers.rootSeq, t.threadMembers.accountId],
        // A reply ends an unfollow.
        set: {
          lastSeq: seq,
          ...budget,
          follow: sql`CASE WHEN ${t.threadMembers.follow} THEN ${t.threadMembers.follow} END`,
        },
      })
  if (attached.length > 0)
    await db
      .update(t.attachments)
      .set({ messageSeq: seq })
      .where(inArray(t.attachments.id, [...attached]))
  const item = { seq, messageSeq: seq, channelId, state: stateNumber('queued') }
  for (const some of chunks(notified))
    await db.insert(t.inbox).values(some.map((one) => ({ ...item, ...one })))
}
