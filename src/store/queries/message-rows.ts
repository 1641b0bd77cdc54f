import { eq, sql } from 'drizzle-orm'
import { stateNumber } from '../../core/inbox/items'
import type { Seq } from '../../core/kernel/ids'
import type { LogPosition, PostDraft } from '../../core/messages/post-plan'
import type { ColumnType, Handle } from '../database'
import { extraOf, flagsOf } from './message-row'

/** A message with its place in the log. */
export interface PlacedDraft {
  readonly draft: PostDraft
  readonly place: LogPosition
}

type Row = readonly (string | number | boolean | null)[]

/**
 * Returns what writes the rows of messages that are posted as parts of acts, except their events: a few statements,
 * however many messages there are. Posts of their own come in groups: sqlite/rows.ts and postgres/posts.ts.
 */
export function messageInserts({ db, t, dialect, common }: Handle) {
  const given = (...types: readonly ColumnType[]) =>
    sql`(${dialect.table(types, sql.placeholder('rows'))}) AS given`
  const messages = common.lazily(() =>
    db
      .insert(t.messages)
      .select(
        sql`SELECT c0, c1, c2, c3, c4, c5, c6, NULL, NULL, c7, c8, c9 FROM ${given(
          ...(['number', 'uuid', 'number', 'number', 'number', 'number'] as const),
          ...(['instant', 'number', 'text', 'text'] as const),
        )}`,
      )
      .prepare(),
  )
  const threads = common.lazily(() =>
    db
      .insert(t.threads)
      .select(sql`SELECT c0, c1, c2, c3, 1 FROM ${given('number', 'number', 'number', 'number')} WHERE true`)
      .onConflictDoUpdate({
        target: t.threads.rootSeq,
        set: {
          replyCount: sql`${t.threads.replyCount} + excluded.reply_count`,
          lastReplySeq: sql`excluded.last_reply_seq`,
          resetSeq: sql`coalesce(excluded.reset_seq, ${t.threads.resetSeq})`,
          resetTimes: sql`CASE WHEN excluded.reset_seq IS NULL THEN ${t.threads.resetTimes} ELSE 1 END`,
        },
      })
      .prepare(),
  )
  const { threadMembers } = t
  const members = common.lazily(() =>
    db
      .insert(threadMembers)
      .select(
        sql`SELECT c0, c1, c2, NULL, c3, c4, c5 FROM ${given('number', 'number', 'number', 'number', 'number', 'boolean')} WHERE true`,
      )
      .onConflictDoUpdate({
        target: [threadMembers.rootSeq, threadMembers.accountId],
        set: {
          lastSeq: sql`excluded.last_seq`,
          // A reply ends an unfollow.
          follow: sql`CASE WHEN ${threadMembers.follow} THEN ${threadMembers.follow} END`,
          spentSeq: sql`coalesce(excluded.spent_seq, ${threadMembers.spentSeq})`,
          spent: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${threadMembers.spent} ELSE excluded.spent END`,
          corrected: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${threadMembers.corrected} ELSE excluded.corrected END`,
        },
      })
      .prepare(),
  )
  const attachments = common.lazily(() =>
    db
      .update(t.attachments)
      .set({ messageSeq: sql`given.c0` })
      .from(given('number', 'number'))
      .where(eq(t.attachments.id, sql`given.c1`))
      .prepare(),
  )
  const inbox = common.lazily(() =>
    db
      .insert(t.inbox)
      .select(
        sql`SELECT c0, c1, c1, c2, c3, c4, NULL, NULL FROM ${given('number', 'number', 'number', 'number', 'number')}`,
      )
      .prepare(),
  )
  return async (placed: readonly PlacedDraft[]): Promise<void> => {
    const inThreads = threadRows(placed)
    const attached = placed.flatMap(({ draft, place }) => draft.attached.map((id) => [place.seq, id]))
    const queued = stateNumber('queued')
    const items = placed.flatMap(({ draft: { notified, message }, place: { seq } }) =>
      notified.map(({ accountId, reasons }) => [accountId, seq, message.channelId, reasons, queued]),
    )
    // Sent without waiting for each. They run in this order.
    const run = (statement: () => { execute(values: { rows: string }): unknown }, rows: readonly Row[]) =>
      rows.length === 0 ? undefined : statement().execute({ rows: JSON.stringify(rows) })
    await Promise.all([
      run(messages, placed.map(messageRow)),
      run(threads, inThreads.threads),
      run(members, inThreads.members),
      run(attachments, attached),
      run(inbox, items),
    ])
  }
}

function messageRow({ draft: { message }, place: { seq, at } }: PlacedDraft): Row {
  const { uuid, channelId, senderId, thread, replyTo, body } = message
  const refs = [thread?.seq ?? null, replyTo?.seq ?? null]
  return [seq, uuid, channelId, senderId, ...refs, at, flagsOf(message), body, extraOf(message)]
}

/** One row for each thread, and for each account in it: a statement may change a row once only. */
function threadRows(placed: readonly PlacedDraft[]): { threads: Row[]; members: Row[] } {
  const threads = new Map<Seq, { replies: number; last: Seq; reset: Seq | null }>()
  const members = new Map<string, { row: Row; spent: Row }>()
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
