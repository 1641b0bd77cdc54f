/**
 * The baseline on Postgres: plain Bun.serve that gathers what is posted while a commit is on its way, and writes the same
 * rows by postgres.js in one transaction a group: two inserts and the head. Run as a process of its own:
 * `bun raw-postgres.ts URL`.
 */
import postgres from 'postgres'

const sql = postgres(process.argv[2] ?? '', { max: 1, onnotice: () => {}, fetch_types: false })
await sql`CREATE TABLE messages (seq bigint PRIMARY KEY, uuid uuid NOT NULL UNIQUE, channel_id bigint NOT NULL,
  sender_id bigint NOT NULL, thread_seq bigint, reply_seq bigint, at timestamptz NOT NULL, edited_at timestamptz,
  deleted_at timestamptz, flags bigint NOT NULL, body text NOT NULL, extra text)`
await sql`CREATE INDEX messages_channel ON messages (channel_id, seq)`
await sql`CREATE TABLE events (seq bigint PRIMARY KEY, at timestamptz NOT NULL, type text NOT NULL, channel_id bigint,
  subject bigint NOT NULL, actor_id bigint, data jsonb)`
await sql`CREATE TABLE log_head (id bigint PRIMARY KEY, seq bigint NOT NULL)`
await sql`INSERT INTO log_head VALUES (1, 0)`

interface Post {
  channel: number
  sender: number
  body: string
}

let seq = 0
let queue: { body: Post; resolve: (seq: number) => void }[] = []
let isBusy = false

async function run(): Promise<void> {
  isBusy = true
  while (queue.length > 0) {
    const group = queue
    queue = []
    const at = new Date().toISOString()
    const messages = group.map(({ body }) => ({
      seq: ++seq,
      uuid: Bun.randomUUIDv7(),
      channel_id: body.channel,
      sender_id: body.sender,
      at,
      flags: 0,
      body: body.body,
    }))
    const events = messages.map((message) => ({
      seq: message.seq,
      at,
      type: 'message.created',
      channel_id: message.channel_id,
      subject: message.seq,
      actor_id: message.sender_id,
    }))
    await sql.begin((tx) => [
      tx`UPDATE log_head SET seq = ${seq} WHERE id = 1`,
      tx`INSERT INTO messages ${tx(messages)}`,
      tx`INSERT INTO events ${tx(events)}`,
    ])
    for (const [i, { resolve }] of group.entries()) resolve(messages[i]?.seq ?? 0)
  }
  isBusy = false
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: async (request) => {
    const body = (await request.json()) as Post
    const made = await new Promise<number>((resolve) => {
      queue.push({ body, resolve })
      if (!isBusy) {
        isBusy = true
        setImmediate(run)
      }
    })
    return new Response(`{"seq":${made},"body":${JSON.stringify(body.body)}}`, {
      status: 201,
      headers: { 'content-type': 'application/json' },
    })
  },
})
console.log(server.port)
