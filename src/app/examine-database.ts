/** Examines a database and a Redis server for `synapse doctor`. Changes nothing, and closes every connection. */
import { OperatorError } from '../core/kernel/operator-error'
import { examineRedis } from '../hub'
import { systemClock } from '../platform'
import { aheadOrBehind, SharedClock } from '../platform/shared-clock'
import { inspectPostgres } from '../store'

export { aheadOrBehind, examineRedis }

/** The findings about a database. */
export interface DatabaseSeen {
  /** Why no server can use the database, and what to do about it. */
  readonly trouble?: { readonly problem: string; readonly remedy: string }
  /** Remarks for the operator. */
  readonly notices: readonly string[]
  /** How far the clock of this machine is ahead of the database's. */
  readonly aheadMs: number
}

/** Examines a Postgres database as a server that starts here would. */
export async function examineDatabase(url: string): Promise<DatabaseSeen> {
  const clock = new SharedClock(systemClock, () => {})
  const follow = clock.follow.bind(clock)
  try {
    const notices = await inspectPostgres(url, { clock, follow })
    return { notices, aheadMs: clock.aheadMs }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const { problem, remedy } = error
    return { trouble: { problem, remedy }, notices: [], aheadMs: clock.aheadMs }
  }
}
