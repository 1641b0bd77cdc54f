import type { Database } from 'bun:sqlite'
import { eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Seq } from '../../core/kernel/ids'
import type { Micros } from '../../core/kernel/time'
import type { Found } from '../../core/messages/judge-post'
import type { LogPosition } from '../../core/messages/post-plan'
import type { Handle } from '../database'
import type { JudgedPost } from '../engine'
import type { LogHead } from '../queries/log'
import { extraOf, flagsOf } from '../queries/message-row'
import { uuidFromBytes, uuidToBytes } from '../schema/columns'
import { prepare } from '../statement'

/** The rows of a post, and the log, as prepared statements of the writing connection. */
export type HotRows = ReturnType<typeof hotRows>

export function hotRows(connection: Database, { db, t }: Handle) {
  const value = sql.placeholder
  const messageColumns = [
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
  ]
  const insertMessage = prepare(
    connection,
    db.insert(t.messages).values({
      seq: value('seq'),
      uuid: value('uuid'),
      channelId: value('channelId'),
      senderId: value('senderId'),
      threadSeq: value('threadSeq'),
      replySeq: value('replySeq'),
      at: value('at'),
      flags: value('flags'),
      body: value('body'),
      extra: value('extra'),
    }),
    messageColumns,
  )
  const insertEvent = prepare(
    connection,
    db.insert(t.events).values({
      seq: value('seq'),
      at: value('at'),
      type: value('type'),
      channelId: value('channelId'),
      subject: value('subject'),
      actorId: value('actorId'),
      data: value('data'),
    }),
    ['seq', 'at', 'type', 'channelId', 'subject', 'actorId', 'data'],
  )
  const insertKey = prepare(
    connection,
    db.insert(t.idempotency).values({
      accountId: value('accountId'),
      key: value('key'),
      requestHash: value('requestHash'),
      subject: value('subject'),
      at: value('at'),
    }),
    ['accountId', 'key', 'requestHash', 'subject', 'at'],
  )
  const upsertThread = prepare(
    connection,
    db
      .insert(t.threads)
      .values({ rootSeq: value('rootSeq'), replyCount: value('one'), lastReplySeq: value('replySeq') })
      .onConflictDoUpdate({
        target: t.threads.rootSeq,
        set: {
          replyCount: sql`${t.threads.replyCount} + 1`,
          lastReplySeq: sql`excluded.last_reply_seq`,
        },
      }),
    ['rootSeq', 'one', 'replySeq'],
  )
  const updateHead = prepare(
    connection,
    db
      .update(t.logHead)
      .set({
        seq: sql`${value('seq')}`,
        accessSeq: sql`${value('accessSeq')}`,
        lastAt: sql`${value('lastAt')}`,
      })
      .where(eq(t.logHead.id, value('id'))),
    ['seq', 'accessSeq', 'lastAt', 'id'],
  )

  return {
    insertPost({ plan: { idempotency }, draft: { message } }: JudgedPost, { seq, at }: LogPosition): void {
      const { uuid, channelId, senderId, thread, replyTo, body } = message
      const [flags, extra] = [flagsOf(message), extraOf(message)]
      insertMessage.run(
        seq,
        uuidToBytes(uuid),
        channelId,
        senderId,
        thread?.seq ?? null,
        replyTo?.seq ?? null,
        at,
        flags,
        body,
        extra,
      )
      if (thread) upsertThread.run(thread.seq, 1, seq)
      insertEvent.run(seq, at, 'message.created', channelId, seq, senderId, null)
      if (idempotency) insertKey.run(idempotency.accountId, idempotency.key, idempotency.requestHash, seq, at)
    },

    writeHead({ seq, accessSeq, lastAt }: LogHead): void {
      updateHead.run(seq, accessSeq, lastAt, 1)
    },
  }
}

/** What posts refer to, as prepared statements of a connection that reads. */
export function lookUps(connection: Database, { db, t }: Handle): Pick<Found, 'key' | 'message'> {
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
    deleted_at: Micros | null
    thread_seq: Seq | null
    thread_uuid: Uint8Array | null
  }>(
    connection,
    db
      .select({
        seq: t.messages.seq,
        channelId: t.messages.channelId,
        deletedAt: t.messages.deletedAt,
        threadSeq: t.messages.threadSeq,
        threadUuid: sql`${root.uuid}`.as('thread_uuid'),
      })
      .from(t.messages)
      .leftJoin(root, eq(root.seq, t.messages.threadSeq))
      .where(eq(t.messages.uuid, value('uuid'))),
    ['uuid'],
  )
  return {
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
        deleted: row.deleted_at !== null,
        thread:
          threadSeq === null || threadUuid === null
            ? null
            : { seq: threadSeq, uuid: uuidFromBytes(threadUuid) },
      }
    },
  }
}
