import type { ISql } from 'postgres'
import type { Seq, Uuid } from '../../core/kernel/ids'
import { formatInstant, type Micros, toMicros } from '../../core/kernel/time'
import type { Found } from '../../core/messages/judge-post'
import type { FoundMessage, LogPosition, PostPlan } from '../../core/messages/post-plan'
import type { JudgedPost } from '../engine'
import { extraOf, flagsOf } from '../queries/message-row'

/**
 * Writes a group of posts in one statement by calling a function that a migration created. It locks the row of
 * log_head until the commit is visible, so seq has no gaps and rises in commit order across processes. It writes
 * nothing and returns no row if rights have changed after $3, the last change by which the posts were judged.
 */
const INSERT = `
SELECT base, first_at FROM append_posts($1::text, $2::text::timestamptz, $3::bigint)`

const KEYS = `
SELECT used.account_id, used.key, used.request_hash, used.subject
FROM json_to_recordset($1::text::json) AS given (account_id bigint, key text)
JOIN idempotency used ON used.account_id = given.account_id AND used.key = given.key`

const MESSAGES = `
SELECT message.uuid, message.seq, message.channel_id, message.deleted_at IS NOT NULL AS deleted,
  message.thread_seq, root.uuid AS thread_uuid
FROM json_array_elements_text($1::text::json) AS given
JOIN messages message ON message.uuid = given::uuid
LEFT JOIN messages root ON root.seq = message.thread_seq`

const POSITIONS = `
SELECT uuid, seq, (extract(epoch FROM at) * 1000000)::bigint AS at
FROM json_array_elements_text($1::text::json) AS given
JOIN messages ON uuid = given::uuid`

/** The database itself reports a full disk. */
const requireRoom = () => {}

export const nothingFound: Found = { key: () => undefined, message: () => undefined, requireRoom }

/** Reports whether any of these plans refers to stored data. */
export function needsLookUp(plans: readonly PostPlan[]): boolean {
  return plans.some((plan) => plan.idempotency || plan.replyTo || plan.threadId)
}

export async function lookUp(sql: ISql, plans: readonly PostPlan[]): Promise<Found> {
  const keys = plans.flatMap(({ idempotency }) => (idempotency ? [idempotency] : []))
  const uuids = plans.flatMap(({ replyTo, threadId }) => [replyTo, threadId].filter((uuid) => uuid !== null))
  const [used, found] = await Promise.all([
    keys.length === 0
      ? []
      : ask<{ account_id: string; key: string; request_hash: string; subject: string | null }>(sql, KEYS, [
          JSON.stringify(keys.map(({ accountId, key }) => ({ account_id: accountId, key }))),
        ]),
    uuids.length === 0
      ? []
      : ask<{
          uuid: Uuid
          seq: string
          channel_id: string
          deleted: boolean
          thread_seq: string | null
          thread_uuid: Uuid | null
        }>(sql, MESSAGES, [JSON.stringify([...new Set(uuids)])]),
  ])
  const byKey = new Map(
    used.map((row) => [
      `${row.account_id} ${row.key}`,
      { requestHash: row.request_hash, subject: row.subject === null ? null : Number(row.subject) },
    ]),
  )
  const byUuid = new Map(
    found.map(({ uuid, seq, channel_id, deleted, thread_seq, thread_uuid }): [Uuid, FoundMessage] => {
      const thread =
        thread_seq === null || thread_uuid === null ? null : { seq: Number(thread_seq), uuid: thread_uuid }
      return [uuid, { uuid, seq: Number(seq), channelId: Number(channel_id), deleted, thread }]
    }),
  )
  return {
    key: (accountId, key) => byKey.get(`${accountId} ${key}`),
    message: (uuid) => byUuid.get(uuid),
    requireRoom,
  }
}

/**
 * Writes a group. Returns the position of its first message; the others follow without a gap, a microsecond apart.
 * Returns undefined, with nothing written, if rights have changed after `known`.
 */
export async function insertGroup(
  sql: ISql,
  group: readonly JudgedPost[],
  now: Micros,
  known: Seq,
): Promise<LogPosition | undefined> {
  const rows = group.map(({ plan, draft: { message } }, i) => ({
    i: i + 1,
    uuid: message.uuid,
    channel_id: message.channelId,
    sender_id: message.senderId,
    thread_seq: message.thread?.seq,
    reply_seq: message.replyTo?.seq,
    flags: flagsOf(message),
    body: message.body,
    extra: extraOf(message),
    key: plan.idempotency?.key,
    request_hash: plan.idempotency?.requestHash,
  }))
  const [first] = await ask<{ base: string; first_at: string }>(sql, INSERT, [
    JSON.stringify(rows),
    formatInstant(now),
    known,
  ])
  return first && { seq: Number(first.base) + 1, at: toMicros(Number(first.first_at)) }
}

/** Returns the positions of those of these messages that are stored. */
export async function findPositions(sql: ISql, uuids: readonly Uuid[]): Promise<Map<Uuid, LogPosition>> {
  const rows = await ask<{ uuid: Uuid; seq: string; at: string }>(sql, POSITIONS, [JSON.stringify(uuids)])
  return new Map(rows.map(({ uuid, seq, at }) => [uuid, { seq: Number(seq), at: toMicros(Number(at)) }]))
}

/** Runs a statement, which is prepared once per connection. Postgres returns bigints as text. */
async function ask<Row>(sql: ISql, text: string, values: (string | number)[]): Promise<Row[]> {
  const rows = await sql.unsafe(text, values, { prepare: true })
  return [...rows] as unknown as Row[]
}
