import type { ISql, Sql } from 'postgres'
import { background } from '../../core/kernel/background'
import { OperatorError } from '../../core/kernel/operator-error'

/** A session that is kept answers within this; one that waits for a connection of the pooler may never. */
const READ_BACK_MILLISECONDS = 2000
/** A pooler that happens to give a client the same connection again looks like one that keeps sessions. */
const ROUNDS = 3

/**
 * Makes sure that what a connection is told stays with it. A pooler that gives its connection to Postgres to somebody
 * else after every transaction loses prepared statements, locks and LISTEN, and hands them to strangers.
 * @throws OperatorError unsuitable
 */
export async function requireSessions(one: ISql, other: Sql): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    if (await isShared(one, other))
      throw new OperatorError(
        'unsuitable',
        'SYNAPSE_DATABASE_URL leads to a connection pooler that does not keep sessions',
        'set pool_mode = session for this database in PgBouncer, or name Postgres itself in SYNAPSE_DATABASE_URL',
      )
}

/** Whether this connection leads to Postgres itself: a pooler has process ids of its own. */
export function isDirect(pid: number, { state }: Answer): boolean {
  return pid === state.pid
}

/** An answer of the driver: by what the server called the connection, when it was made. */
interface Answer {
  readonly state: { readonly pid: number; readonly secret: number }
}

/**
 * Sets a parameter in the session of `one`, which must be a single connection, and reads it back while `other` is in a
 * transaction. Two clients with one process of Postgres, or a parameter that is gone, prove that sessions are shared.
 */
async function isShared(one: ISql, other: Sql): Promise<boolean> {
  // Without parameters nothing is prepared, which would fail here for the same reason.
  const mark = crypto.randomUUID()
  const mine = await one.unsafe<{ pid: number }[]>(
    `SELECT pg_backend_pid() AS pid, set_config('synapse.probe', '${mark}', false)`,
  )
  const connection = nameOf(mine)
  let reading: Promise<boolean> | undefined
  const isSame = await other.begin(async (tx) => {
    const theirs = await tx.unsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid')
    if (mine[0]?.pid === theirs[0]?.pid) return true
    reading = hasLost(one, mark, connection)
    // Where the pooler has no connection left, it goes on when this transaction ends.
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, READ_BACK_MILLISECONDS)
    // How it failed is seen below, where it is awaited.
    background(reading.finally(resolve), () => {})
    await waited
    clearTimeout(timer)
    return false
  })
  return isSame || (await reading) === true
}

/** Whether the parameter is gone, and not because the connection was replaced. */
async function hasLost(one: ISql, mark: string, connection: string): Promise<boolean> {
  const rows = await one.unsafe<{ mark: string | null }[]>(
    "SELECT current_setting('synapse.probe', true) AS mark",
  )
  return rows[0]?.mark !== mark && nameOf(rows) === connection
}

function nameOf({ state }: Answer): string {
  return `${state.pid} ${state.secret}`
}
