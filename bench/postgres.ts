import { generateKeyPairSync } from 'node:crypto'
import { type PostgresServer, postgresMissing, startPostgres } from '../test/support/postgres'
import { httpLoad, type LoadResult, postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { type Synapse, startBaseline, startSynapse } from './lib/synapse'
import { thinSocket } from './lib/websocket-load'
import { ms, perSecond, type Row, type Workload } from './lib/workload'
import { channelOf, isClean, median, people, posting } from './posts'

const WRITERS = 32
const body = 'x'.repeat(256)

/** P3: posts on Postgres by one process and by three, beside postgres.js writing the same rows; and how soon they arrive. */
export const postgresPosts: Workload = {
  id: 'P3',
  title: 'posts on Postgres, one process and three',
  run: async ({ quick }) => {
    if (postgresMissing) return []
    const seconds = quick ? 3 : 8
    await using server = await startPostgres()
    const rounds = { raw: [] as LoadResult[], one: [] as LoadResult[], three: [] as LoadResult[] }
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      rounds.raw.push(await rawLoad(server, seconds))
      rounds.one.push(await synapseLoad(server, 1, seconds))
      rounds.three.push(await synapseLoad(server, 3, seconds))
    }
    const [raw, one, three] = [median(rounds.raw), median(rounds.one), median(rounds.three)]
    const [p50, p99 = Number.NaN] = one.latencies.quantiles(0.5, 0.99)
    const [three50, three99] = three.latencies.quantiles(0.5, 0.99)
    const ratio = one.perSecond / raw.perSecond
    const rows: Row[] = [
      {
        workload: 'P3',
        shape: `${WRITERS} writers, one process`,
        measured: `${perSecond(one.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms`,
        baseline: perSecond(raw.perSecond),
        ratio,
        goal: '≥ 4k/s, p99 ≤ 20 ms, ≥ 0.50 of raw',
        met: isClean(one) && one.perSecond >= 4000 && p99 <= 20 && ratio >= 0.5,
        data: { one: one.perSecond, raw: raw.perSecond, statuses: one.statuses },
      },
      {
        workload: 'P3',
        shape: `${WRITERS} writers, three processes`,
        measured: `${perSecond(three.perSecond)}, p50 ${ms(three50)} p99 ${ms(three99)} ms`,
        baseline: `one process: ${perSecond(one.perSecond)}`,
        ratio: three.perSecond / one.perSecond,
        goal: 'not below one process',
        met: isClean(three) && three.perSecond >= one.perSecond,
        data: { three: three.perSecond, statuses: three.statuses },
      },
    ]
    const [own, other] = await deliveries(server, quick ? 300 : 2000)
    rows.push({
      workload: 'P3',
      shape: '50 posts/s, to a socket on another process',
      measured: `p50 ${ms(other?.p50)} p99 ${ms(other?.p99)} ms`,
      baseline: `same process: p50 ${ms(own?.p50)} p99 ${ms(own?.p99)} ms`,
      ratio: (other?.p99 ?? Number.NaN) / (own?.p99 ?? Number.NaN),
      goal: 'p99 ≤ 3 × in process',
      met: (other?.p99 ?? Number.NaN) <= 3 * (own?.p99 ?? Number.NaN),
      data: { own, other },
    })
    return rows
  },
}

async function rawLoad(server: PostgresServer, seconds: number): Promise<LoadResult> {
  await using raw = await startBaseline('raw-postgres.ts', await server.createDatabase())
  return await httpLoad({
    port: raw.port,
    connections: WRITERS,
    seconds,
    warmupSeconds: 1,
    request: (c, n) =>
      postRequest('/', JSON.stringify({ channel: channelOf(c, n), sender: c % 20, body }), ''),
  })
}

async function synapseLoad(server: PostgresServer, processes: number, seconds: number): Promise<LoadResult> {
  await using replicas = await startReplicas(server, processes)
  const tokens = await people(replicas.first)
  const shares = replicas.all.map((_, i) => Math.floor((WRITERS + i) / processes))
  const loads = await Promise.all(
    replicas.all.map(({ port }, i) =>
      httpLoad({
        port,
        connections: shares[i] ?? 1,
        seconds,
        warmupSeconds: 1,
        request: (c, n) => posting(tokens, body, c * processes + i, n),
      }),
    ),
  )
  return joined(loads)
}

/** Times from sending a post to its arrival at a socket of the same process, and of another one, in milliseconds. */
async function deliveries(server: PostgresServer, posts: number) {
  await using replicas = await startReplicas(server, 2)
  const token = await replicas.first.agent('reader', ['room'])
  const headers = `Authorization: Bearer ${token}\r\n`
  const arrived = replicas.all.map(() => new Latencies())
  const sockets = replicas.all.map(({ port }, i) =>
    thinSocket({
      port,
      path: '/v1/ws',
      headers,
      onFrame: (bytes, start, end) => {
        const mark = bytes.indexOf(0x23, start)
        if (mark < 0 || mark > end) return
        const sentAt = Number(bytes.toString('latin1', mark + 1, mark + 20).split('#')[0])
        arrived[i]?.add(performance.now() - sentAt)
      },
    }),
  )
  for (const socket of sockets) {
    await socket.open
    socket.send(JSON.stringify({ type: 'subscribe', channels: ['room'] }))
  }
  await Bun.sleep(200)
  for (let n = 0; n < posts; n++) {
    const text = `#${performance.now().toFixed(3)}#${'x'.repeat(220)}`
    await fetch(`http://127.0.0.1:${replicas.first.port}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'room', body: text }),
    })
    await Bun.sleep(20)
  }
  await Bun.sleep(500)
  for (const socket of sockets) socket.close()
  return arrived.map((latencies) => {
    const [p50, p99] = latencies.quantiles(0.5, 0.99)
    return { p50, p99 }
  })
}

async function startReplicas(server: PostgresServer, count: number) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const env = {
    SYNAPSE_DATABASE_URL: await server.createDatabase(),
    SYNAPSE_INSTANCE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  const all: Synapse[] = []
  for (let i = 0; i < count; i++) all.push(await startSynapse({ env }))
  const [first] = all
  if (!first) throw new Error('no replica was asked for')
  return {
    all,
    first,
    [Symbol.asyncDispose]: async () => {
      for (const one of all) await one[Symbol.asyncDispose]()
    },
  }
}

function joined(loads: readonly LoadResult[]): LoadResult {
  const latencies = new Latencies()
  const statuses: Record<number, number> = {}
  for (const load of loads) {
    latencies.addAll(load.latencies)
    for (const [status, n] of Object.entries(load.statuses))
      statuses[Number(status)] = (statuses[Number(status)] ?? 0) + n
  }
  return {
    requests: loads.reduce((sum, { requests }) => sum + requests, 0),
    seconds: Math.max(...loads.map(({ seconds }) => seconds)),
    perSecond: loads.reduce((sum, load) => sum + load.perSecond, 0),
    latencies,
    statuses,
  }
}
