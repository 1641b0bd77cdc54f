import { sql } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import { Trouble } from '../../core/kernel/errors'
import type { Seq } from '../../core/kernel/ids'
import { OperatorError } from '../../core/kernel/operator-error'
import type { Reads } from '../../core/kernel/ports'
import { type Clock, formatInstant, type Micros, toMicros } from '../../core/kernel/time'
import { MATRIX_PROJECTION } from '../../core/log/marks'
import { CommonStatements } from '../common-statements'
import type { ColumnType, Database, Dialect, Handle } from '../database'
import type { StoreDeps } from '../index'
import { createReads } from '../queries'
import { beginLog } from '../queries/instance'
import type * as schema from '../schema'
import * as pgSchema from '../schema/schema.pg'
import { PostgresClient } from './client'
import { type Connect, connectFirst, type SessionSettings } from './connect'
import { explain, MORE_CONNECTIONS, noSchema, readOnly } from './explain'
import { SERVER_LOCK } from './locks'
import { migratePostgres } from './migrate'
import { isDirect, requireSessions } from './sessions'
import type { MarkedPositions } from './shared-marks'
import { wordIndex } from './word-index'

/** Prepared statements per connection. */
const MAX_PREPARED = 500

/** Number of connections for reading. */
const READERS = 8
/** Client-side timeout of a statement or transaction. */
const PATIENCE_MS = 8000
/** Timeout of reading the head: a small query, which may include a check of the pooler. */
export const WATCH_PATIENCE_MS = 5000
/**
 * Server-side timeouts, longer than the client's: they end what the client has given up, and transactions of a client
 * that is gone.
 */
const LIMITS = { statement_timeout: '12s', idle_in_transaction_session_timeout: '12s' }
const GRACE_SECONDS = 5
/** The database's time in microseconds since 1970. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
/** A problem that recurs within this time is not reported again. */
const QUIET_MS = 60_000
/** Interval at which a pooler is checked for keeping sessions. */
const PROBE_MS = 10_000

export interface PostgresConnections {
  /** Opens further connections to the same database. */
  readonly connect: Connect
  /** One connection, so that writes of this process run in the order in which they were issued. */
  readonly writer: PostgresClient<PgDatabase>
  readonly readers: PostgresClient<Reads>
  /** The statements of the readers. */
  readonly common: () => CommonStatements
  /** One connection that reads the head every second and holds the lock of a running server. */
  readonly watch: PostgresClient<() => Promise<Head>>
  readonly head: HeadQuery
  readonly migrated: readonly string[]
  readonly notices: readonly string[]
  close(): Promise<void>
}

/**
 * Opens the database. Creates and migrates its tables as needed.
 * @throws OperatorError
 */
export async function openPostgres(url: string, deps: StoreDeps): Promise<PostgresConnections> {
  const { connect, first } = await connectFirst(url)
  await using undo = new AsyncDisposableStack()
  try {
    const { settings: judged, notices } = await judge(first)
    const settings = { ...judged, ...LIMITS }
    await timed(deps, async () => ({ now: await timeOf(first) }))
    // New connections build their statements when they use them.
    let common = new CommonStatements()
    const readsOver = (sql: Sql) => {
      const handle = handleOf(drizzleOver(sql))
      common = handle.common
      return createReads(handle)
    }
    const readers = new PostgresClient(
      () => connect({ max: READERS, settings }),
      readsOver,
      PATIENCE_MS,
      GRACE_SECONDS,
    )
    const probe = (one: Sql) => readers.run((_, other) => requireSessions(one, other))
    undo.defer(() => readers.close())
    // Checked before anything is written, and before a lock can remain in a session of the pooler.
    await probe(first)
    const migrated = await migratePostgres(drizzleOver(first), (tx) =>
      beginLog(handleOf(tx), deps.clock, deps.secrets),
    )
    const writer = new PostgresClient(() => connect({ settings }), drizzleOver, PATIENCE_MS, 0)
    const head: HeadQuery = { withMarks: false }
    const watch = new PostgresClient(
      () => connect({ settings }),
      (sql) => headOf(sql, probe, head),
      WATCH_PATIENCE_MS,
      0,
    )
    // The watch is renewed because its session may predate the change that made the database read-only.
    const sayCrowded = seldom(() => deps.report(new CrowdedDatabase()))
    writer.onTrouble = (meaning) => (meaning === 'crowded' ? sayCrowded() : watch.renew())
    readers.onTrouble = (meaning) => meaning === 'crowded' && sayCrowded()
    undo.move()
    return {
      connect,
      writer,
      readers,
      common: () => common,
      watch,
      head,
      migrated,
      notices,
      close: async () => {
        await Promise.all([writer.close(), readers.close(), watch.close()])
      },
    }
  } catch (error) {
    throw explain(error, url)
  } finally {
    await first.end({ timeout: 1 })
  }
}

/** Reported when queries wait for a connection. */
class CrowdedDatabase extends Trouble {
  override readonly name = 'CrowdedDatabase'

