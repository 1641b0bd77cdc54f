import type { Database } from 'bun:sqlite'
import { and, eq, type Placeholder, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { stateNumber } from '../../core/inbox/items'
import type { Seq } from '../../core/kernel/ids'
import type { Micros } from '../../core/kernel/time'
import { notifiedFacts } from '../../core/log/events'
import type { Found } from '../../core/messages/judge-post'
import { type LogPosition, nthPosition } from '../../core/messages/post-plan'
import type { Handle } from '../database'
import type { JudgedPost } from '../engine'
import { type AttachmentRow, foundAttachment } from '../queries/attachments'
import type { LogHead } from '../queries/log'
import { extraOf, flagsOf, kindOf } from '../queries/message-row'
import { uuidFromBytes, uuidToBytes } from '../schema/columns'
import { prepare, textOf } from '../statement'
import type { Batch, Value } from './thread/protocol'

const QUEUED = stateNumber('queued')

/** The rows of a group of posts. */
export interface PostRows {
  readonly batches: readonly Batch[]
  /** For each batch the post, by its index, that each row belongs to. */
  readonly owners: readonly (readonly number[])[]
}

/** The statements that write posts and the head of the log, for the thread that writes. */
export type HotRows = ReturnType<typeof hotRows>

export function hotRows({ db, t }: Pick<Handle, 'db' | 't'>) {
  // The values of a statement, in the order of its placeholders.
  const named = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as Record<Name, Placeholder<Name>>
  const columnsOf = {
    message: [
      'seq',
      'uuid',
      'channelId',
      'senderId',
      'threadSeq',
      'replySeq',
      'at',
      'flags',
      'body',
      'extra',
    ],
    event: ['seq', 'at', 'type', 'channelId', 'subject', 'actorId', 'data'],
    key: ['accountId', 'key', 'requestHash', 'subject', 'at'],
    thread: ['rootSeq', 'one', 'replySeq', 'resetSeq'],
    threadMember: ['rootSeq', 'accountId', 'lastSeq', 'spentSeq', 'spent', 'corrected'],
    attachment: ['messageSeq', 'id'],
    item: ['accountId', 'seq', 'messageSeq', 'channelId', 'reasons', 'state'],
    head: ['seq', 'accessSeq', 'lastAt', 'fromSeq', 'fromAt'],
  } as const
  const message = named(columnsOf.message)
  const thread = named(columnsOf.thread)
  const head = named(columnsOf.head)
  const insertMessage = textOf(
    // Bytes do not cross as JSON, so a uuid is sent as text.
    db.insert(t.messages).values({ ...message, uuid: sql`unhex(${message.uuid}, '-')` }),
    columnsOf.message,
  )
  const insertEvent = textOf(db.insert(t.events).values(named(columnsOf.event)), columnsOf.event)
  const insertKey = textOf(db.insert(t.idempotency).values(named(columnsOf.key)), columnsOf.key)
  const upsertThread = textOf(
    db
      .insert(t.threads)
      .values({
        rootSeq: thread.rootSeq,
        replyCount: thread.one,
        lastReplySeq: thread.replySeq,
        resetSeq: thread.resetSeq,
        resetTimes: sql`1`,
      })
      .onConflictDoUpdate({
        target: t.threads.rootSeq,
        set: {
          replyCount: sql`${t.threads.replyCount} + 1`,
          lastReplySeq: sql`excluded.last_reply_seq`,
          resetSeq: sql`coalesce(excluded.reset_seq, ${t.threads.resetSeq})`,
          resetTimes: sql`CASE WHEN excluded.reset_seq IS NULL THEN ${t.threads.resetTimes} ELSE 1 END`,
        },
      }),
    columnsOf.thread,
  )
  const upsertThreadMember = textOf(
    db
      .insert(t.threadMembers)
      .values(named(columnsOf.threadMember))
      .onConflictDoUpdate({
        target: [t.threadMembers.rootSeq, t.threadMembers.accountId],
        set: {
          lastSeq: sql`excluded.last_seq`,
          // A reply ends an unfollow.
          follow: sql`CASE WHEN ${t.threadMembers.follow} THEN 1 END`,
          spentSeq: sql`coalesce(excluded.spent_seq, ${t.threadMembers.spentSeq})`,
          spent: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${t.threadMembers.spent} ELSE excluded.spent END`,
          corrected: sql`CASE WHEN excluded.spent_seq IS NULL THEN ${t.threadMembers.corrected} ELSE excluded.corrected END`,
        },
      }),
    columnsOf.threadMember,
  )
  const insertItem = textOf(db.insert(t.inbox).values(named(columnsOf.item)), columnsOf.item)
  const attachment = named(columnsOf.attachment)
  const attach = textOf(
    db
      .update(t.attachments)
      .set({ messageSeq: sql`${attachment.messageSeq}` })
      .where(eq(t.attachments.id, attachment.id)),
    columnsOf.attachment,
  )
  const updateHead = textOf(
    db
      .update(t.logHead)
      .set({ seq: sql`${head.seq}`, accessSeq: sql`${head.accessSeq}`, lastAt: sql`${head.lastAt}` })
      .where(and(eq(t.logHead.seq, head.fromSeq), eq(t.logHead.lastAt, head.fromAt))),
    columnsOf.head,
  )

  return {
    /** The rows of posts from a position on, table by table. */
    ofPosts(posts: readonly JudgedPost[], first: LogPosition): PostRows {
      const messages: Value[][] = []
      const events: Value[][] = []
      const threads: Value[][] = []
      const threadMembers: Value[][] = []
      const keys: Value[][] = []
      const attachments: Value[][] = []
      const items: Value[][] = []
      const all: number[] = []
      const inThreads: number[] = []
      const keyed: number[] = []
      const attaching: number[] = []
      const notifying: number[] = []
      for (let i = 0; i < posts.length; i++) {
        const post = posts[i]
        if (!post) continue
        const { seq, at } = nthPosition(first, i)
        const { plan, draft } = post
        const { uuid, channelId, senderId, thread, replyTo, body } = draft.message
        messages.push([
          seq,
          uuid,
          channelId,
          senderId,
          thread?.seq ?? null,
          replyTo?.seq ?? null,
          at,
          flagsOf(draft.message),
          body,
          extraOf(draft.message),
        ])
        const facts = notifiedFacts(draft.notified, draft.message.mentions)
        const data = facts ? JSON.stringify(facts) : null
        events.push([seq, at, 'message.created', channelId, seq, senderId, data])
        all.push(i)
        if (thread) {
          const { resets = false, spent = null } = draft.chain ?? {}
          threads.push([thread.seq, 1, seq, resets ? seq : null])
          const budget = spent ? [seq, spent.used, spent.corrected ? 1 : 0] : [null, 0, 0]
          threadMembers.push([thread.seq, senderId, seq, ...budget])
          inThreads.push(i)
        }
        for (const id of draft.attached) {
          attachments.push([seq, id])
          attaching.push(i)
        }
        for (const { accountId, reasons } of draft.notified) {
          items.push([accountId, seq, seq, channelId, reasons, QUEUED])
          notifying.push(i)
        }
        if (plan.idempotency) {
          const { accountId, key, requestHash } = plan.idempotency
          keys.push([accountId, key, requestHash, seq, at])
          keyed.push(i)
        }
      }
      const tables: [string, Value[][], number[]][] = [
        [insertMessage, messages, all],
        [insertEvent, events, all],
        [upsertThread, threads, inThreads],
        [upsertThreadMember, threadMembers, inThreads],
        [insertKey, keys, keyed],
        [attach, attachments, attaching],
        [insertItem, items, notifying],
      ]
      const filled = tables.filter(([, rows]) => rows.length > 0)
      return {
        batches: filled.map(([sql, rows]) => ({ sql, rows })),
        owners: filled.map(([, , owners]) => owners),
      }
    },

    /** Moves the head of the log, which must be at `from`: otherwise another process wrote to the store. */
    moveHead(from: LogHead, { seq, accessSeq, lastAt }: LogHead): Batch {
      return { sql: updateHead, rows: [[seq, accessSeq, lastAt, from.seq, from.lastAt]], changes: 1 }
    },
  }
}

/** What posts refer to, as prepared statements of a connection that reads. */
export function lookUps(connection: Database, { db, t }: Handle): Omit<Found, 'requireRoom'> {
  const value = sql.placeholder
  const root = alias(t.messages, 'root')
  const selectKey = prepare<{ request_hash: string; subject: Seq | null }>(
    connection,
    db
      .select({ requestHash: t.idempotency.requestHash, subject: t.idempotency.subject })
      .from(t.idempotency)
      .where(
        sql`${t.idempotency.accountId} = ${value('accountId')} and ${t.idempotency.key} = ${value('key')}`,
      ),
    ['accountId', 'key'],
  )
  const selectMessage = prepare<{
    seq: Seq
    channel_id: number
    sender_id: number
    flags: number
    deleted_at: Micros | null
    thread_seq: Seq | null
    thread_uuid: Uint8Array | null
  }>(
    connection,
    db
      .select({
        seq: t.messages.seq,
        channelId: t.messages.channelId,
        senderId: t.messages.senderId,
        flags: t.messages.flags,
        deletedAt: t.messages.deletedAt,
        threadSeq: t.messages.threadSeq,
        threadUuid: sql`${root.uuid}`.as('thread_uuid'),
      })
      .from(t.messages)
      .leftJoin(root, eq(root.seq, t.messages.threadSeq))
      .where(eq(t.messages.uuid, value('uuid'))),
    ['uuid'],
  )
  const selectAttachment = prepare<AttachmentRow>(
    connection,
    db
      .select()
      .from(t.attachments)
      .where(eq(t.attachments.uuid, value('uuid'))),
    ['uuid'],
  )
  const last = alias(t.messages, 'last')
  const selectFollowers = prepare<{
    account_id: number
    follow: number | null
    at: Micros | null
    spent_seq: Seq | null
    spent: number
    corrected: number
  }>(
    connection,
    db
      .select({
        accountId: t.threadMembers.accountId,
        follow: t.threadMembers.follow,
        at: sql`${last.at}`.as('at'),
        spentSeq: t.threadMembers.spentSeq,
        spent: t.threadMembers.spent,
        corrected: t.threadMembers.corrected,
      })
      .from(t.threadMembers)
      .leftJoin(last, eq(last.seq, t.threadMembers.lastSeq))
      .where(eq(t.threadMembers.rootSeq, value('root'))),
    ['root'],
  )
  const selectRoot = prepare<{
    sender_id: number
    at: Micros
    reset_seq: Seq | null
    reset_times: number | null
  }>(
    connection,
    db
      .select({
        senderId: t.messages.senderId,
        at: t.messages.at,
        resetSeq: t.threads.resetSeq,
        resetTimes: t.threads.resetTimes,
      })
      .from(t.messages)
      .leftJoin(t.threads, eq(t.threads.rootSeq, t.messages.seq))
      .where(eq(t.messages.seq, value('root'))),
    ['root'],
  )
  return {
    thread(root) {
      const author = selectRoot.get(root)
      const members = selectFollowers.all(root).map((row) => ({
        accountId: row.account_id,
        follow: row.follow === null ? null : row.follow === 1,
        postedAt: row.at,
        spent:
          row.spent_seq === null
            ? null
            : { seq: row.spent_seq, used: row.spent, corrected: row.corrected === 1 },
      }))
      const seq = author?.reset_seq ?? 0
      const reset = { seq, storedSeq: seq, times: author?.reset_times ?? 1 }
      if (!author) return { followers: members, reset }
      const first = { accountId: author.sender_id, follow: null, postedAt: author.at, spent: null }
      return { followers: [first, ...members], reset }
    },

    attachment(uuid) {
      const row = selectAttachment.get(uuidToBytes(uuid))
      return row ? foundAttachment(uuid, row) : undefined
    },

    key(accountId, key) {
      const row = selectKey.get(accountId, key)
      return row ? { requestHash: row.request_hash, subject: row.subject } : undefined
    },

    message(uuid) {
      const row = selectMessage.get(uuidToBytes(uuid))
      if (!row) return undefined
      const { thread_seq: threadSeq, thread_uuid: threadUuid } = row
      return {
        seq: row.seq,
        uuid,
        channelId: row.channel_id,
        senderId: row.sender_id,
        kind: kindOf(row.flags),
        deleted: row.deleted_at !== null,
        thread:
          threadSeq === null || threadUuid === null
            ? null
            : { seq: threadSeq, uuid: uuidFromBytes(threadUuid) },
      }
    },
  }
}
