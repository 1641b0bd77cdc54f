import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpLoad, postRequest } from './lib/http-load'
import { type Process, startBaseline, startSynapse } from './lib/synapse'
import { type ThinSocket, thinSocket } from './lib/websocket-load'
import { ms, type Workload } from './lib/workload'

const MISSED = 50
const JITTER_MILLISECONDS = 2000
const PATIENCE_MILLISECONDS = 60_000
const MOST_SECONDS = 10
const MOST_POST_MILLISECONDS = 200
const SEQ = Buffer.from('"seq":')

/** R1: all clients lose their connection, miss events, and come back within two seconds. */
export const reconnecting: Workload = {
  id: 'R1',
  title: '5,000 clients come back at once, each has missed 50 events',
  run: async ({ quick }) => {
    const clients = quick ? 500 : 5000
    const ours = await synapse(clients)
    const raw = await baseline(clients, ours)
    const { seconds, gaps, p50, p99, serverCpu, clientCpu } = ours
    return [
      {
        workload: 'R1',
        shape: `${clients} sockets within 2 s, ${MISSED} events each`,
        measured: `all caught up after ${seconds.toFixed(1)} s, ${gaps} gaps; posts p50 ${ms(p50)} p99 ${ms(p99)} ms; CPU: server ${serverCpu.toFixed(1)} s, client ${clientCpu.toFixed(1)} s`,
        baseline: `${raw.seconds.toFixed(1)} s; CPU: server ${raw.serverCpu.toFixed(1)} s, client ${raw.clientCpu.toFixed(1)} s (the same frames)`,
        ratio: raw.seconds / seconds,
        goal: `≤ ${MOST_SECONDS} s, 0 gaps, posts p99 ≤ ${MOST_POST_MILLISECONDS} ms`,
        met: seconds <= MOST_SECONDS && gaps === 0 && p99 <= MOST_POST_MILLISECONDS,
        data: { ours: { ...ours, frames: undefined }, raw },
      },
    ]
  },
}

interface Result extends Returned {
  readonly p50: number
  readonly p99: number
  readonly missed: readonly number[]
  /** The frames that one client received. */
  readonly frames: readonly string[]
}

async function synapse(clients: number): Promise<Result> {
  await using server = await startSynapse()
  const reader = await server.agent('reader', ['room'])
  const writer = await server.agent('writer', ['room', 'live'])
  const headers = `Authorization: Bearer ${writer}\r\n`
  const post = async (channel: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${writer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel, body: 'x'.repeat(256) }),
    })
    return ((await response.json()) as { seq: number }).seq
  }
  await post('room')
  const page = await fetch(`http://127.0.0.1:${server.port}/v1/events`, {
    headers: { authorization: `Bearer ${reader}` },
  })
  const { cursor } = (await page.json()) as { cursor: string }
  const missed: number[] = []
  for (let i = 0; i < MISSED; i++) missed.push(await post('room'))
  const client = {
    server,
    path: '/v1/ws',
    headers: `Authorization: Bearer ${reader}\r\n`,
    ask: JSON.stringify({ type: 'subscribe', channels: ['room'], since: cursor }),
    missed,
  }
  const frames: string[] = []
  await comeBack(client, [], (frame) => frames.push(frame))
  const posts = httpLoad({
    port: server.port,
    connections: 1,
    seconds: MOST_SECONDS,
    warmupSeconds: 1,
    request: () => postRequest('/v1/messages', JSON.stringify({ channel: 'live', body: 'y' }), headers),
  })
  await Bun.sleep(1000)
  const returned = await allReturn(client, clients)
  const { latencies } = await posts
  const [p50 = Number.NaN, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
  return { ...returned, p50, p99, missed, frames }
}

async function baseline(clients: number, { frames, missed }: Result): Promise<Returned> {
  const folder = mkdtempSync(join(tmpdir(), 'synapse-bench-'))
  try {
    const file = join(folder, 'frames')
    writeFileSync(file, frames.join('\n'))
    await using server = await startBaseline('raw-replay.ts', file)
    return await allReturn({ server, path: '/', headers: '', ask: '{}', missed }, clients)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Client {
  readonly server: Process & { readonly port: number }
  readonly path: string
  readonly headers: string
  /** The frame that asks for the events. */
  readonly ask: string
  readonly missed: readonly number[]
}

interface Returned {
  readonly seconds: number
  readonly gaps: number
  /** Seconds of processor time. */
  readonly serverCpu: number
  readonly clientCpu: number
}

async function allReturn(client: Client, clients: number): Promise<Returned> {
  const sockets: ThinSocket[] = []
  const server = client.server.cpuSeconds()
  const own = process.cpuUsage()
  const started = performance.now()
  const gaps = await Promise.all(
    Array.from({ length: clients }, async () => {
      await Bun.sleep(Math.random() * JITTER_MILLISECONDS)
      return comeBack(client, sockets)
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(own)
  const serverCpu = client.server.cpuSeconds() - server
  for (const socket of sockets) socket.close()
  return {
    seconds,
    gaps: gaps.reduce((sum, each) => sum + each, 0),
    serverCpu,
    clientCpu: (user + system) / 1e6,
  }
}

/** Connects, asks for what was missed, and resolves with the number of gaps when all of it has arrived. */
async function comeBack(
  { server, path, headers, ask, missed }: Client,
  sockets: ThinSocket[],
  onEvent?: (frame: string) => void,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let next = 0
  let gaps = 0
  const socket = thinSocket({
    port: server.port,
    path,
    headers,
    onFrame: (bytes, start, end) => {
      const seq = seqIn(bytes, start, end)
      if (seq === undefined) return
      onEvent?.(bytes.toString('utf8', start, end))
      if (seq !== missed[next]) gaps++
      next++
      if (next === MISSED) resolve()
    },
    onClose: () => resolve(),
  })
  sockets.push(socket)
  await socket.open
  socket.send(ask)
  await Promise.race([promise, Bun.sleep(PATIENCE_MILLISECONDS)])
  return gaps + Math.max(0, MISSED - next)
}

/** The seq of the event in a frame; undefined for a frame without one. */
function seqIn(bytes: Buffer, start: number, end: number): number | undefined {
  const at = bytes.indexOf(SEQ, start)
  if (at < 0 || at >= end || bytes.indexOf('"message.created"', start) >= end) return undefined
  let seq = 0
  for (let i = at + SEQ.length; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 48
    if (digit < 0 || digit > 9) break
    seq = seq * 10 + digit
  }
  return seq
}
