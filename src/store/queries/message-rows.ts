import { eq, sql } from 'drizzle-orm'
import { stateNumber } from '../../core/inbox/items'
import type { Seq } from '../../core/kernel/ids'
import type { LogPosition, PostDraft } from '../../core/messages/post-plan'
import type { Handle } from '../database'
import { extraOf, flagsOf } from './message-row'
import { type GivenRow, rowInsert } from './row-inserts'

/** A message with its place in the log. */
export interface PlacedDraft {
  readonly draft: PostDraft
  readonly place: LogPosition
}

/**
 * Returns what writes the rows of messages that are posted as parts of acts, except their events: a few statements,
 * however many messages there are. Posts of their own come in groups: sqlite/rows.ts and postgres/posts.ts.
 */
export function messageInserts(handle: Handle) {
  const { db, t, dialect, common } = handle
  const messages = rowInsert(handle, t.messages, {
    columns: {
      ...{ seq: 'number', uuid: 'uuid', channelId: 'number', senderId: 'number', threadSeq: 'number' },
      ...{ replySeq: 'number', at: 'instant', flags: 'number', body: 'text', extra: 'text' },
    },
  })
  const threads = rowInsert(handle, t.threads, {
    columns: { rootSeq: 'number', replyCount: 'number', lastReplySeq: 'number', resetSeq: 'number' },
    fixed: { resetTimes: sql`1` },
    onConflict: {
      target: t.threads.rootSeq,
      set: {
        replyCount: sql`${t.threads.replyCount} + excluded.reply_count`,
        lastReplySeq: sql`excluded.last_reply_seq`,
        resetSeq: sql`coalesce(excluded.reset_seq, ${t.threads.resetSeq})`,
        resetTimes: sql`CASE WHEN excluded.reset_seq IS NULL THEN ${t.threads.resetTimes} ELSE 1 END`,
      },
    },
  })
  const { threadMembers } = t
  const members = rowInsert(handle, threadMembers, {
    columns: {
      ...{ rootSeq: 'number', accountId: 'number', lastSeq: 'number' },
      ...{ spentSeq: 'number', spent: 'number', corrected: 'boolean' },
    },
    onConflict: {
      target: [threadMembers.rootSeq, threadMembers.accountId],
      set: {
        lastSeq: sql`excluded.last_seq`,
        // A reply ends an unfollow.
        follow: sql`CASE WHEN ${threadMembers.follow} THEN ${threadMembers.follow} END`,
        spentSeq: sql`coalesce(excluded.spent_seq, ${threadMembers.spentSeq})`,
        spent: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${threadMembers.spent} ELSE excluded.spent END`,
        corrected: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${threadMembers.corrected} ELSE excluded.corrected END`,
      },
    },
  })
  const inbox = rowInsert(handle, t.inbox, {
    columns: {
      ...{ accountId: 'number', seq: 'number', messageSeq: 'number' },
      ...{ channelId: 'number', reasons: 'number', state: 'number' },
    },
  })
  const attach = common.lazily(() =>
    db
      .update(t.attachments)
      .set({ messageSeq: sql`given.c0` })
      .from(sql`(${dialect.table(['number', 'number'], sql.placeholder('rows'))}) AS given`)
      .where(eq(t.attachments.id, sql`given.c1`))
      .prepare(),
  )
  return async (placed: readonly PlacedDraft[]): Promise<void> => {
    const inThreads = threadRows(placed)
    const attached = placed.flatMap(({ draft, place }) => draft.attached.map((id) => [place.seq, id]))
    const queued = stateNumber('queued')
    const items = placed.flatMap(({ draft: { notified, message }, place: { seq } }) =>
      notified.map(({ accountId, reasons }) => [accountId, seq, seq, message.channelId, reasons, queued]),
    )
    await Promise.all([
      messages(placed.map(messageRow)),
      threads(inThreads.threads),
      members(inThreads.members),
      inbox(items),
    ])
    if (attached.length > 0) await attach().execute({ rows: JSON.stringify(attached) })
  }
}

function messageRow({ draft: { message }, place: { seq, at } }: PlacedDraft): GivenRow {
  const { uuid, channelId, senderId, thread, replyTo, body } = message
  const refs = [thread?.seq ?? null, replyTo?.seq ?? null]
  return [seq, uuid, channelId, senderId, ...refs, at, flagsOf(message), body, extraOf(message)]
}

/** One row for each thread, and for each account in it: a statement may change a row once only. */
function threadRows(placed: readonly PlacedDraft[]): { threads: GivenRow[]; members: GivenRow[] } {
  const threads = new Map<Seq, { replies: number; last: Seq; reset: Seq | null }>()
  const members = new Map<string, { row: GivenRow; spent: GivenRow }>()
  for (const { draft, place } of placed) {
    const { message, chain } = draft
    const { thread, senderId, kind } = message
    if (!thread) continue
    const { seq } = place
    const before = threads.get(thread.seq)
    threads.set(thread.seq, {
      replies: (before?.replies ?? 0) + 1,
      last: seq,
      reset: chain?.resets ? seq : (before?.reset ?? null),
    })
    // A system message takes part in no thread.
    if (kind === 'system') continue
    const name = `${thread.seq} ${senderId}`
    const spent = chain?.spent
      ? [seq, chain.spent.used, chain.spent.corrected]
      : (members.get(name)?.spent ?? [null, 0, false])
    members.set(name, { row: [thread.seq, senderId, seq], spent })
  }
  return {
    threads: [...threads].map(([root, { replies, last, reset }]) => [root, replies, last, reset]),
    members: [...members.values()].map(({ row, spent }) => [...row, ...spent]),
  }
}
