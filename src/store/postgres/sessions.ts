import type { ISql, Sql } from 'postgres'
import { background } from '../../core/kernel/background'
import { OperatorError } from '../../core/kernel/operator-error'

/** A kept session answers within this time. One that waits for a connection of the pooler may never answer. */
const READ_BACK_MILLISECONDS = 2000
/** A pooler may give a client the same connection by chance, which looks like a kept session. */
const ROUNDS = 3

/**
 * Checks that a connection keeps its session. A pooler that switches its Postgres connection after every transaction
 * loses prepared statements, locks and LISTEN, and leaks them to other clients.
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

/** Reports whether this connection leads to Postgres itself. A pooler has process ids of its own. */
export function isDirect(pid: number, { state }: Answer): boolean {
  return pid === state.pid
}

/** A result of the driver, with the process id and secret that the server announced when the connection was opened. */
interface Answer {
  readonly state: { readonly pid: number; readonly secret: number }
}

/**
 * Sets a parameter in the session of `one`, which must be a single connection, and reads it back while `other` is in
 * a transaction. If both clients share one Postgres process, or the parameter is gone, sessions are not kept.
 */
async function isShared(one: ISql, other: Sql): Promise<boolean> {
  // A query without parameters is not prepared: preparing would fail here for the same reason.
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
    // If the pooler has no connection left, the read continues when this transaction ends.
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, READ_BACK_MILLISECONDS)
    // A failure surfaces below, where it is awaited.
    background(reading.finally(resolve), () => {})
    await waited
    clearTimeout(timer)
    return false
  })
  return isSame || (await reading) === true
}

/** Reports whether the parameter is gone although the connection was not replaced. */
async function hasLost(one: ISql, mark: string, connection: string): Promise<boolean> {
  const rows = await one.unsafe<{ mark: string | null }[]>(
    "SELECT current_setting('synapse.probe', true) AS mark",
  )
  return rows[0]?.mark !== mark && nameOf(rows) === connection
}

function nameOf({ state }: Answer): string {
  return `${state.pid} ${state.secret}`
}