  constructor() {
    super(`Postgres has no connection left, so requests wait for one another: ${MORE_CONNECTIONS}`)
  }
}

/** Wraps a report so that it is repeated only after a quiet period. */
function seldom(say: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - lastAt > QUIET_MS) say()
    lastAt = now
  }
}

export type PgDatabase = PostgresJsDatabase

export function drizzleOver(sql: Sql): PgDatabase {
  return drizzle({ client: preparing(sql) })
}

/**
 * Wraps connections so that repeated statements are prepared: drizzle passes statements as plain text, and planning
 * one with its joins costs more than running it. At most MAX_PREPARED texts are prepared, because a text that
 * contains a list has a variant for each length of the list.
 */
function preparing(sql: Sql): Sql {
  const known = new Set<string>()
  const { unsafe } = sql
  const prepared = (text: string, ...rest: unknown[]) => {
    const [values = [], options = {}] = rest as [never[]?, object?]
    if (known.size < MAX_PREPARED) known.add(text)
    return unsafe(text, values, { prepare: values.length > 0 && known.has(text), ...options })
  }
  return Object.assign(sql, { unsafe: prepared as unknown as Sql['unsafe'] })
}

const PG_TYPES: Readonly<Record<ColumnType, string>> = {
  ...{ number: 'bigint', text: 'text', boolean: 'boolean', uuid: 'uuid', json: 'jsonb' },
  // The products of whole numbers below 2^53 are exact.
  instant: "bigint * interval '1 microsecond' + timestamptz 'epoch'",
}

const dialect: Dialect = {
  numbers: (json) =>
    sql`SELECT element::bigint AS value FROM json_array_elements_text(${json}::text::json) AS element`,
  // Not IN: that is a join, and for tables whose statistics are older than their rows the planner chooses joins that
  // compare every row with every other.
  amongNumbers: (column, json) =>
    sql`${column} = ANY (ARRAY(SELECT element::bigint FROM json_array_elements_text(${json}::text::json) AS element))`,
  amongTexts: (column, json) =>
    sql`${column} = ANY (ARRAY(SELECT element FROM json_array_elements_text(${json}::text::json) AS element))`,
  // The plus makes the planner use the index on the account: by the primary key it would read the memberships of all
  // accounts.
  membershipKey: sql`+memberships.channel_id`,
  // Postgres counts outside the serving thread, so there is no limit.
  countedMembers: sql`9223372036854775807`,
  byCodePoint: (text) => sql`${text} COLLATE "C"`,
  shifted: (instant, micros) => sql`${instant} + ${micros}::bigint * interval '1 microsecond'`,
  withNull: (json, key) => sql`jsonb_set(${json}, ARRAY[${key}::text], 'null')`,
  instants: (byId) => {
    const rows = JSON.stringify([...byId].map(([id, at]) => ({ id, at: formatInstant(at) })))
    return sql`json_to_recordset(${rows}::text::json) AS given (id bigint, at timestamptz)`
  },
  textsById: (byId) => {
    const rows = JSON.stringify([...byId].map(([id, text]) => ({ id, text })))
    return sql`json_to_recordset(${rows}::text::json) AS given (id bigint, text text)`
  },
  table: (types, json) => {
    const columns = types.map((type, i) => sql.raw(`(element ->> ${i})::${PG_TYPES[type]} AS c${i}`))
    return sql`SELECT ${sql.join(columns, sql`, `)} FROM json_array_elements(${json}::text::json) AS element`
  },
  nextId: (table) => sql`nextval(pg_get_serial_sequence(${sql.raw(`'${table}'`)}, 'id'))`,
  async raiseCounter(db, table, id) {
    const sequence = sql`pg_get_serial_sequence(${table}::text, 'id')::regclass`
    await db
      .select({ raised: sql`setval(${sequence}, ${id}::bigint)` })
      .from(sql`(SELECT 1) AS one`)
      .where(sql`coalesce(pg_sequence_last_value(${sequence}), 0) < ${id}::bigint`)
  },
  async skipIds(db, tables, count) {
    for (const table of tables) {
      const sequence = sql`pg_get_serial_sequence(${table}::text, 'id')::regclass`
      const next = sql`coalesce(pg_sequence_last_value(${sequence}), 0) + ${count}::bigint`
      await db.select({ raised: sql`setval(${sequence}, ${next})` }).from(sql`(SELECT 1) AS one`)
    }
  },
  wordIndex,
}

/**
 * Returns the handle for the queries over a database or transaction. The queries use only what the types of both
 * dialects share.
 */
export function handleOf(db: Pick<PgDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count'>): Handle {
  return {
    db: db as unknown as Database,
    t: pgSchema as unknown as typeof schema,
    dialect,
    common: new CommonStatements(),
  }
}

/** The head of the log in the database. */
export interface Head {
  readonly seq: Seq
  /** Seq of the last change of rights. */
  readonly accessSeq: Seq
  readonly epoch: string
  /** True if default_transaction_read_only is on. On a standby the head cannot be read at all. */
  readonly isReadOnly: boolean
  /** The current time of the database. */
  readonly now: Micros
  /** Undefined while nobody asked for them. */
  readonly marked: MarkedPositions | undefined
}

