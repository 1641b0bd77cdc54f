/** Looks at what a server works with and does not hold itself, for `synapse doctor`: changes nothing, keeps nothing open. */
import { OperatorError } from '../core/kernel/operator-error'
import { examineRedis } from '../hub'
import { systemClock } from '../platform'
import { aheadOrBehind, SharedClock } from '../platform/shared-clock'
import { inspectPostgres } from '../store'

export { aheadOrBehind, examineRedis }

/** What was found of a database. */
export interface DatabaseSeen {
  /** Why no server can use it, and what to do about it. */
  readonly trouble?: { readonly problem: string; readonly remedy: string }
  /** What an operator should know. */
  readonly notices: readonly string[]
  /** How far the clock of this machine is ahead of the database's. */
  readonly aheadMs: number
}

/** Looks at a Postgres database as a server would that starts here now. */
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
