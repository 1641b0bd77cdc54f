import { Database } from 'bun:sqlite'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Latencies } from './lib/latencies'
import { startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

const AGENTS = 200
const CHANNELS = 10
const REQUESTS = 100
const MOST_MILLISECONDS = 100
const SECONDS_PER_DAY = 86_400

/** N2: the activity of 200 agents over a day with a million messages. */
export const activity: Workload = {
  id: 'N2',
  title: `GET /v1/activity over ${AGENTS} agents, 24 h and 1,000,000 messages`,
  run: async ({ quick }) => {
    const count = quick ? 100_000 : 1_000_000
    const slugs = Array.from({ length: CHANNELS }, (_, i) => `c${i}`)
    const first = await startSynapse({ keepHome: true })
    const { home } = first
    const token = await first.agent('watcher', slugs)
    for (let i = 0; i < AGENTS; i++) await first.agent(`agent-${i}`, slugs)
    await first[Symbol.asyncDispose]()
    fill(home, count)
    try {
      await using server = await startSynapse({ home, keepHome: true })
      const rows: Row[] = []
      for (const window of ['24h', '1h', '7d']) {
        const latencies = new Latencies()
        let seen = 0
        let agents = 0
        for (let i = -20; i < REQUESTS; i++) {
          const started = performance.now()
          const response = await fetch(`http://127.0.0.1:${server.port}/v1/activity?window=${window}`, {
            headers: { authorization: `Bearer ${token}` },
          })
          const body = (await response.json()) as { agents: { posts: number[] }[] }
          // The first requests compile the statements.
          if (i >= 0) latencies.add(performance.now() - started)
          agents = body.agents.length
          seen = body.agents.reduce((sum, { posts }) => sum + posts.reduce((one, other) => one + other, 0), 0)
        }
        const [p50, p95 = Number.NaN, p99] = latencies.quantiles(0.5, 0.95, 0.99)
        rows.push({
          workload: 'N2',
          shape: `GET /v1/activity?window=${window}, ${agents} agents, ${seen} of ${count} messages counted`,
          measured: `p50 ${ms(p50)} p95 ${ms(p95)} p99 ${ms(p99)} ms`,
          goal: `p95 ≤ ${MOST_MILLISECONDS} ms`,
          met: p95 <= MOST_MILLISECONDS && agents >= AGENTS && seen > 0,
          data: { p50, p95, p99, seen, agents },
        })
      }
      return rows
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}

/**
 * Fills a stopped server's store with messages of all agents over the last day, as posts and the projection would have. A
 * hundredth of them names an agent.
 */
function fill(home: string, count: number): void {
  const db = new Database(join(home, 'synapse.db'), { strict: true })
  db.run('PRAGMA synchronous = OFF')
  db.run('BEGIN')
  const { seq: base } = db.query<{ seq: number }, []>('SELECT seq FROM log_head').get() ?? { seq: 0 }
  const channels = db.query<{ id: number }, []>("SELECT id FROM channels WHERE slug LIKE 'c%'").all()
  const agents = db.query<{ id: number }, []>("SELECT id FROM accounts WHERE handle LIKE 'agent-%'").all()
  const message = db.prepare(
    'INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body) VALUES (?, ?, ?, ?, ?, 0, ?)',
  )
  const event = db.prepare(
    "INSERT INTO events (seq, at, type, channel_id, subject, actor_id) VALUES (?, ?, 'message.created', ?, ?, ?)",
  )
  const item = db.prepare(
    'INSERT INTO inbox (account_id, seq, message_seq, channel_id, reasons, state) VALUES (?, ?, ?, ?, 2, 0)',
  )
  const now = Date.now() * 1000
  const step = Math.floor((SECONDS_PER_DAY * 1_000_000) / count)
  const body = 'x'.repeat(256)
  const pick = <Value>(list: readonly Value[], i: number) => list[i % list.length]
  for (let i = 0; i < count; i++) {
    const seq = base + 1 + i
    const at = now - (count - i) * step
    const channel = pick(channels, i * 7 + Math.floor(i / 11))?.id ?? 0
    const sender = pick(agents, i * 13 + Math.floor(i / 17))?.id ?? 0
    message.run(seq, Bun.randomUUIDv7('buffer'), channel, sender, at, body)
    event.run(seq, at, channel, seq, sender)
    if (i % 100 === 0) item.run(pick(agents, i * 31 + 1)?.id ?? 0, seq, seq, channel)
  }
  const row = db.prepare(
    "INSERT INTO activity (span, part, channel_id, account_id, is_agent, last_seq, counts, usage) VALUES (?, ?, ?, ?, 1, ?, ?, '[]')",
  )
  for (const [span, length] of [
    [60, 60],
    [1800, 48],
    [7200, 84],
  ] as const) {
    const cells = db
      .query<{ slot: number; channel: number; account: number; posts: number; last: number }, []>(
        `SELECT at / (${span} * 1000000) AS slot, channel_id AS channel, sender_id AS account, count(*) AS posts, max(seq) AS last
         FROM messages WHERE seq > ${base} GROUP BY 1, 2, 3 ORDER BY 1`,
      )
      .all()
    const rows = Map.groupBy(
      cells,
      ({ slot, channel, account }) => `${Math.floor(slot / length)} ${channel} ${account}`,
    )
    for (const [key, own] of rows) {
      const [part = 0, channel = 0, account = 0] = key.split(' ').map(Number)
      const counts = own.flatMap(({ slot, posts }) => [slot - part * length, posts])
      // What is older than two windows is forgotten.
      if (part >= Math.floor(now / (span * length * 1_000_000)) - 1)
        row.run(span, part, channel, account, own.at(-1)?.last ?? 0, JSON.stringify(counts))
    }
  }
  const head = base + count
  db.query('UPDATE log_head SET seq = ?, last_at = ?').run(head, now)
  for (const name of ['activity', 'search', 'implied_acks', 'awaited', 'webhooks'])
    db.query(
      'INSERT INTO projections (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
    ).run(name, head)
  db.run('COMMIT')
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
