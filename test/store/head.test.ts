/** The head of the log on Postgres: the newest event, or the row of log_head where that is greater. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock, systemSecrets } from '../../src/platform'
import { inspectPostgres, openStore } from '../../src/store'
import { SERVER_LOCK } from '../../src/store/postgres/locks'
import { openPostgresAdapter } from '../../src/transfer'
import { valueIn } from '../../src/transfer/store-adapter'
import { tableNamed } from '../../src/transfer/table-meta'
import { rejectionOf } from '../home/temporary'
import { postgresDatabase } from '../support/database'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { until } from '../support/sockets'
import { openEngine } from './engines'
import { annAndHerRooms, makeAccount, post } from './scene'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

/** A store with three posts after the last act. */
async function scene() {
  const engine = await openEngine('postgres')
  const { ann, plans } = await annAndHerRooms(engine.store)
  const floor = await rowOf(engine)
  for (const body of ['one', 'two', 'three']) await post(engine.store, { sender: ann, channel: plans, body })
  const write = (body: string) => post(engine.store, { sender: ann, channel: plans, body })
  return { engine, floor, write, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() }
}

async function rowOf({ sql }: Awaited<ReturnType<typeof openEngine>>) {
  const [row] = await sql<{ seq: number; version: string }>('SELECT seq, xmin::text AS version FROM log_head')
  if (!row) throw new Error('the log has no head')
  return row
}

describe.skipIf(postgresMissing)('the head of the log on Postgres', () => {
  test('posts do not update the row of the head, and every reader of the head gets the newest event', async () => {
    await using s = await scene()
    const { engine, floor, write } = s
    expect(await rowOf(engine)).toEqual(floor)
    const head = floor.seq + 3
    expect(await engine.store.reads.head()).toBe(head)
    // Another process that opens the store now.
    const store = await engine.reopen()
    expect(await store.reads.head()).toBe(head)
    await store.beginEpoch('test')
    expect((await store.reads.epochs()).at(-1)?.firstSeq).toBe(head + 1)
    expect((await write('four')).seq).toBe(head + 1)
    await store.transact((tx) => makeAccount(tx, 'bob'))
    expect((await rowOf(engine)).seq).toBe(head + 2)
    expect((await write('five')).seq).toBe(head + 3)
  })

  test('seqs and instants are not given out again after the newest events are deleted', async () => {
    await using s = await scene()
    const { engine, write } = s
    const last = await write('the last one')
    for (const table of ['messages', 'events'])
      await engine.sql(`DELETE FROM ${table} WHERE seq > ${last.seq - 2}`)
    expect(await engine.store.reads.head()).toBe(last.seq)
    const next = await write('the next one')
    expect([next.seq, next.createdAt]).toEqual([last.seq + 1, last.createdAt + 1] as never)
    // Delete all events, and then act.
    for (const table of ['messages', 'events']) await engine.sql(`DELETE FROM ${table}`)
    await engine.store.transact((tx) => makeAccount(tx, 'bob'))
    expect(await engine.store.reads.head()).toBe(next.seq + 1)
  })

  test('a store that is moved includes its head', async () => {
    await using s = await scene()
    const { engine, floor } = s
    if (engine.location.kind !== 'postgres') throw new Error('it lives elsewhere')
    await engine.store.close()
    await using side = await openPostgresAdapter(engine.location.url)
    const table = tableNamed('log_head')
    const [row] = await side.page(table, undefined, 1)
    expect(row && valueIn(table, row, 'seq')).toBe(floor.seq + 3)
  })

  describe('a database of version 1.0.0', () => {
    const open = (url: string) =>
      openStore({ kind: 'postgres', url }, { clock: systemClock, secrets: systemSecrets, report: () => {} })
    /** Its address, and a session besides that of the store. */
    const made = async () => {
      const url = await (await sharedPostgres()).createDatabase()
      await (await open(url)).close()
      const database = postgresDatabase(url)
      await database.sql('DROP TRIGGER events_keep_head ON events')
      await database.sql('DROP FUNCTION keep_head')
      await database.sql('DROP FUNCTION append_posts')
      await database.sql("DELETE FROM migrations WHERE name LIKE '0004%'")
      return { url, database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
    }

    test('a migration waits for a running server of that version', async () => {
      await using old = await made()
      await old.database.sql(`SELECT pg_advisory_lock_shared(${SERVER_LOCK})`)
      const opening = open(old.url)
      const longPolls =
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_xact_lock%' AND datname = current_database()"
      await using other = postgresDatabase(old.url)
      await until(
        'it to wait',
        async () => (await other.sql(`${longPolls} AND pid <> pg_backend_pid()`)).length > 0,
      )
      await old.database.sql(`SELECT pg_advisory_unlock_shared(${SERVER_LOCK})`)
      await using store = await opening
      expect(store.migrated).toEqual(['0004_head_is_a_floor'])
    })

    test('a migration gives up when another session locks a table, and doctor names the missing migrations', async () => {
      await using old = await made()
      // Like VACUUM.
      await old.database.sql('BEGIN')
      await old.database.sql('LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE')
      expect(await rejectionOf(open(old.url))).toMatchObject({
        kind: 'busy',
        problem: 'another session locks a table that this version has to migrate',
      })
      expect(await inspectPostgres(old.url, { clock: systemClock })).toEqual([
        expect.stringContaining('lacks migrations of this program, which synapse serve applies (0004'),
      ])
      await old.database.sql('ROLLBACK')
      await using store = await open(old.url)
      expect(store.migrated).toEqual(['0004_head_is_a_floor'])
    })
  })

  test('doctor names a transaction that has been open for long, with its process and program', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    await using database = postgresDatabase(url)
    const look = () => inspectPostgres(url, { clock: systemClock }, 0)
    expect(await look()).toEqual([])
    await database.sql("SET application_name = 'a long report'")
    await database.sql('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const [session] = await database.sql<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    expect(await look()).toEqual([
      expect.stringContaining(`is still open (process ${session?.pid}, a long report): `),
    ])
    // An hour is normal for a dump.
    expect(await inspectPostgres(url, { clock: systemClock })).toEqual([])
  })
})
