import { rmSync } from 'node:fs'
import { httpLoad, type LoadResult, postRequest } from './lib/http-load'
import { bodyOfBytes, seedMessages } from './lib/seed'
import { startSynapse } from './lib/synapse'
import { someWords } from './lib/vocabulary'
import { ms, perSecond, type Row, type Workload } from './lib/workload'

const WRITERS = 4
/** The goal: as often as long as without a purge, or this long where that is more. */
const MOST_TIMES = 5
const MOST_MILLISECONDS = 15
const WORDS_PER_MESSAGE = 24
/** The word of the last message only, by which the bench sees that all are in the index of words. */
const LAST = 'lastword'

/** Messages to purge. `isIndexed`: they have words, and all are in the index when the purge begins. */
interface Shape {
  readonly count: number
  readonly isIndexed: boolean
}

/** K1: what posts wait for while old messages are deleted. */
export const purging: Workload = {
  id: 'K1',
  title: 'a purge of 1,000,000 messages, and of 100,000 in the index of words, while 4 writers post',
  run: async ({ quick }) => [
    await purge({ count: quick ? 50_000 : 1_000_000, isIndexed: false }, quick ? 2 : 8),
    await purge({ count: quick ? 10_000 : 100_000, isIndexed: true }, quick ? 2 : 8),
  ],
}

async function purge(shape: Shape, seconds: number): Promise<Row> {
  const { count, isIndexed } = shape
  const first = await startSynapse({ keepHome: true })
  const { home } = first
  const reader = await first.agent('poster', ['room'])
  await first[Symbol.asyncDispose]()
  const bodyOf = (i: number) => (i === count - 1 ? LAST : someWords(WORDS_PER_MESSAGE).join(' '))
  seedMessages(home, count, isIndexed ? bodyOf : bodyOfBytes(256))
  try {
    await using server = await startSynapse({ home, keepHome: true })
    if (isIndexed) await untilIndexed(server.port, reader)
    const token = await server.agent('poster', ['live'])
    const body = JSON.stringify({ channel: 'live', body: 'x'.repeat(256) })
    const load = (lasting: number) =>
      httpLoad({
        port: server.port,
        connections: WRITERS,
        seconds: lasting,
        warmupSeconds: 1,
        request: () => postRequest('/v1/messages', body, `Authorization: Bearer ${token}\r\n`),
      })
    const channels = await server.admin<{ id: string; slug: string }[]>('GET', '/v1/admin/channels')
    const id = channels.find(({ slug }) => slug === 'room')?.id
    const alone = await load(seconds)
    const began = performance.now()
    let isPurged = false
    const purgeAll = async () => {
      // An answer may come before the end; asked again, it waits for the rest.
      while (!isPurged)
        isPurged = (
          await server.admin<{ done: boolean }>('POST', `/v1/admin/channels/${id}/purge`, { keep: 0 })
        ).done
      return (performance.now() - began) / 1000
    }
    const purged = purgeAll()
    const beside: LoadResult[] = []
    while (!isPurged) beside.push(await load(seconds))
    return rowOf(shape, alone, beside, await purged)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function untilIndexed(port: number, token: string): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/search?q=${LAST}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { results } = (await response.json()) as { results: unknown[] }
    if (results.length > 0) return
    await Bun.sleep(200)
  }
}

function rowOf(
  { count, isIndexed }: Shape,
  alone: LoadResult,
  beside: readonly LoadResult[],
  purgeSeconds: number,
): Row {
  const p99Of = ({ latencies }: LoadResult) => latencies.quantiles(0.99)[0] ?? Number.NaN
  const idle = p99Of(alone)
  // The last round outlasts the purge.
  const during = beside.length > 1 ? beside.slice(0, -1) : beside
  const worst = Math.max(...during.map(p99Of))
  const limit = Math.max(MOST_TIMES * idle, MOST_MILLISECONDS)
  const rate = during.reduce((sum, result) => sum + result.perSecond, 0) / during.length
  return {
    workload: 'K1',
    shape: `purge of ${count} messages${isIndexed ? ` of ${WORDS_PER_MESSAGE} indexed words` : ''} beside ${WRITERS} writers`,
    measured: `purged in ${purgeSeconds.toFixed(0)} s; posts ${perSecond(rate)}, worst p99 of a round ${ms(worst)} ms`,
    baseline: `no purge: ${perSecond(alone.perSecond)}, p99 ${ms(idle)} ms`,
    goal: `p99 ≤ ${MOST_TIMES} × no purge, or ${MOST_MILLISECONDS} ms`,
    met: worst <= limit,
    data: { purgeSeconds, p99Alone: idle, p99Beside: during.map(p99Of), rate },
  }
}
