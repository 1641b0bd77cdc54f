import type { ISql } from 'postgres'
import type { FoundThread } from '../../core/chain/chain'
import type { Seq, Uuid } from '../../core/kernel/ids'
import { formatInstant, type Micros, toMicros } from '../../core/kernel/time'
import { notifiedFacts } from '../../core/log/events'
import type { Found } from '../../core/messages/judge-post'
import type { FoundMessage, LogPosition, PostPlan } from '../../core/messages/post-plan'
import type { JudgedPost } from '../engine'
import { type AttachmentRow, foundAttachment } from '../queries/attachments'
import { extraOf, flagsOf, kindOf } from '../queries/message-row'

/**
 * Writes a group of posts in one statement by calling a function that a migration created. It locks the row of
 * log_head until the commit is visible, so seq has no gaps and rises in commit order across processes. It writes
 * nothing and returns no row if rights have changed after $6, the last change by which the posts were judged, or if another
 * process has written to a budget by which one was judged.
 */
const INSERT = `
SELECT base, first_at FROM append_posts($1::text, $2::text, $3::text, $4::text, $5::text::timestamptz, $6::bigint)`

const KEYS = `
SELECT used.account_id, used.key, used.request_hash, used.subject
FROM json_to_recordset($1::text::json) AS given (account_id bigint, key text)
JOIN idempotency used ON used.account_id = given.account_id AND used.key = given.key`

/** Not a join: see `amongNumbers` in open.ts. */
const NAMED = 'ANY (ARRAY(SELECT given::uuid FROM json_array_elements_text($1::text::json) AS given))'

const MESSAGES = `
SELECT message.uuid, message.seq, message.channel_id, message.sender_id, message.flags, message.deleted_at IS NOT NULL AS deleted,
  message.thread_seq, root.uuid AS thread_uuid
FROM messages message
LEFT JOIN messages root ON root.seq = message.thread_seq
WHERE message.uuid = ${NAMED}`

const ATTACHMENTS = `
SELECT * FROM attachments WHERE uuid = ${NAMED}`

/** Those with a part in the threads of these messages. The author of a root posted in its thread, too. */
const FOLLOWERS = `
WITH root AS (
  SELECT root.seq, root.sender_id, root.at, threads.reset_seq, threads.reset_times
  FROM messages root
  LEFT JOIN threads ON threads.root_seq = root.seq
  WHERE root.seq = ANY (ARRAY(
    SELECT coalesce(message.thread_seq, message.seq)
    FROM messages message
    WHERE message.uuid = ${NAMED}))
)
SELECT root.seq, root.sender_id AS account_id, NULL::boolean AS follow,
  (extract(epoch FROM root.at) * 1000000)::bigint AS at, root.reset_seq, root.reset_times,
  NULL::bigint AS spent_seq, 0::bigint AS spent, false AS corrected
FROM root
UNION ALL
SELECT member.root_seq, member.account_id, member.follow, (extract(epoch FROM last.at) * 1000000)::bigint,
  root.reset_seq, root.reset_times, member.spent_seq, member.spent, member.corrected
FROM root
JOIN thread_members member ON member.root_seq = root.seq
LEFT JOIN messages last ON last.seq = member.last_seq`

const POSITIONS = `
SELECT uuid, seq, (extract(epoch FROM at) * 1000000)::bigint AS at FROM messages WHERE uuid = ${NAMED}`

/** The database itself reports a full disk. */
const requireRoom = () => {}

const noThread: FoundThread = { followers: [], reset: { seq: 0, storedSeq: 0, times: 1 } }

export const nothingFound: Found = {
  key: () => undefined,
  message: () => undefined,
  attachment: () => undefined,
  thread: () => noThread,
  requireRoom,
}

/** Reports whether any of these plans refers to stored data. */
export function needsLookUp(plans: readonly PostPlan[]): boolean {
  return plans.some(
    (plan) => plan.idempotency || plan.replyTo || plan.threadId || plan.attachments.length > 0,
  )
}

