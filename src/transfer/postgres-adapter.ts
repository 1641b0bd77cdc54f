import type { ReservedSql, Sql } from 'postgres'
import { OperatorError } from '../core/kernel/operator-error'
import { connectFirst } from '../store/postgres/connect'
import { meaningOf } from '../store/postgres/error'
import { explain } from '../store/postgres/explain'
import { SERVER_LOCK } from '../store/postgres/locks'
import { migratePostgres } from '../store/postgres/migrate'
import { drizzleOver, judge } from '../store/postgres/open'
import { requireSessions } from '../store/postgres/sessions'
import {
  findOf,
  fromRecord,
  insertOf,
  type Parameter,
  pageOf,
  parametersOf,
  recordOf,
} from './postgres-statements'
import type { StoreAdapter, Writing } from './store-adapter'
import { TABLES } from './table-meta'

const WAIT_MS = 5000
const POLL_MS = 100

/** With several writers the row of log_head may be behind the log. A move needs the actual head. */
const RAISE_FLOOR = `
UPDATE log_head SET seq = newest.seq, last_at = newest.at
FROM (SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1) AS newest WHERE newest.seq > log_head.seq`

/**
 * Opens a Postgres store for a move. Creates and migrates its tables as needed. Holds exclusively the lock that every
 * running server shares, so no server runs meanwhile.
 * @throws OperatorError; its kind is conflict while a server runs on the store
 */
export async function openPostgresAdapter(url: string): Promise<StoreAdapter> {
  const sql = await connectPostgres(url)
  let session: ReservedSql | undefined
  try {
    // This must come first also because the driver reserves open connections only.
    await judge(sql)
    const reserved = await sql.reserve()
    session = reserved
    await requireSessions(reserved, sql)
    await lockPostgres(reserved)
    await migratePostgres(drizzleOver(sql), async () => {}, true)
    await reserved.unsafe(RAISE_FLOOR)
    // A power failure may lose a page during a move, but then the checkpoint that describes it is lost, too.
    await reserved.unsafe('SET synchronous_commit = off')
    return postgresAdapter(reserved, async () => {
      reserved.release()
      await sql.end({ timeout: 2 })
    })
  } catch (error) {
    session?.release()
    await sql.end({ timeout: 1 })
    throw explain(error, url)
  }
}

/**
 * Opens two connections: one session for the data and its lock, one for checks and the migration.
 * @throws OperatorError
 */
export async function connectPostgres(
  url: string,
  options?: Parameters<typeof connectFirst>[1],
): Promise<Sql> {
  const { connect, first } = await connectFirst(url, options)
  await first.end({ timeout: 1 })
  return connect({ max: 2 })
}

/**
 * Takes the lock. Waits a short time, because Postgres notices late that a process was killed.
 * @throws OperatorError conflict while a server or another move uses the database
 */
async function lockPostgres(session: ReservedSql): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const [lock] = await session<{ held: boolean }[]>`SELECT pg_try_advisory_lock(${SERVER_LOCK}) AS held`
    if (lock?.held === true) return
    if (performance.now() >= deadline)
      throw new OperatorError(
        'conflict',
        'a Synapse server, or another move, is using the Postgres database',
        'stop every replica first (synapse serve --stop)',
      )
    await Bun.sleep(POLL_MS)
  }
}

/** Returns the adapter over one session. */
function postgresAdapter(session: ReservedSql, close: () => Promise<void>): StoreAdapter {
  const run = async (query: string, parameters: Parameter[] = []): Promise<Record<string, unknown>[]> => {
    try {
      return [...(await session.unsafe<Record<string, unknown>[]>(query, parameters, { prepare: true }))]
    } catch (error) {
      throw translated(error)
    }
  }
  /** Postgres answers the COMMIT of a failed transaction with ROLLBACK and without an error. */
  const commit = async () => {
    const { command } = await session.unsafe('COMMIT').catch((error) => {
      throw translated(error)
    })
    if (command !== 'COMMIT')
      throw new OperatorError('failed', 'Postgres rolled a transaction back', 'run the same command again')
  }
  const writing: Writing = {
    async insert(table, rows) {
      await run(insertOf(table), [JSON.stringify(rows.map((row) => recordOf(table, row)))])
    },
    run: async (text) => {
      await run(text)
    },
    clear: async (table) => {
      await run(`DELETE FROM "${table.name}"`)
    },
    setFact: async (name, value) => {
      await run(
        'INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        [name, value],
      )
    },
    removeFact: async (name) => {
      await run('DELETE FROM instance WHERE name = $1', [name])
    },
  }
  return {
    async page(table, after, limit) {
      const rows = await run(pageOf(table, after !== undefined), [...parametersOf(table, after ?? []), limit])
      return rows.map((row) => fromRecord(table, row))
    },
    async find(table, column, value) {
      const [row] = await run(findOf(table, column), [String(value)])
      return row && fromRecord(table, row)
    },
    async count(table) {
      const where = table.where === undefined ? '' : ` WHERE ${table.where}`
      const [row] = await run(`SELECT count(*) AS count FROM "${table.name}"${where}`)
      return Number(row?.count)
    },
    async facts() {
      const rows = await run('SELECT name, value FROM instance')
      return new Map(rows.map(({ name, value }) => [String(name), String(value)]))
    },
    async transact(work) {
      await run('BEGIN')
      try {
        await work(writing)
        await commit()
      } catch (error) {
        // A lost connection has been rolled back already.
        await run('ROLLBACK').catch(() => {})
        throw error
      }
    },
    async counters() {
      const counters = new Map<string, number>()
      for (const { name, serial } of TABLES) {
        if (serial === undefined) continue
        const sequence = `pg_get_serial_sequence('"${name}"', '${serial}')::regclass`
        const [row] = await run(`SELECT pg_sequence_last_value(${sequence}) AS last`)
        if (row && row.last !== null) counters.set(name, Number(row.last))
      }
      return counters
    },
    async finalize(counters = new Map()) {
      for (const { name, serial } of TABLES) {
        if (serial !== undefined)
          await run(
            `SELECT setval(pg_get_serial_sequence('"${name}"', '${serial}'), highest)
              FROM (SELECT greatest(max("${serial}"), $1::bigint) AS highest FROM "${name}") AS known WHERE highest > 0`,
            [counters.get(name) ?? 0],
          )
        await run(`ANALYZE "${name}"`)
      }
    },
    async flush() {
      // Earlier asynchronous commits are on disk once a later commit is.
      await run('BEGIN')
      await run('SET LOCAL synchronous_commit = on')
      await run('SELECT pg_current_xact_id()')
      await commit()
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Returns an OperatorError for an error of the driver, whose text may quote a row. */
function translated(error: unknown): unknown {
  if (error instanceof OperatorError || error instanceof OperatorError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (meaningOf(error) === 'lost')
    return new OperatorError(
      'unreachable',
      `the connection to Postgres was lost (${code})`,
      'run the same command again: it goes on where it was',
    )
  if (meaningOf(error) === 'full')
    return new OperatorError(
      'failed',
      'the disk of Postgres is full',
      'make room and run the same command again',
    )
  if (code === '22P05' || code === '22021')
    return new OperatorError(
      'failed',
      'a text holds the character NUL, which Postgres cannot store',
      'take it out where it comes from and run the same command again',
    )
  if (code !== '')
    return new OperatorError('failed', `Postgres refused a statement (${code})`, 'its log says why')
  return error
}
