import type { Clock } from '../../src/core/kernel/time'
import type { World } from './world'

/** On Postgres the row of the head is a lower bound that posts leave unchanged. */
const RAISE_HEAD =
  'UPDATE log_head SET seq = (SELECT max(seq) FROM events), last_at = (SELECT max(at) FROM events)'

export interface Filling {
  readonly channel: string
  readonly sender: string
  readonly count: number
  /** Microseconds from one message to the next; default: 1. */
  readonly every?: number
}

/** Adds many messages with their events to a channel, as if they had been posted. The server must be stopped. */
export async function fill<Time extends Clock>(
  w: World<Time>,
  { channel, sender, count, every = 1 }: Filling,
): Promise<void> {
  await w.sql(RAISE_HEAD)
  const [head] = await w.sql<{ seq: number }>('SELECT seq FROM log_head')
  const before = head?.seq ?? 0
  await w.sql(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body)
     SELECT seq + i, ${w.words.newUuid}, (SELECT id FROM channels WHERE slug = '${channel}'),
            (SELECT id FROM accounts WHERE handle = '${sender}'), ${w.words.after('last_at', `i * ${every}`)}, 32,
            '${channel} ' || (i - 1)
     FROM n, log_head`,
  )
  await w.sql(
    `INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
     SELECT seq, at, 'message.created', channel_id, seq, sender_id FROM messages WHERE seq > ?`,
    before,
  )
  await w.sql(RAISE_HEAD)
}