export async function lookUp(sql: ISql, plans: readonly PostPlan[]): Promise<Found> {
  const keys = plans.flatMap(({ idempotency }) => (idempotency ? [idempotency] : []))
  const uuids = plans.flatMap(({ replyTo, threadId }) => [replyTo, threadId].filter((uuid) => uuid !== null))
  const uploads = plans.flatMap(({ attachments }) => attachments)
  const names = JSON.stringify([...new Set(uuids)])
  const [used, found, followers, attachments] = await Promise.all([
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
          sender_id: string
          flags: string
          deleted: boolean
          thread_seq: string | null
          thread_uuid: Uuid | null
        }>(sql, MESSAGES, [names]),
    uuids.length === 0 ? [] : ask<PartRow>(sql, FOLLOWERS, [names]),
    uploads.length === 0
      ? []
      : ask<AttachmentRow & { readonly uuid: Uuid }>(sql, ATTACHMENTS, [JSON.stringify(uploads)]),
  ])
  const byKey = new Map(
    used.map((row) => [
      `${row.account_id} ${row.key}`,
      { requestHash: row.request_hash, subject: row.subject === null ? null : Number(row.subject) },
    ]),
  )
  const byUuid = new Map(
    found.map((row): [Uuid, FoundMessage] => {
      const { uuid, deleted, thread_seq, thread_uuid } = row
      const thread =
        thread_seq === null || thread_uuid === null ? null : { seq: Number(thread_seq), uuid: thread_uuid }
      const ids = { channelId: Number(row.channel_id), senderId: Number(row.sender_id) }
      const kind = kindOf(Number(row.flags))
      return [uuid, { uuid, seq: Number(row.seq), ...ids, kind, deleted, thread }]
    }),
  )
  const uploaded = new Map(attachments.map((row) => [row.uuid, foundAttachment(row.uuid, row)]))
  const byRoot = Map.groupBy(followers, ({ seq }) => Number(seq))
  return {
    thread: (root) => threadOf(byRoot.get(root) ?? []),
    attachment: (uuid) => uploaded.get(uuid),
    key: (accountId, key) => byKey.get(`${accountId} ${key}`),
    message: (uuid) => byUuid.get(uuid),
    requireRoom,
  }
}

/** A part in a thread, with the reset of the thread. */
interface PartRow {
  readonly seq: string
  readonly account_id: string
  readonly follow: boolean | null
  readonly at: string | null
  readonly reset_seq: string | null
  readonly reset_times: string | null
  readonly spent_seq: string | null
  readonly spent: string
  readonly corrected: boolean
}

function threadOf(parts: readonly PartRow[]): FoundThread {
  const [first] = parts
  const seq = Number(first?.reset_seq ?? 0)
  return {
    reset: { seq, storedSeq: seq, times: Number(first?.reset_times ?? 1) },
    followers: parts.map(({ account_id, follow, at, spent_seq, spent, corrected }) => ({
      accountId: Number(account_id),
      follow,
      postedAt: at === null ? null : toMicros(Number(at)),
      spent: spent_seq === null ? null : { seq: Number(spent_seq), used: Number(spent), corrected },
    })),
  }
}

/**
 * Writes a group. Returns the position of its first message; the others follow without a gap, a microsecond apart.
 * Returns undefined, with nothing written, if rights have changed after `known`, or a budget since it was looked up.
 */
export async function insertGroup(
  sql: ISql,
  group: readonly JudgedPost[],
  now: Micros,
  known: Seq,
): Promise<LogPosition | undefined> {
  const rows = group.map(({ plan, draft: { message, notified, chain } }, i) => ({
    i: i + 1,
    uuid: message.uuid,
    channel_id: message.channelId,
    sender_id: message.senderId,
    thread_seq: message.thread?.seq,
    reply_seq: message.replyTo?.seq,
    flags: flagsOf(message),
    body: message.body,
    extra: extraOf(message),
    data: notifiedFacts(notified, message.mentions),
    key: plan.idempotency?.key,
    request_hash: plan.idempotency?.requestHash,
    resets: chain?.resets || undefined,
    spent: chain?.spent?.used,
    corrected: chain?.spent?.corrected,
  }))
  const judgedBy = group.flatMap(({ draft: { message, chain } }) =>
    chain?.judgedBy ? { root_seq: message.thread?.seq, account_id: message.senderId, ...chain.judgedBy } : [],
  )
  const attached = group.flatMap(({ draft }, i) => draft.attached.map((id) => ({ i: i + 1, id })))
  const notified = group.flatMap(({ draft }, i) =>
    draft.notified.map(({ accountId, reasons }) => ({
      i: i + 1,
      account_id: accountId,
      channel_id: draft.message.channelId,
      reasons,
    })),
  )
  const [first] = await ask<{ base: string; first_at: string }>(sql, INSERT, [
    JSON.stringify(rows),
    attached.length === 0 ? null : JSON.stringify(attached),
    notified.length === 0 ? null : JSON.stringify(notified),
    judgedBy.length === 0 ? null : JSON.stringify(judgedBy),
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
async function ask<Row>(sql: ISql, text: string, values: (string | number | null)[]): Promise<Row[]> {
  const rows = await sql.unsafe(text, values, { prepare: true })
  return [...rows] as unknown as Row[]
}
