import { sql } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import { Trouble } from '../../core/kernel/errors'
import type { Seq } from '../../core/kernel/ids'
import { OperatorError } from '../../core/kernel/operator-error'
import type { Reads } from '../../core/kernel/ports'
import { type Clock, formatInstant, type Micros, toMicros } from '../../core/kernel/time'
import type { Database, Dialect, Handle } from '../database'
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

/** Statements that each connection keeps the plan of. */
const MAX_PREPARED = 500

/** Connections that read. */
const READERS = 8
/** A statement, or a transaction, that takes longer counts as lost. */
const PATIENCE_MS = 8000
/** The look at the head, which is a small one, and may begin with the judging of a pooler. */
export const WATCH_PATIENCE_MS = 5000
/** The server itself ends what the client has given up by then, and a transaction whose client is gone. */
const LIMITS = { statement_timeout: '12s', idle_in_transaction_session_timeout: '12s' }
const GRACE_SECONDS = 5
/** The clock of the database in microseconds since 1970. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
/** Of a trouble that comes again within this time nothing more is said. */
const QUIET_MS = 60_000
/** A pooler is asked so often whether it still keeps sessions. */
const PROBE_MS = 10_000

export interface PostgresConnections {
  /** Makes further connections to the same database. */
  readonly connect: Connect
  /** One connection: what this process writes is written in the order it was asked for. */
  readonly writer: PostgresClient<PgDatabase>
  readonly readers: PostgresClient<Reads>
  /** One connection that looks at the head every second, and holds the lock of a running server. */
  readonly watch: PostgresClient<() => Promise<Head>>
  readonly migrated: readonly string[]
  readonly notices: readonly string[]
  close(): Promise<void>
}

/**
 * Opens (and fills, and migrates) the database.
 * @throws OperatorError
 */
