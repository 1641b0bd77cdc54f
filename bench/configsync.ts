import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Latencies } from './lib/latencies'
import { type Synapse, startBaseline, startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

const MIB = 1024 * 1024
const LEAST_RATIO = 0.7
const LISTED_WITHIN_MS = 20
const MACHINES = 1000
const SNAPSHOTS = 10_000
const PUSH = '/api/machines/snapshot'
const limits = { SYNAPSE_CONFIGSYNC_USER_QUOTA_BYTES: String(2 ** 40), SYNAPSE_CONFIGSYNC_MAX_MACHINES: '0' }

interface Server {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
}

/** Y1: states of 1, 10 and 25 MB pushed and pulled, one at a time, beside raw Bun that syncs them too, in this run. */
export const pushAndPull: Workload = {
  id: 'Y1',
  title: 'push and pull of the state of a machine (ConfigSync)',
  run: async ({ quick }) => {
    const rounds = quick ? 6 : 20
    const folder = mkdtempSync(join(tmpdir(), 'synapse-raw-'))
    try {
      await using raw = await startBaseline('raw-configsync.ts', folder)
      await using synapse = await startSynapse({ env: limits })
      const ours: Server = {
        port: synapse.port,
        headers: { authorization: `Bearer ${await tokenOn(synapse)}` },
      }
      const theirs: Server = { port: raw.port, headers: {} }
      const rows: Row[] = []
      for (const megabytes of [1, 10, 25]) rows.push(...(await compared(ours, theirs, megabytes, rounds)))
      return rows
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

/** Y2: lists of a user with many machines and snapshots. */
export const listing: Workload = {
  id: 'Y2',
  title: `lists of ${MACHINES} machines and ${SNAPSHOTS} snapshots (ConfigSync)`,
  run: async ({ quick }) => {
    const home = mkdtempSync(join(tmpdir(), 'synapse-bench-'))
    try {
      let token: string
      {
        await using synapse = await startSynapse({ home, keepHome: true, env: limits })
        token = await tokenOn(synapse)
      }
      seed(join(home, 'synapse.db'))
      await using synapse = await startSynapse({ home, env: limits })
      const server = { port: synapse.port, headers: { authorization: `Bearer ${token}` } }
      const rows: Row[] = []
      for (const path of ['/api/machines', '/api/machines/history?limit=200'])
        rows.push(await listed(server, path, quick ? 50 : 300))
      return rows
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}

async function tokenOn(synapse: Synapse): Promise<string> {
  const users = '/v1/admin/configsync/users/ada'
  await synapse.admin('POST', '/v1/admin/accounts', { kind: 'agent', handle: 'ada' })
  await synapse.admin('POST', `${users}/enable`)
  return (await synapse.admin<{ token: string }>('POST', `${users}/tokens`, { label: 'bench' })).token
}

async function compared(ours: Server, theirs: Server, megabytes: number, rounds: number): Promise<Row[]> {
  const taken = {
    ours: { push: [] as number[], pull: [] as number[] },
    raw: { push: [] as number[], pull: [] as number[] },
  }
  // In turns, because the machine's speed drifts. The first two rounds warm up.
  for (let round = 0; round < rounds + 2; round++)
    for (const [server, into] of [
      [theirs, taken.raw],
      [ours, taken.ours],
    ] as const) {
      const [push, pull] = await pushedAndPulled(server, megabytes * MIB, round)
      if (round < 2) continue
      into.push.push(push)
      into.pull.push(pull)
    }
  return (['push', 'pull'] as const).map((what) => {
    const [took, baseline] = [quantile(taken.ours[what], 0.5), quantile(taken.raw[what], 0.5)]
    const ratio = baseline / took
    return {
      workload: 'Y1',
      shape: `${what} of ${megabytes} MiB`,
      measured: `${ms(took)} ms`,
      baseline: `${ms(baseline)} ms`,
      ratio,
      goal: `≥ ${LEAST_RATIO.toFixed(2)} of raw`,
      met: ratio >= LEAST_RATIO,
      data: { ours: taken.ours[what], raw: taken.raw[what] },
    }
  })
}

/** Pushes bytes that were not sent before and pulls them. Returns the milliseconds of both. */
async function pushedAndPulled(server: Server, size: number, round: number): Promise<[number, number]> {
  const state = Buffer.alloc(size, round)
  crypto.getRandomValues(state.subarray(0, 64))
  const fields = {
    machine_id: 'bench',
    encrypted_state: state.toString('base64'),
    timestamp: 'now',
    version: '1.0',
  }
  const body = JSON.stringify(fields)
  const origin = `http://127.0.0.1:${server.port}`
  const begun = performance.now()
  const answer = await fetch(`${origin}${PUSH}`, { method: 'POST', body, headers: server.headers })
  const { snapshot_id } = (await answer.json()) as { readonly snapshot_id: number }
  const pushed = performance.now()
  if (answer.status !== 200) throw new Error(`a push was answered by ${answer.status}`)
  const found = await fetch(`${origin}/api/machines/snapshot/${snapshot_id}`, { headers: server.headers })
  const text = await found.arrayBuffer()
  const pulled = performance.now()
  if (text.byteLength < size) throw new Error(`a pull had ${text.byteLength} bytes`)
  return [pushed - begun, pulled - pushed]
}

async function listed({ port, headers }: Server, path: string, times: number): Promise<Row> {
  const took: number[] = []
  for (let i = 0; i < times + 10; i++) {
    const begun = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    await answer.text()
    if (answer.status !== 200) throw new Error(`${path} was answered by ${answer.status}`)
    if (i >= 10) took.push(performance.now() - begun)
  }
  const p95 = quantile(took, 0.95)
  return {
    workload: 'Y2',
    shape: path,
    measured: `p95 ${ms(p95)} ms`,
    goal: `≤ ${LISTED_WITHIN_MS} ms`,
    met: p95 <= LISTED_WITHIN_MS,
    data: { took },
  }
}

function quantile(values: readonly number[], share: number): number {
  const latencies = new Latencies()
  for (const value of values) latencies.add(value)
  return latencies.quantiles(share)[0] ?? Number.NaN
}

/** Writes rows as if the only user had pushed for a long time. Their bytes are never read. */
function seed(path: string): void {
  using db = new Database(path)
  const user = db.query<{ id: number }, []>('SELECT id FROM configsync_users').get()?.id ?? 0
  const machine = db.query(
    `INSERT INTO cs_machines (user_id, machine_id, name, platform, arch, last_seen_at, created_at, updated_at)
     VALUES (?, ?, ?, 'linux', 'x64', 1, 1, 1)`,
  )
  const snapshot = db.query(
    `INSERT INTO cs_snapshots (user_id, machine_id, blob, size, client_timestamp, format_version, created_at)
     VALUES (?, ?, ?, 1000, 'now', '1.0', 1)`,
  )
  db.transaction(() => {
    for (let i = 0; i < MACHINES; i++) machine.run(user, `machine-${i}`, `Machine ${i}`)
    for (let i = 0; i < SNAPSHOTS; i++) {
      const hex = i.toString(16).padStart(32, '0')
      snapshot.run(user, `machine-${i % MACHINES}`, `configsync/${hex}${hex}-${hex}`)
    }
  })()
}
