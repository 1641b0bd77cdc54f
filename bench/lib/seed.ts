import { Database } from 'bun:sqlite'
import { join } from 'node:path'

/**
 * Fills a stopped server's store with messages of its first agent, as posts would have: message, event and head. They are
 * in its channels by turns. Answers the seq of the last one.
 */
export function seedMessages(home: string, count: number, bodyOf = bodyOfBytes(256)): number {
  const db = new Database(join(home, 'synapse.db'), { strict: true })
  db.run('PRAGMA synchronous = OFF')
  const head = db.query<{ seq: number; last_at: number }, []>('SELECT seq, last_at FROM log_head').get()
  const channels = db.query<{ id: number }, []>('SELECT id FROM channels ORDER BY id').all()
  const sender = db
    .query<{ id: number }, []>("SELECT id FROM accounts WHERE kind = 'agent' ORDER BY id")
    .get()
  if (!head || channels.length === 0 || !sender) throw new Error('the store has no head, channel or agent')
  const message = db.prepare(
    'INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body) VALUES (?, ?, ?, ?, ?, 0, ?)',
  )
  const event = db.prepare(
    "INSERT INTO events (seq, at, type, channel_id, subject, actor_id) VALUES (?, ?, 'message.created', ?, ?, ?)",
  )
  let { seq, last_at: at } = head
  for (let done = 0; done < count; ) {
    db.run('BEGIN')
    for (let i = 0; i < 10_000 && done < count; i++, done++) {
      seq++
      at += 1000
      const channel = channels[done % channels.length]?.id ?? 0
      message.run(seq, Bun.randomUUIDv7('buffer'), channel, sender.id, at, bodyOf(done))
      event.run(seq, at, channel, seq, sender.id)
    }
    db.query('UPDATE log_head SET seq = ?, last_at = ?').run(seq, at)
    db.run('COMMIT')
  }
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  return seq
}

/** The same body of so many bytes for each message. */
export function bodyOfBytes(bytes: number): (index: number) => string {
  const body = 'x'.repeat(bytes)
  return () => body
}
