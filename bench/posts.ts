import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpLoad, type LoadResult, postRequest } from './lib/http-load'
import { SLOW_SYNC_MISSING, SlowSync } from './lib/slow-sync'
import { type Synapse, startBaseline, startSynapse } from './lib/synapse'
import { ms, perSecond, type Row, type Workload } from './lib/workload'

const CHANNELS = 100
const AGENTS = 20
const body = 'x'.repeat(256)

type Kind = 'plain' | 'keyed' | 'mention'

/** P1: durable posts by 1, 32 and 256 writers, each beside raw Bun writing the same rows in this run. */
export const posts: Workload = {
  id: 'P1',
  title: 'durable posts (synchronous=FULL, 256-byte bodies, 100 channels)',
  run: async ({ quick }) => {
    const seconds = quick ? 2 : 6
    const rows: Row[] = []
    for (const writers of [1, 32, 256]) {
      // In turns, because the machine's speed drifts.
      const rounds = { raw: [] as LoadResult[], synapse: [] as LoadResult[] }
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        rounds.raw.push(await rawLoad(writers, seconds))
        rounds.synapse.push(await synapseLoad(writers, seconds, 'plain'))
      }
      rows.push(rowOf(writers, 'plain', median(rounds.synapse), median(rounds.raw)))
    }
    for (const kind of ['keyed', 'mention'] as const)
      rows.push(rowOf(32, kind, await synapseLoad(32, seconds, kind), await rawLoad(32, seconds, kind)))
    return rows
  },
}

/** P2: the same with every fdatasync one millisecond slower. */
export const slowPosts: Workload = {
  id: 'P2',
  title: 'durable posts with fdatasync slowed by 1 ms',
  run: async ({ quick }) => {
    using slow = await SlowSync.make(1)
    if (!slow) {
      process.stderr.write(`    ${SLOW_SYNC_MISSING}\n`)
      return []
    }
    const result = await synapseLoad(32, quick ? 2 : 6, 'plain', slow.environment)
    const [p50, p99] = result.latencies.quantiles(0.5, 0.99)
    return [
      {
        workload: 'P2',
        shape: '32 writers, fdatasync +1 ms',
        measured: `${perSecond(result.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms`,
        goal: '≥ 5k/s',
        met: result.perSecond >= 5000,
        data: dataOf(result),
      },
    ]
  },
}

const goals: Record<number, { text: string; met: (result: LoadResult, p99: number) => boolean }> = {
  1: { text: '≥ 5k/s, p99 ≤ 1 ms', met: (r, p99) => r.perSecond >= 5000 && p99 <= 1 },
  32: { text: '≥ 20k/s, p99 ≤ 8 ms, ≥ 0.60 of raw', met: (r, p99) => r.perSecond >= 20_000 && p99 <= 8 },
  256: { text: 'no error, p99 ≤ 50 ms', met: (r, p99) => isClean(r) && p99 <= 50 },
}

function rowOf(writers: number, kind: Kind, result: LoadResult, raw: LoadResult): Row {
  const [p50, p99 = Number.NaN] = result.latencies.quantiles(0.5, 0.99)
  const goal = kind === 'plain' ? goals[writers] : undefined
  const ratio = result.perSecond / raw.perSecond
  const ratioMet = writers !== 32 || ratio >= 0.6
  return {
    workload: 'P1',
    shape: `${writers} writer${writers > 1 ? 's' : ''}, ${kind}`,
    measured: `${perSecond(result.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms`,
    baseline: perSecond(raw.perSecond),
    ratio,
    goal: goal?.text ?? '–',
    met: isClean(result) && (goal === undefined || (goal.met(result, p99) && ratioMet)),
    data: { ...dataOf(result), raw: dataOf(raw) },
  }
}

async function rawLoad(writers: number, seconds: number, kind: Kind = 'plain'): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'synapse-raw-'))
  try {
    await using server = await startBaseline('raw-server.ts', join(folder, 'raw.db'), kind)
    return await httpLoad({
      port: server.port,
      connections: writers,
      seconds,
      warmupSeconds: 1,
      request: (c, n) =>
        postRequest(
          '/',
          JSON.stringify({ channel: channelOf(c, n), sender: c % AGENTS, body, key: `${c}-${n}` }),
          '',
        ),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function synapseLoad(
  writers: number,
  seconds: number,
  kind: Kind,
  env: Readonly<Record<string, string>> = {},
): Promise<LoadResult> {
  await using server = await startSynapse({ env })
  const tokens = await people(server)
  return await httpLoad({
    port: server.port,
    connections: writers,
    seconds,
    warmupSeconds: 1,
    request: (c, n) => {
      const text = kind === 'mention' ? `@agent-1 ${body.slice(9)}` : body
      const key = kind === 'keyed' ? `Idempotency-Key: ${c}-${n}\r\n` : ''
      return posting(tokens, text, c, n, key)
    },
  })
}

/** The `n`th post of a connection, with further header lines. */
export function posting(
  tokens: readonly string[],
  text: string,
  connection: number,
  n: number,
  more = '',
): string {
  const json = JSON.stringify({ channel: `c${channelOf(connection, n)}`, body: text })
  return postRequest('/v1/messages', json, `Authorization: Bearer ${tokens[connection % AGENTS]}\r\n${more}`)
}

export async function people(server: Synapse): Promise<string[]> {
  const slugs = Array.from({ length: CHANNELS }, (_, i) => `c${i}`)
  const tokens: string[] = []
  for (let i = 0; i < AGENTS; i++) {
    const first = await server.agent(`agent-${i}`, slugs.slice(0, 50))
    const second = await server.agent(`agent-${i}`, slugs.slice(50))
    if (!first || !second) throw new Error('no token')
    const scopes = ['channel:*:read', 'channel:*:post']
    const issued = await server.admin<{ token: string }>('POST', '/v1/admin/tokens', {
      account_handle: `agent-${i}`,
      scopes,
    })
    tokens.push(issued.token)
  }
  return tokens
}

export function channelOf(connection: number, count: number): number {
  return (connection * 7 + count) % CHANNELS
}

export function isClean({ statuses }: LoadResult): boolean {
  return Object.keys(statuses).every((status) => status === '201')
}

function dataOf(result: LoadResult) {
  const [p50, p99, p999] = result.latencies.quantiles(0.5, 0.99, 0.999)
  return { perSecond: result.perSecond, p50, p99, p999, statuses: result.statuses }
}

export function median(results: readonly LoadResult[]): LoadResult {
  const sorted = [...results].sort((a, b) => a.perSecond - b.perSecond)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (!middle) throw new Error('nothing was measured')
  return middle
}
