import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresMissing, startPostgres } from '../test/support/postgres'
import { seedMessages } from './lib/seed'
import { binary, startSynapse } from './lib/synapse'
import { perSecond, type Row, type Workload } from './lib/workload'

/** However large the store is: the program itself takes about 50 MB, a page on its way some more. */
const MOST_RESIDENT_BYTES = 400e6

interface Moved {
  readonly seconds: number
  readonly rows: number
  readonly peak: number
}

/** T1: `synapse migrate-db` of a large store, from SQLite to Postgres and back, checksums included. */
export const moving: Workload = {
  id: 'T1',
  title: 'migrate-db of 10,000,000 messages, both ways, verified',
  run: async ({ quick }) => {
    const count = quick ? 200_000 : 10_000_000
    const home = mkdtempSync(join(tmpdir(), 'synapse-move-'))
    try {
      const source = await seeded(home, count)
      const copy = `sqlite:${join(home, 'copy.db')}`
      if (postgresMissing) return [rowOf('SQLite to SQLite', count, await migrate(home, source, copy))]
      await using server = await startPostgres()
      const database = await server.createDatabase()
      const there = await migrate(home, source, database)
      // Room for the way back.
      rmSync(source.replace('sqlite:', ''))
      const back = await migrate(home, database, copy)
      return [rowOf('SQLite to Postgres', count, there), rowOf('Postgres to SQLite', count, back)]
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}

/** A stopped server's store with so many messages; answers its URL. */
async function seeded(home: string, count: number): Promise<string> {
  const first = await startSynapse({ home })
  await first.agent('reader', ['room'])
  process.kill(first.pid, 'SIGTERM')
  const state = join(home, 'run/synapse.json')
  while (existsSync(state)) await Bun.sleep(50)
  seedMessages(home, count)
  return `sqlite:${join(home, 'synapse.db')}`
}

async function migrate(home: string, from: string, to: string): Promise<Moved> {
  const started = performance.now()
  const child = Bun.spawn([binary, 'migrate-db', '--from', from, '--to', to, '--json'], {
    env: { PATH: process.env.PATH ?? '', HOME: home },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error('migrate-db failed')
  const seconds = (performance.now() - started) / 1000
  const { rows } = JSON.parse(text) as { rows: Record<string, number> }
  return {
    seconds,
    rows: Object.values(rows).reduce((sum, some) => sum + some, 0),
    peak: child.resourceUsage()?.maxRSS ?? Number.NaN,
  }
}

function rowOf(shape: string, count: number, { seconds, rows, peak }: Moved): Row {
  return {
    workload: 'T1',
    shape: `${shape}, ${count.toLocaleString('en-US')} messages`,
    measured: `${perSecond(rows / seconds)} rows, ${seconds.toFixed(1)} s, peak ${(peak / 1e6).toFixed(0)} MB`,
    goal: `peak ≤ ${MOST_RESIDENT_BYTES / 1e6} MB`,
    met: peak <= MOST_RESIDENT_BYTES,
    data: { seconds, rows, peak },
  }
}