export async function openPostgres(url: string, deps: StoreDeps): Promise<PostgresConnections> {
  const { connect, first } = await connectFirst(url)
  await using undo = new AsyncDisposableStack()
  try {
    const { settings: judged, notices } = await judge(first)
    const settings = { ...judged, ...LIMITS }
    await timed(deps, async () => ({ now: await timeOf(first) }))
    const readsOver = (sql: Sql) => createReads(handleOf(drizzleOver(sql)))
    const readers = new PostgresClient(
      () => connect({ max: READERS, settings }),
      readsOver,
      PATIENCE_MS,
      GRACE_SECONDS,
    )
    const probe = (one: Sql) => readers.run((_, other) => requireSessions(one, other))
    undo.defer(() => readers.close())
    // Before anything is written, and before a lock stays behind in a session that is not kept.
    await probe(first)
    const migrated = await migratePostgres(drizzleOver(first), (tx) =>
      beginLog(handleOf(tx), deps.clock, deps.secrets),
    )
    const writer = new PostgresClient(() => connect({ settings }), drizzleOver, PATIENCE_MS, 0)
    const watch = new PostgresClient(
      () => connect({ settings }),
      (sql) => headOf(sql, probe),
      WATCH_PATIENCE_MS,
      0,
    )
    // The session of the watch may be older than what made this so.
    const sayCrowded = seldom(() => deps.report(new CrowdedDatabase()))
    writer.onTrouble = (meaning) => (meaning === 'crowded' ? sayCrowded() : watch.renew())
    readers.onTrouble = (meaning) => meaning === 'crowded' && sayCrowded()
    undo.move()
    return {
      connect,
      writer,
      readers,
      watch,
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

/** What is reported when work waits for a connection. */
class CrowdedDatabase extends Trouble {
  override readonly name = 'CrowdedDatabase'

  constructor() {
    super(`Postgres has no connection left, so requests wait for one another: ${MORE_CONNECTIONS}`)
  }
}

/** Says something again only when it was not the case for a while. */
function seldom(say: () => void): () => void {
  let lastAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - lastAt > QUIET_MS) say()
    lastAt = now
  }
}

export type PgDatabase = PostgresJsDatabase<typeof pgSchema>

export function drizzleOver(sql: Sql): PgDatabase {
  return drizzle({ client: preparing(sql), schema: pgSchema })
}

/**
 * The same connections, which keep the plan of a statement that comes again: drizzle hands its statements over as text,
 * and planning one with its joins costs more than running it. Texts that hold a list of their own length are too many.
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

const dialect: Dialect = {
  numbers: (json) =>
    sql`SELECT element::bigint AS value FROM json_array_elements_text(${json}::text::json) AS element`,
  texts: (json) => sql`SELECT element AS value FROM json_array_elements_text(${json}::text::json) AS element`,
  // The plus keeps the planner on the account's own rows: by the primary key it would read everybody's.
  membershipKey: sql`+memberships.channel_id`,
  // Postgres counts beside the serving thread: all of them.
  countedMembers: sql`9223372036854775807`,
  byCodePoint: (text) => sql`${text} COLLATE "C"`,
  instants: (byId) => {
    const rows = JSON.stringify([...byId].map(([id, at]) => ({ id, at: formatInstant(at) })))
    return sql`json_to_recordset(${rows}::text::json) AS given (id bigint, at timestamptz)`
  },
}

/** A database, or a transaction, as the queries see it. What the dialects' types do not share, they do not use. */
export function handleOf(db: Pick<PgDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count'>): Handle {
  return { db: db as unknown as Database, t: pgSchema as unknown as typeof schema, dialect }
}

/** Where the log of the database stands. */
export interface Head {
  readonly seq: Seq
  /** Seq of the last change of rights. */
  readonly accessSeq: Seq
  readonly epoch: string
  /** Whether nothing can be written: default_transaction_read_only is on. A standby is not looked at at all. */
  readonly isReadOnly: boolean
  /** What the clock of the database says. */
  readonly now: Micros
}

/**
 * Looks at the head; on a new connection first takes the lock that says that a server runs. Where the connection leads
 * to a pooler, it is judged before that, and again now and then: its mode may be changed while it runs.
 */
function headOf(watch: Sql, probe: (watch: Sql) => Promise<void>): () => Promise<Head> {
  let probing: Promise<void> | undefined
  let probedAt = Number.NEGATIVE_INFINITY
  let lockedBy: number | undefined
  return async () => {
    const rows = await watch<
      { pid: number; seq: string; access_seq: string; epoch: string; now: string; mode: string }[]
    >`
      SELECT pg_backend_pid() AS pid, access_seq,
        greatest(seq, (SELECT max(seq) FROM events)) AS seq, ${watch.unsafe(NOW)} AS now,
        current_setting('transaction_read_only') AS mode,
        (SELECT epoch FROM epochs ORDER BY first_seq DESC LIMIT 1) AS epoch FROM log_head`
    const [row] = rows
    if (!row) throw new Error('the log has no head')
    const isDue = row.pid !== lockedBy || performance.now() - probedAt > PROBE_MS
    if (!isDirect(row.pid, rows) && isDue) {
      // Several may look at once; a second question would get in the way of the first.
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
    const { epoch } = row
    return {
      seq: Number(row.seq),
      accessSeq: Number(row.access_seq),
      epoch,
      isReadOnly: row.mode === 'on',
      now: toMicros(Number(row.now)),
    }
  }
}

/** Whether this database can keep a promise. Answers the settings its connections need. @throws OperatorError */
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
  if (!row) throw new Error('Postgres does not answer what it is')
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
  // A schema with the name of the role is made where it is missing.
  if (!row.leads && !/\$user/.test(row.path)) throw noSchema(row.role)
  const notices =
    row.fsync === 'off'
      ? ['Postgres runs with fsync off: what was acknowledged does not survive a loss of power']
      : []
  // An operator may ask for more than "on", such as a standby that has it too, but not for less.
  const commit = row.commit === 'off' ? { synchronous_commit: 'on' } : {}
  // The tables stay where they were found, whatever is set for the role later.
  return { settings: { ...commit, search_path: row.path }, notices }
}

/** What the clock of the database says. */
export async function timeOf(sql: Sql): Promise<Micros> {
  const [row] = await sql.unsafe<{ now: string }[]>(`SELECT ${NOW} AS now`)
  return toMicros(Number(row?.now))
}

/** Asks something that answers the time of the database as well, and lets the clock of this process follow it. */
export async function timed<Answer extends { readonly now: Micros }>(
  { clock, follow }: Pick<StoreDeps, 'follow'> & { readonly clock: Pick<Clock, 'steady'> },
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const asked = clock.steady()
  const answer = await ask()
  follow?.(answer.now, clock.steady() - asked)
  return answer
}
