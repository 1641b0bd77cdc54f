import { Database } from 'bun:sqlite'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { httpLoad, type LoadResult } from '../lib/http-load'
import { Latencies } from '../lib/latencies'
import { seedMessages } from '../lib/seed'
import { type Synapse, startSynapse } from '../lib/synapse'
import { waitFor } from '../lib/wait'
import { ms, perSecond, type Row, type Workload } from '../lib/workload'
import { isClean, median, people, posting } from '../posts'

const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const body = 'x'.repeat(256)

interface Loaded {
  readonly load: LoadResult
  /** Seconds of processor time of the server for each thousand posts, up to the last event of a room. */
  readonly cpu: number
}

/** MX6: durable posts while every channel is a room of Matrix, beside posts without a homeserver. */
export const projectedPosts: Workload = {
  id: 'MX6',
  title: 'posts on /v1 with every channel mirrored into Matrix (256-byte bodies, 100 channels)',
  run: async ({ quick }) => {
    const rows: Row[] = []
    for (const writers of [1, 32]) {
      const off: Loaded[] = []
      const on: Loaded[] = []
      // In turns, because the machine's speed drifts.
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        off.push(await loaded(writers, quick ? 3 : 6, {}))
        on.push(await loaded(writers, quick ? 3 : 6, NAMED))
      }
      const [without, with_] = [off, on].map((all) => median(all.map(({ load }) => load)))
      if (!without || !with_) throw new Error('nothing was measured')
      const [p99Off = Number.NaN] = without.latencies.quantiles(0.99)
      const [p99On = Number.NaN] = with_.latencies.quantiles(0.99)
      const ratio = with_.perSecond / without.perSecond
      const cpu = (all: readonly Loaded[]) => Math.min(...all.map((one) => one.cpu))
      rows.push({
        workload: 'MX6',
        shape: `${writers} writer${writers > 1 ? 's' : ''}, Matrix on`,
        measured: `${perSecond(with_.perSecond)}, p99 ${ms(p99On)} ms, ${cpu(on).toFixed(3)} s CPU per 1,000`,
        baseline: `off: ${perSecond(without.perSecond)}, p99 ${ms(p99Off)} ms, ${cpu(off).toFixed(3)} s CPU`,
        ratio,
        goal: writers === 1 ? 'p99 ≤ 1.3 × off' : '≥ 0.55 of off',
        met: isClean(with_) && (writers === 1 ? p99On <= 1.3 * p99Off : ratio >= 0.55),
        data: { on: on.map(dataOf), off: off.map(dataOf) },
      })
    }
    return rows
  },
}

/** MX7: a homeserver is switched on over many messages, while posts are made. */
export const switchedOn: Workload = {
  id: 'MX7',
  title: 'switching Matrix on over 1,000,000 messages in 100 channels',
  run: async ({ quick }) => {
    const count = quick ? 50_000 : 1_000_000
    const first = await startSynapse({ keepHome: true })
    const { home } = first
    const [token = ''] = await people(first)
    await first[Symbol.asyncDispose]()
    const head = seedMessages(home, count)
    try {
      followed(home, head)
      await using server = await startSynapse({ home, keepHome: true, env: NAMED })
      const started = performance.now()
      const rss = server.rss()
      let most = rss
      const latencies = new Latencies()
      let isDone = false
      const posting = (async () => {
        while (!isDone) {
          const began = performance.now()
          const response = await fetch(`http://127.0.0.1:${server.port}/v1/messages`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ channel: 'c1', body }),
          })
          await response.text()
          latencies.add(performance.now() - began)
          most = Math.max(most, server.rss())
          await Bun.sleep(10)
        }
      })()
      await projected(server, head, 3600_000)
      const seconds = (performance.now() - started) / 1000
      isDone = true
      await posting
      const [p50 = Number.NaN, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
      const grown = (most - rss) / 1024 / 1024
      const wanted = (100 * count) / 1_000_000
      return [
        {
          workload: 'MX7',
          shape: `${count.toLocaleString('en')} messages`,
          measured: `${seconds.toFixed(1)} s (${perSecond(count / seconds)}), posts p50 ${ms(p50)} p99 ${ms(p99)} ms, RSS + ${grown.toFixed(0)} MB`,
          goal: `≤ ${wanted} s, posts' p99 ≤ 50 ms, RSS ≤ + 100 MB`,
          met: seconds <= wanted && p99 <= 50 && grown <= 100,
          data: { count, seconds, p50, p99, grown, cpu: server.cpuSeconds() },
        },
      ]
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}

async function loaded(
  writers: number,
  seconds: number,
  env: Readonly<Record<string, string>>,
): Promise<Loaded> {
  await using server = await startSynapse({ env })
  const tokens = await people(server)
  const before = server.cpuSeconds()
  const load = await httpLoad({
    port: server.port,
    connections: writers,
    seconds,
    warmupSeconds: 1,
    request: (connection, n) => posting(tokens, body, connection, n),
  })
  if (env === NAMED) await projected(server, headOf(server), 60_000)
  const posts = messagesIn(server)
  return { load, cpu: (1000 * (server.cpuSeconds() - before)) / posts }
}

/** Lets what else follows the log begin at its end, so that switching on is all that is measured. */
function followed(home: string, head: number): void {
  using db = new Database(join(home, 'synapse.db'))
  db.run('UPDATE projections SET position = ?', [head])
}

/** Waits until the events of every row up to this one are made. */
async function projected(server: Synapse, upTo: number, patience: number): Promise<void> {
  const sql = "SELECT position FROM projections WHERE name = 'matrix'"
  await waitFor('the projector', () => (numberOf(server, sql) >= upTo ? true : undefined), patience)
}

const headOf = (server: Synapse) => numberOf(server, 'SELECT max(seq) FROM events')
const messagesIn = (server: Synapse) => numberOf(server, 'SELECT count(*) FROM messages')

function numberOf({ home }: Synapse, sql: string): number {
  using db = new Database(join(home, 'synapse.db'), { readonly: true })
  return Number(db.query<[number], []>(sql).values()[0]?.[0] ?? 0)
}

function dataOf({ load, cpu }: Loaded) {
  const [p50, p99] = load.latencies.quantiles(0.5, 0.99)
  return { perSecond: load.perSecond, p50, p99, cpu, statuses: load.statuses }
}
