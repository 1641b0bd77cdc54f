import type { Sql } from 'postgres'
import type { StoreDeps } from '../index'
import { requireServable } from '../queries/instance'
import { connectFirst } from './connect'
import { CONNECTIONS, explain, MORE_CONNECTIONS } from './explain'
import { examineSchema } from './migrate'
import { drizzleOver, handleOf, judge, timed, timeOf } from './open'
import { requireSessions } from './sessions'

/** Connections that a running server may still open under load. */
const SPARE = 4

/** A transaction that is open for longer is reported. A shorter one may be a dump. */
const LONG_SECONDS = 3600

/**
 * Examines a Postgres database without changing anything: whether it can be reached, whether it is suitable for a
 * store, and its clock. Returns notices for the operator.
 * @throws OperatorError
 */
export async function inspectPostgres(
  url: string,
  deps: Pick<StoreDeps, 'clock' | 'follow'>,
  longSeconds = LONG_SECONDS,
): Promise<readonly string[]> {
  const { connect, first } = await connectFirst(url)
  const other = connect()
  try {
    const { notices } = await judge(first)
    await requireSessions(first, other)
    await timed(deps, async () => ({ now: await timeOf(first) }))
    return [
      ...notices,
      ...(await migrationNotices(first)),
      ...(await vacuumNotices(first, longSeconds)),
      ...(await connectionNotices(first)),
    ]
  } catch (error) {
    throw explain(error, url)
  } finally {
    await Promise.all([first.end({ timeout: 1 }), other.end({ timeout: 1 })])
  }
}

/**
 * Returns a notice of the migrations that a server would apply at its start. @throws OperatorError if no server would
 * start on it
 */
function migrationNotices(sql: Sql): Promise<string[]> {
  return drizzleOver(sql).transaction(
    async (tx) => {
      const { isEmpty, pending } = await examineSchema(tx)
      if (isEmpty) return []
      await requireServable(handleOf(tx))
      if (pending.length === 0) return []
      const names = pending.map(({ name }) => name).join(', ')
      return [
        `the store lacks migrations of this program, which synapse serve applies (${names}); copy it first`,
      ]
    },
    { accessMode: 'read only' },
  )
}

/** Returns notices of what keeps Postgres from removing old row versions, as far as this role may see it. */
async function vacuumNotices(sql: Sql, longSeconds: number): Promise<string[]> {
  const rows = await sql.unsafe<{ what: string }[]>(`
    SELECT 'a transaction that began at ' || to_char(xact_start, 'YYYY-MM-DD HH24:MI') || ' UTC is still open (process '
      || pid || coalesce(', ' || nullif(application_name, ''), '') || ')' AS what
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
      AND xact_start < now() - interval '${longSeconds} seconds'
    UNION ALL
    SELECT 'a prepared transaction was never ended (' || gid || ')' FROM pg_prepared_xacts
    WHERE database = current_database() AND prepared < now() - interval '${longSeconds} seconds'
    UNION ALL
    SELECT 'a replication slot that nothing reads holds old rows (' || slot_name || ')' FROM pg_replication_slots
    WHERE NOT active AND xmin IS NOT NULL
    LIMIT 5`)
  return rows.map(
    ({ what }) => `${what}: Postgres cannot remove old rows until it ends, and the database grows`,
  )
}

/**
 * Returns a notice if Postgres has too few connections left for a server to start, or for an idle server under load.
 */
async function connectionNotices(sql: Sql): Promise<string[]> {
  const [row] = await sql.unsafe<{ most: number; left: number; runs: boolean }[]>(`
    SELECT most, most - used AS left, runs FROM (
      SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
        count(*)::int - 2 AS used,
        coalesce(bool_or(datname = current_database() AND application_name = 'synapse bus'), false) AS runs
      FROM pg_stat_activity WHERE backend_type = 'client backend') AS seen`)
  if (row === undefined || row.left >= (row.runs ? SPARE : CONNECTIONS)) return []
  return [`${Math.max(row.left, 0)} of the ${row.most} connections of Postgres are left: ${MORE_CONNECTIONS}`]
}
