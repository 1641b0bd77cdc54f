import type { LogFollowers } from '../core/kernel/followers'
import type { Store } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import { LogReader, type LogReaderDeps } from './log-reader'
import { Outbox } from './outbox'
import { type ProjectionWork, projectionWork } from './projection'
import { RecentRecords } from './recent-records'
import type { Runner } from './runner'

export interface FollowerDeps extends LogReaderDeps {
  readonly store: Store
  readonly clock: Pick<Clock, 'steady'>
  readonly runner: Runner
}

/** The followers of the log in this process. */
export interface Followers extends LogFollowers {
  /** By how many events each projection is behind, except those that another process applies. */
  lags(): ReadonlyMap<string, number>
}

/** Creates runner jobs for followers of the log, and wakes them after each commit. */
export function createFollowers(deps: FollowerDeps): Followers {
  const { store, clock, runner } = deps
  const log = new LogReader({ ...deps, recent: new RecentRecords(store) })
  const outbox = new Outbox(store, log, clock)
  runner.add(outbox.watch())
  store.onCommit(() => runner.committed())
  // Other processes may have written while no reader was connected here.
  store.shared?.onAdvance(() => runner.committed())
  const works = new Map<string, ProjectionWork>()
  return {
    project: (projection) => {
      const work = projectionWork(store, log, clock, projection, () => {
        // A transaction may have written to the outbox without an event.
        outbox.lookAgain()
        runner.wake()
      })
      const remove = runner.add(work.job)
      works.set(projection.name, work)
      return () => {
        works.delete(projection.name)
        remove()
      }
    },
    lags: () => {
      const lags = new Map<string, number>()
      for (const [name, work] of works) {
        const lag = work.lag()
        if (lag !== undefined) lags.set(name, lag)
      }
      return lags
    },
    deliverTo: (endpoint) => {
      const remove = runner.add(outbox.job(endpoint))
      return () => {
        outbox.remove(endpoint)
        remove()
      }
    },
  }
}
