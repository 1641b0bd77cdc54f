import type { LogFollowers } from '../core/kernel/followers'
import type { Store } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import { LogReader, type LogReaderDeps } from './log-reader'
import { Outbox } from './outbox'
import { projectionJob } from './projection'
import type { Runner } from './runner'

export interface FollowerDeps extends LogReaderDeps {
  readonly store: Store
  readonly clock: Pick<Clock, 'steady'>
  readonly runner: Runner
}

/** Creates runner jobs for followers of the log, and wakes them after each commit. */
export function createFollowers(deps: FollowerDeps): LogFollowers {
  const { store, clock, runner } = deps
  const log = new LogReader(deps)
  const outbox = new Outbox(store, log, clock)
  runner.add(outbox.watch())
  store.onCommit(() => runner.committed())
  // Other processes may have written while no reader was connected here.
  store.shared?.onAdvance(() => runner.committed())
  return {
    project: (projection) =>
      runner.add(
        projectionJob(store, log, projection, () => {
          // A transaction may have written to the outbox without an event.
          outbox.lookAgain()
          runner.wake()
        }),
      ),
    deliverTo: (endpoint) => {
      const remove = runner.add(outbox.job(endpoint))
      return () => {
        outbox.remove(endpoint)
        remove()
      }
    },
  }
}
