import { IDEMPOTENCY_WINDOW_HOURS } from '../core/limits'
import type { Store } from '../core/ports'
import { type Clock, later, MICROS_PER_MINUTE } from '../core/time'
import type { Usage } from '../core/usage'

const USAGE_MILLISECONDS = 30_000
const FORGET_MILLISECONDS = 10 * 60_000
/** Rows that go in one transaction, so that posts never wait long. */
const SLICE = 500

export interface UpkeepDeps {
  readonly store: Store
  readonly usage: Usage
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/** Writes down when credentials were used, and forgets retry keys and sessions that are over. */
export function startUpkeep({ store, usage, clock, report }: UpkeepDeps): { stop(): Promise<void> } {
  const forget = async () => {
    const now = clock.now()
    const keysBefore = later(now, -IDEMPOTENCY_WINDOW_HOURS * 60 * MICROS_PER_MINUTE)
    while ((await store.transact((tx) => tx.forgetKeys(keysBefore, SLICE))) === SLICE);
    await store.transact((tx) => tx.forgetSessions(now))
  }
  const run = (job: () => Promise<void>) => () => void job().catch(report)
  const timers = [
    setInterval(
      run(() => usage.flush()),
      USAGE_MILLISECONDS,
    ),
    setInterval(run(forget), FORGET_MILLISECONDS),
  ]
  run(forget)()
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      await usage.flush().catch(report)
    },
  }
}
