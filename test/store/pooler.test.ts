/** Connections through a real PgBouncer: session mode works, transaction mode is detected. */

import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import { examineDatabase } from '../../src/app/examine-database'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { openPostgresAdapter } from '../../src/transfer'
import { rejectionOf } from '../home/temporary'
import { postgresDatabase } from '../support/database'
import { pgbouncerMissing, startPgbouncer } from '../support/pgbouncer'
import { sharedPostgres } from '../support/postgres'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { world } from '../support/world'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

const deps = {
  clock: systemClock,
  secrets: systemSecrets,
  report: (fault: unknown) => {
    throw fault
  },
}

const refusal = {
  kind: 'unsuitable',
  problem: 'SYNAPSE_DATABASE_URL leads to a connection pooler that does not keep sessions',
  remedy: expect.stringContaining('pool_mode = session'),
}

describe.skipIf(pgbouncerMissing)('a pooler in transaction mode', () => {
  test('a transaction that was rolled back is never reported as committed', async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await using pooler = await startPgbouncer(server, { mode: 'transaction' })
    await using database = postgresDatabase(url)
    await database.sql('CREATE TABLE acts (n integer)')
    const clients = Array.from({ length: 4 }, () =>
      postgres(pooler.through(url), { max: 1, fetch_types: false }),
    )
    const acknowledged: number[] = []
    await Promise.all(
      clients.map(async (sql, client) => {
        for (let n = client * 100; n < client * 100 + 50; n++) {
          const act = sql.begin((tx) => tx.unsafe(`INSERT INTO acts VALUES (${n})`))
          await act.then(
            () => acknowledged.push(n),
            () => {},
          )
          // Other sessions get the connection from time to time.
          if (n % 3 === client % 3) await sql.unsafe('SELECT 1')
        }
      }),
    )
    for (const sql of clients) await sql.end()
    const stored = await database.sql<{ n: number }>('SELECT n FROM acts')
    expect(acknowledged.toSorted()).toEqual(stored.map(({ n }) => n).toSorted())
    expect(acknowledged.length).toBeGreaterThan(0)
  })

  test.each([1, 2, 20])(
    'a store is refused before anything is written or locked, with %i connections in the pool',
    async (size) => {
      const server = await sharedPostgres()
      const url = await server.createDatabase()
      await using pooler = await startPgbouncer(server, { mode: 'transaction', size })
      const error = await rejectionOf(openStore({ kind: 'postgres', url: pooler.through(url) }, deps))
      expect(error).toBeInstanceOf(OperatorError)
      expect(error).toMatchObject(refusal)
      await using database = postgresDatabase(url)
      expect(await database.sql("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
      expect(await database.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).toEqual([])
    },
  )

  test('no store is moved through the pooler, and doctor says why none can be opened', async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await using pooler = await startPgbouncer(server, { mode: 'transaction' })
    expect(await rejectionOf(openPostgresAdapter(pooler.through(url)))).toMatchObject(refusal)
    const { trouble } = await examineDatabase(pooler.through(url))
    expect(trouble).toEqual({ problem: refusal.problem, remedy: refusal.remedy })
  })
})

describe.skipIf(pgbouncerMissing)('a pooler in session mode', () => {
  test('two servers share a store, and it can be moved once they have stopped', async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await using pooler = await startPgbouncer(server, { mode: 'session', size: 40 })
    const settings = { SYNAPSE_DATABASE_URL: pooler.through(url) }
    {
      await using w = await world({ settings })
      await w.channel('general')
      const ann = await w.agent('ann', { channels: { general: 'member' } })
      await using other = await openStore({ kind: 'postgres', url: pooler.through(url) }, deps)
      const heard: number[] = []
      other.shared?.hydrateWith(async (records) =>
        records.map((record) => ({ ...record, actor: null }) as never),
      )
      other.onCommit((events) => heard.push(...events.map(({ seq }) => seq)))
      await ann.posts('general', 'hello')
      expect(await ann.hears('general')).toEqual(['hello'])
      const head = await other.reads.head()
      await until('the other one', () => heard.at(-1) === head)
      // A move detects running servers by these locks.
      const locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
      expect(await w.sql(locks)).toHaveLength(2)
    }
    await using side = await openPostgresAdapter(pooler.through(url))
    expect((await side.facts()).get('did')).toStartWith('did:key:')
  })

  test('a server ends with status 78 when the pooler stops keeping sessions', async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await using pooler = await startPgbouncer(server, { mode: 'session', size: 40 })
    await using site = new Site()
    const running = await site.serveWith({ SYNAPSE_DATABASE_URL: pooler.through(url) })
    await running.room('general')
    await pooler.change('transaction')
    // Existing connections keep their session until they reconnect.
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${new URL(url).pathname.slice(1)}'`,
    )
    expect(await running.exited).toBe(78)
    expect(running.stderr).toContain('pool_mode = session')
    expect(running.stdout).toContain(refusal.problem)
    expect(running.written).not.toContain(new URL(url).password)
  })
})
