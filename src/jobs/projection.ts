import { Trouble } from '../core/kernel/errors'
import type { Projection } from '../core/kernel/followers'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import type { LogReader } from './log-reader'

/** Events applied in one transaction, few enough not to delay posts. */
const PAGE = 200

/**
 * Returns a job that keeps a projection up to date: it applies the log page by page, from the stored position to the
 * head.
 */
export function projectionJob(
  store: Store,
  log: LogReader,
  projection: Projection,
  /** Called after each transaction. */
  applied: () => void,
): Job {
  const name = `projection:${projection.name}`
  /** The position as last moved by this process; undefined if another process may have moved it. */
  let position: Seq | undefined
  const applyPage = async (from: Seq): Promise<Seq> => {
    const { events, position: to } = await log.page(from, PAGE, name)
    await store.transact(async (tx) => {
      // Comes before all writes, so that a refusal leaves nothing written.
      if (!(await tx.moveProjection(projection.name, from, to)))
        throw new Trouble(`${name} was moved by another process; its position is read again`)
      if (events.length > 0) await projection.apply(tx, events)
    })
    if (events.length > 0) applied()
    return to
  }
  return {
    name,
    lease: FOLLOWER_LEASE,
    retry: FOLLOWER_RETRY,
    followsLog: true,
    wait: () => (position === undefined || position < log.head ? 0 : undefined),
    run: async (signal) => {
      let at = await store.reads.projectionPosition(projection.name)
      position = undefined
      while (at < log.head && !signal.aborted) at = await applyPage(at)
      position = at
    },
    elsewhere: () => {
      position = undefined
    },
  }
}
