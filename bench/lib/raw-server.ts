/**
 * The baseline: plain Bun.serve and bun:sqlite writing the same rows (message and event, same columns and indexes) with
 * the same group commit and durability, and nothing else. Run as a process of its own: `bun raw-server.ts FILE KIND`,
 * where a keyed post also writes its retry key and one with a mention the list of whom it names.
 */
import { Database } from 'bun:sqlite'

const [, , file = ':memory:', kind = 'plain'] = process.argv
const db = new Database(file, { create: true, strict: true })
for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 4000'])
  db.run(`PRAGMA ${pragma}`)
db.run(`CREATE TABLE messages (seq integer PRIMARY KEY NOT NULL, uuid blob NOT NULL, channel_id integer NOT NULL,
  sender_id integer NOT NULL, thread_seq integer, reply_seq integer, at integer NOT NULL, edited_at integer,
  deleted_at integer, flags integer NOT NULL, body text NOT NULL, extra text)`)
db.run('CREATE UNIQUE INDEX messages_uuid ON messages (uuid)')
db.run('CREATE INDEX messages_channel ON messages (channel_id, seq)')
db.run(`CREATE TABLE events (seq integer PRIMARY KEY NOT NULL, at integer NOT NULL, type text NOT NULL,
  channel_id integer, subject integer NOT NULL, actor_id integer, data text)`)
db.run(`CREATE TABLE idempotency (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, account_id integer NOT NULL,
  key text NOT NULL, request_hash text NOT NULL, subject integer NOT NULL, at integer NOT NULL)`)
db.run('CREATE UNIQUE INDEX idempotency_key ON idempotency (account_id, key)')
const insertKey = db.prepare(
  'INSERT INTO idempotency (account_id, key, request_hash, subject, at) VALUES (?, ?, ?, ?, ?)',
)
const requestHash = '0'.repeat(64)
const extra = kind === 'mention' ? '{"m":[2]}' : null
const insertMessage = db.prepare(
  'INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body, extra) VALUES (?, ?, ?, ?, ?, 0, ?, ?)',
)
const insertEvent = db.prepare(
  "INSERT INTO events (seq, at, type, channel_id, subject, actor_id) VALUES (?, ?, 'message.created', ?, ?, ?)",
)

interface Post {
  channel: number
  sender: number
  body: string
  key: string
}

let seq = 0
let queue: { body: Post; resolve: (seq: number) => void }[] = []

function commit(): void {
  const group = queue
  queue = []
  db.run('BEGIN IMMEDIATE')
  for (const { body } of group) {
    const at = Date.now() * 1000 + seq
    seq++
    insertMessage.run(
      seq,
      Uint8Array.fromHex(Bun.randomUUIDv7('hex').replaceAll('-', '')),
      body.channel,
      body.sender,
      at,
      body.body,
      extra,
    )
    insertEvent.run(seq, at, body.channel, seq, body.sender)
    if (kind === 'keyed') insertKey.run(body.sender, body.key, requestHash, seq, at)
  }
  db.run('COMMIT')
  let n = seq - group.length
  for (const { resolve } of group) resolve(++n)
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: async (request) => {
    const body = (await request.json()) as Post
    const made = await new Promise<number>((resolve) => {
      if (queue.push({ body, resolve }) === 1) setImmediate(commit)
    })
    return new Response(`{"seq":${made},"body":${JSON.stringify(body.body)}}`, {
      status: 201,
      headers: { 'content-type': 'application/json' },
    })
  },
})
console.log(server.port)
