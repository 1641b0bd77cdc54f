import { rmSync } from 'node:fs'
import { getRequest, httpLoad, type LoadResult } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { seedMessages } from './lib/seed'
import { type Synapse, startSynapse } from './lib/synapse'
import { ms, perSecond, type Row, type Workload } from './lib/workload'

interface Seeded {
  readonly server: Synapse
  readonly token: string
  readonly last: number
}

/** A server over a channel of so many messages. */
async function seeded(count: number, use: (seeded: Seeded) => Promise<Row[]>): Promise<Row[]> {
  const first = await startSynapse()
  const token = await first.agent('reader', ['room'])
  const { home } = first
  // Stopped without its home, which the next one takes over.
  process.kill(first.pid, 'SIGTERM')
  await Bun.sleep(1500)
  const last = seedMessages(home, count)
  try {
    await using server = await startSynapse({ home })
    return await use({ server, token, last })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function cursorAt({ server, token }: Seeded, seq: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/server`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { epoch } = (await response.json()) as { epoch: string }
  return Buffer.from(`2|${epoch}|${seq}`).toString('base64url')
}

/** R2: one new event at the end of a channel of a million: what a client that comes back pays. */
export const resume: Workload = {
  id: 'R2',
  title: 'resume at head − 1 of a channel with 1,000,000 messages',
  run: ({ quick }) =>
    seeded(quick ? 100_000 : 1_000_000, async (all) => {
      const since = await cursorAt(all, all.last - 1)
      const latencies = new Latencies()
      let events = 0
      for (let i = 0; i < 200; i++) {
        const started = performance.now()
        const response = await fetch(
          `http://127.0.0.1:${all.server.port}/v1/events?since=${since}&channel=room`,
          {
            headers: { authorization: `Bearer ${all.token}` },
          },
        )
        events = ((await response.json()) as { events: unknown[] }).events.length
        latencies.add(performance.now() - started)
      }
      const [p50, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
      return [
        {
          workload: 'R2',
          shape: `GET /v1/events, ${quick ? '100k' : '1M'} messages`,
          measured: `p50 ${ms(p50)} p99 ${ms(p99)} ms, ${events} event`,
          goal: '≤ 20 ms, exactly 1 event',
          met: p99 <= 20 && events === 1,
          data: { p50, p99, events },
        },
      ]
    }),
}

/** H1: pages of 50 backward from anywhere. */
export const history: Workload = {
  id: 'H1',
  title: 'a page of 50 backward from any seq of 1,000,000',
  run: ({ quick }) =>
    seeded(quick ? 100_000 : 1_000_000, async (all) => {
      const cursors: string[] = []
      for (let i = 0; i < 500; i++)
        cursors.push(await cursorAt(all, 1000 + Math.floor(Math.random() * (all.last - 1000))))
      const result = await httpLoad({
        port: all.server.port,
        connections: 4,
        seconds: quick ? 2 : 5,
        warmupSeconds: 1,
        request: (c, n) =>
          getRequest(`/v1/messages?channel=room&limit=50&before=${cursors[(c * 131 + n) % 500]}`, all.token),
      })
      const [p50, p99 = Number.NaN] = result.latencies.quantiles(0.5, 0.99)
      return [
        {
          workload: 'H1',
          shape: `GET /v1/messages?before=, 4 readers, ${quick ? '100k' : '1M'} messages`,
          measured: `p50 ${ms(p50)} p99 ${ms(p99)} ms, ${perSecond(result.perSecond)}`,
          goal: 'p99 ≤ 15 ms',
          met: p99 <= 15 && result.statuses[200] === result.requests,
          data: { p50, p99, perSecond: result.perSecond },
        },
      ]
    }),
}

/** PL: the poll of a recent cursor costs the same in a channel of a thousand and of a million. */
export const poll: Workload = {
  id: 'PL',
  title: 'poll of a recent cursor from 1 thousand to 1 million messages',
  run: async ({ quick }) => {
    const measured: { size: number; result: LoadResult }[] = []
    for (const size of quick ? [1000, 100_000] : [1000, 30_000, 1_000_000])
      await seeded(size, async (all) => {
        const since = await cursorAt(all, all.last - 5)
        const request = () => getRequest(`/v1/messages?channel=room&since=${since}`, all.token)
        const load = {
          port: all.server.port,
          connections: 4,
          seconds: quick ? 2 : 5,
          warmupSeconds: 1,
          request,
        }
        measured.push({ size, result: await httpLoad(load) })
        return []
      })
    const rates = measured.map(({ result }) => result.perSecond)
    const middle = rates.reduce((a, b) => a + b, 0) / rates.length
    const spread = Math.max(...rates.map((rate) => Math.abs(rate / middle - 1)))
    return [
      {
        workload: 'PL',
        shape: 'GET /v1/messages?since=, 5 new messages, 4 readers',
        measured: measured.map(({ size, result }) => `${size}: ${perSecond(result.perSecond)}`).join(', '),
        goal: 'flat, ± 20 %',
        met: spread <= 0.2,
        data: { rates, spread },
      },
    ]
  },
}
