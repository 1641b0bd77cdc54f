import { getRequest, httpLoad, type LoadResult } from './lib/http-load'
import { HEALTHZ, Probe, type Question, type Taken, type Waits } from './lib/probe'
import { SLOW_SYNC_MISSING, SlowSync } from './lib/slow-sync'
import { type Synapse, startSynapse } from './lib/synapse'
import { ms, perSecond, type Row, type Workload } from './lib/workload'
import { isClean, people, posting } from './posts'

const WRITERS = 16
const DELAYS = [0, 5, 20, 60]
const PAGE = 20
const PROBE_MILLISECONDS = 15
const MAX_P99_MILLISECONDS = 5
const WARMUP_SECONDS = 1
const PATIENCE_MILLISECONDS = 10_000
const body = 'x'.repeat(256)

/** D1: whether a commit on a slow disk delays requests that write nothing. */
export const slowDisk: Workload = {
  id: 'D1',
  title: 'other requests beside 16 writers, with fdatasync slowed by 0, 5, 20 and 60 ms',
  run: async ({ quick }) => {
    using slow = await SlowSync.make(0)
    if (!slow) {
      process.stderr.write(`    ${SLOW_SYNC_MISSING}\n`)
      return []
    }
    await using server = await startSynapse({ env: slow.environment })
    const tokens = await people(server)
    const load = (writers: number, seconds: number) =>
      httpLoad({
        port: server.port,
        connections: writers,
        seconds,
        warmupSeconds: WARMUP_SECONDS,
        request: (c, n) => posting(tokens, body, c, n),
      })
    // What the server compiles on the way is no part of what a disk delays.
    await load(WRITERS, quick ? 1 : 10)
    const rows = [aloneRow(await load(1, quick ? 1 : 5))]
    const questions = await readingQuestions(server)
    using probe = new Probe({ port: server.port, questions, everyMilliseconds: PROBE_MILLISECONDS })
    rows.push(idleRow(await waitsDuring(probe, quick ? 1 : 8)))
    for (const milliseconds of DELAYS) {
      process.stderr.write(`    +${milliseconds} ms\n`)
      slow.delayBy(milliseconds)
      const seconds = quick ? 2 : 12
      const [posts, taken] = await Promise.all([load(WRITERS, seconds), waitsDuring(probe, seconds)])
      rows.push(besideWritersRow(milliseconds, posts, taken))
    }
    slow.delayBy(0)
    return rows
  },
}

/** Requests of a client that reads a busy channel and watches a quiet one. None of them writes. */
async function readingQuestions(server: Synapse): Promise<Question[]> {
  const token = await server.agent('reader', ['c0', 'quiet'])
  const call = async <Answer>(path: string, message?: object): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(message && { method: 'POST', body: JSON.stringify(message) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return (await response.json()) as Answer
  }
  for (let i = 0; i < PAGE; i++) await call('/v1/messages', { channel: 'c0', body })
  await call('/v1/messages', { channel: 'quiet', body })
  const { cursor } = await call<{ cursor: string }>('/v1/events')
  const page = `/v1/messages?channel=c0&limit=${PAGE}`
  const poll = `/v1/messages?channel=quiet&since=${cursor}`
  for (const [path, expected] of [
    [page, PAGE],
    [poll, 0],
  ] as const) {
    const { messages } = await call<{ messages: unknown[] }>(path)
    if (messages.length !== expected)
      throw new Error(`${path}: ${messages.length} messages, expected ${expected}`)
  }
  return [
    { name: 'page', request: getRequest(page, token) },
    { name: 'poll', request: getRequest(poll, token) },
    {
      name: 'pong',
      path: '/v1/ws',
      headers: `Authorization: Bearer ${token}\r\n`,
      frame: '{"type":"ping"}',
      answer: '{"type":"pong"',
    },
    HEALTHZ,
  ]
}

/** After a warm-up as long as that of the writers. */
async function waitsDuring(probe: Probe, seconds: number): Promise<Taken | undefined> {
  await Bun.sleep(WARMUP_SECONDS * 1000)
  await probe.take(PATIENCE_MILLISECONDS)
  await Bun.sleep(seconds * 1000)
  return await probe.take(PATIENCE_MILLISECONDS)
}

function aloneRow(posts: LoadResult): Row {
  const [p50, p99] = posts.latencies.quantiles(0.5, 0.99)
  return {
    workload: 'D1',
    shape: '1 writer alone, +0 ms',
    measured: `${perSecond(posts.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms`,
    goal: '–',
    met: isClean(posts),
    data: { perSecond: posts.perSecond, p50, p99, statuses: posts.statuses },
  }
}

/** What the probes measure by themselves: their timers, and the processors that they share with the server. */
function idleRow(taken: Taken | undefined): Row {
  return {
    workload: 'D1',
    shape: 'nothing posted',
    measured: textOf(taken),
    goal: '–',
    met: taken?.refused === 0,
    data: { ...taken },
  }
}

function besideWritersRow(milliseconds: number, posts: LoadResult, taken: Taken | undefined): Row {
  const [p50, p99] = posts.latencies.quantiles(0.5, 0.99)
  return {
    workload: 'D1',
    shape: `${WRITERS} writers, fdatasync +${milliseconds} ms`,
    measured: `${perSecond(posts.perSecond)}; ${textOf(taken)}`,
    goal: `each p99 ≤ ${MAX_P99_MILLISECONDS} ms`,
    met:
      isClean(posts) &&
      taken?.refused === 0 &&
      Object.values(taken.waits).every((waits) => waits.p99 <= MAX_P99_MILLISECONDS),
    data: { perSecond: posts.perSecond, p50, p99, statuses: posts.statuses, ...taken },
  }
}

function textOf(taken: Taken | undefined): string {
  if (!taken) return 'the probes are not answered any more'
  const text = ({ p50, p99, worst }: Waits) => `${ms(p50)} / ${ms(p99)} / ${ms(worst)}`
  const each = Object.entries(taken.waits).map(([name, waits]) => `${name} ${text(waits)}`)
  const refused = taken.refused > 0 ? `; ${taken.refused} refused` : ''
  return `p50 / p99 / max ms: ${each.join(', ')} (late by the client: ${text(taken.timer)})${refused}`
}
