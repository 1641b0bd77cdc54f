import { postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { type Synapse, startSynapse } from './lib/synapse'
import { waitFor } from './lib/wait'
import { thinSocket } from './lib/websocket-load'
import { ms, type Workload } from './lib/workload'
import { openWriters } from './lib/writers'

const HEALTHY = 10

interface Measured {
  readonly p99: number
  readonly lost: number
  readonly extraBytes: number
  readonly closed: number
  readonly closedAfter: number
}

/** L1: readers that take nothing must cost the others nothing, and end. */
export const slowConsumers: Workload = {
  id: 'L1',
  title: '20 stalled and 10 healthy readers',
  run: async ({ quick }) => {
    const posts = quick ? 3000 : 20_000
    const control = await run(0, posts)
    const loaded = await run(20, posts)
    const each = (loaded.extraBytes - control.extraBytes) / 20 / 1024 / 1024
    const ratio = loaded.p99 / control.p99
    return [
      {
        workload: 'L1',
        shape: `20 stalled + 10 healthy, ${posts} × 3.5 KB`,
        measured: `healthy p99 ${ms(loaded.p99)} ms (${ratio.toFixed(2)} × control), ${each.toFixed(2)} MiB a stalled one, ${loaded.closed} of 20 closed after ${loaded.closedAfter.toFixed(0)} s, ${loaded.lost} lost`,
        baseline: `control p99 ${ms(control.p99)} ms`,
        ratio,
        goal: '≤ 1.3 × control, ≤ 1.5 MiB each, all closed within 40 s',
        met:
          ratio <= 1.3 &&
          each <= 1.5 &&
          loaded.closed === 20 &&
          loaded.closedAfter <= 40 &&
          loaded.lost === 0,
        data: { control, loaded },
      },
    ]
  },
}

async function run(stalled: number, posts: number): Promise<Measured> {
  await using server = await startSynapse()
  const token = await server.agent('reader', ['room'])
  const headers = `Authorization: Bearer ${token}\r\n`
  const latencies = new Latencies()
  let received = 0
  const open = (onFrame: (bytes: Buffer, start: number, end: number) => void) =>
    thinSocket({
      port: server.port,
      path: '/v1/ws',
      headers,
      onFrame,
    })
  const healthy = Array.from({ length: HEALTHY }, () =>
    open((bytes, start, end) => {
      const mark = bytes.indexOf(0x23, start)
      if (mark < 0 || mark > end) return
      received++
      latencies.add(performance.now() - Number(bytes.toString('latin1', mark + 1, mark + 20).split('#')[0]))
    }),
  )
  const dead = Array.from({ length: stalled }, () => open(() => {}))
  for (const socket of [...healthy, ...dead]) {
    await socket.open
    socket.send('{"type":"subscribe","channels":["room"]}')
  }
  await Bun.sleep(300)
  for (const socket of dead) socket.pause()
  const before = server.rss()
  const started = performance.now()
  const padding = 'x'.repeat(3000)
  const writers = await openWriters(server.port, 8)
  let peak = before
  for (let i = 0; i < posts; i++) {
    // 700 a second, whatever the answers do.
    const due = started + i / 0.7
    const wait = due - performance.now()
    if (wait > 0.5) await Bun.sleep(wait)
    writers.send(
      postRequest(
        '/v1/messages',
        JSON.stringify({ channel: 'room', body: `#${due.toFixed(3)}#${padding}` }),
        headers,
      ),
    )
    if (i % 500 === 0) peak = Math.max(peak, server.rss())
  }
  await writers.finish()
  await waitFor('the healthy ones', () => received >= posts * HEALTHY || undefined, 20).catch(() => {})
  // Asked of the server, because a client that does not read does not see the end either.
  const isOver = async () => (await openStreams(server)) === HEALTHY || undefined
  if (stalled > 0) await waitFor('the stalled ones to be closed', isOver, 60).catch(() => {})
  const closedAfter = (performance.now() - started) / 1000
  const closed = stalled + HEALTHY - (await openStreams(server))
  const [p99 = Number.NaN] = latencies.quantiles(0.99)
  for (const socket of healthy) socket.close()
  return {
    p99,
    lost: posts * HEALTHY - received,
    extraBytes: peak - before,
    closed,
    closedAfter,
  }
}

async function openStreams(server: Synapse): Promise<number> {
  return (await server.admin<{ counts: { streams: number } }>('GET', '/v1/health')).counts.streams
}