/** What is read with the head. */
interface HeadQuery {
  /** Whether the positions of marks are. */
  withMarks: boolean
}

const MARKED = `, mx, (SELECT position FROM projections WHERE name = '${MATRIX_PROJECTION}') AS projected`

/**
 * Returns a function that reads the head. On a new connection it first takes the lock of a running server. If the
 * connection leads to a pooler, the pooler is checked before that and again periodically, because its mode may be
 * changed while it runs.
 */
function headOf(watch: Sql, probe: (watch: Sql) => Promise<void>, query: HeadQuery): () => Promise<Head> {
  let probing: Promise<void> | undefined
  let probedAt = Number.NEGATIVE_INFINITY
  let lockedBy: number | undefined
  return async () => {
    const rows = await watch<
      {
        pid: number
        seq: string
        access_seq: string
        epoch: string
        now: string
        mode: string
        mx?: string
        projected?: string | null
      }[]
    >`
      SELECT pg_backend_pid() AS pid, access_seq,
        greatest(seq, (SELECT max(seq) FROM events)) AS seq, ${watch.unsafe(NOW)} AS now,
        current_setting('transaction_read_only') AS mode,
        (SELECT epoch FROM epochs ORDER BY first_seq DESC LIMIT 1) AS epoch
        ${watch.unsafe(query.withMarks ? MARKED : '')} FROM log_head`
    const [row] = rows
    if (!row) throw new Error('the log has no head')
    const isDue = row.pid !== lockedBy || performance.now() - probedAt > PROBE_MS
    if (!isDirect(row.pid, rows) && isDue) {
      // Concurrent callers share one check: a second one would disturb the first.
      probing ??= probe(watch).finally(() => {
        probing = undefined
      })
      await probing
      probedAt = performance.now()
    }
    if (row.pid !== lockedBy) {
      const [lock] = await watch<{ held: boolean }[]>`
        SELECT pg_try_advisory_lock_shared(${SERVER_LOCK}) AS held`
      if (!lock?.held)
        throw new OperatorError(
          'busy',
          'the database is being moved by another process',
          'wait until migrate-db has ended',
        )
      lockedBy = row.pid
    }
    const { epoch, mx, projected } = row
    return {
      seq: Number(row.seq),
      accessSeq: Number(row.access_seq),
      epoch,
      isReadOnly: row.mode === 'on',
      now: toMicros(Number(row.now)),
      marked: mx === undefined ? undefined : { mx: Number(mx), projected: Number(projected ?? 0) },
    }
  }
}

/**
 * Checks that this database is suitable and durable. Returns the session settings that connections need, and notices
 * for the operator. @throws OperatorError
 */
export async function judge(sql: Sql): Promise<{ settings: SessionSettings; notices: string[] }> {
  const [row] = await sql<
    {
      version: number
      encoding: string
      read_only: string
      commit: string
      fsync: string
      role: string
      path: string
      leads: boolean
    }[]
  >`SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
      current_setting('transaction_read_only') AS read_only,
      current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
      current_user AS role, current_setting('search_path') AS path, current_schema() IS NOT NULL AS leads`
  if (!row) throw new Error('Postgres returned no settings')
  if (row.version < 130_000)
    throw new OperatorError(
      'unsuitable',
      `this Postgres is version ${Math.floor(row.version / 10_000)}`,
      'use version 13 or newer',
    )
  if (row.encoding !== 'UTF8')
    throw new OperatorError(
      'unsuitable',
      `the encoding of this database is ${row.encoding}`,
      "create it with ENCODING 'UTF8'",
    )
  if (row.read_only === 'on') throw readOnly()
  // A schema named after the role is created if missing.
  if (!row.leads && !/\$user/.test(row.path)) throw noSchema(row.role)
  const notices =
    row.fsync === 'off'
      ? ['Postgres runs with fsync off: what was acknowledged does not survive a loss of power']
      : []
  // An operator may demand more than "on", such as a synchronous standby, but not less.
  const commit = row.commit === 'off' ? { synchronous_commit: 'on' } : {}
  // Pins the schema in which the tables were found, whatever is set for the role later.
  return { settings: { ...commit, search_path: row.path }, notices }
}

/** The database's current time. */
export async function timeOf(sql: Sql): Promise<Micros> {
  const [row] = await sql.unsafe<{ now: string }[]>(`SELECT ${NOW} AS now`)
  return toMicros(Number(row?.now))
}

/** Runs a query whose answer contains the database's time, and lets the clock of this process follow it. */
export async function timed<Answer extends { readonly now: Micros }>(
  { clock, follow }: Pick<StoreDeps, 'follow'> & { readonly clock: Pick<Clock, 'steady'> },
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const asked = clock.steady()
  const answer = await ask()
  follow?.(answer.now, clock.steady() - asked)
  return answer
}
