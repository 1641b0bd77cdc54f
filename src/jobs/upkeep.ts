import type { Attempts } from '../core/attempts'
import { background } from '../core/background'
import type { ActedWrites } from '../core/impersonation'
import { IDEMPOTENCY_WINDOW_HOURS } from '../core/limits'
import type { Leases, Store } from '../core/ports'
import { type Clock, later, MICROS_PER_DAY, MICROS_PER_MINUTE } from '../core/time'
import type { Usage } from '../core/usage'
import { alone } from './alone'
import { createLogClockWatch, type LogClockDeps } from './log-clock'
import { SettledClock } from './settled-clock'

const USAGE_MILLISECONDS = 30_000
const CLOCK_MILLISECONDS = 60_000
const FORGET_MILLISECONDS = 10 * 60_000
/** Rows that go in one transaction, so that posts never wait long. */
const SLICE = 500
/** Sessions are kept so long after their end: a clock that was a year ahead, and comes back, finds them. */
const SESSION_GRACE_DAYS = 400

export interface UpkeepDeps {
  readonly store: Store & Leases
  readonly usage: Usage
  readonly attempts: Attempts
  readonly actedWrites: ActedWrites
  readonly clock: Clock
  readonly aheadUntil: LogClockDeps['aheadUntil']
  readonly report: (fault: unknown) => void
  readonly warn: LogClockDeps['warn']
}

/** Writes down when credentials were used, and forgets attempts, retry keys and sessions that are over. */
export function startUpkeep(deps: UpkeepDeps): {
  stop(): Promise<void>
} {
  const { store, usage, attempts, actedWrites, clock, report } = deps
  const lookAtClock = createLogClockWatch(deps)
  const forget = createForgetting(store, attempts, clock)
  const forgetAlone = () => alone(store, 'upkeep', forget)
  const run = (job: () => Promise<void>) => () => background(job(), report)
  const timers = [
    setInterval(
      run(() => usage.flush()),
      USAGE_MILLISECONDS,
    ),
    setInterval(
      run(() => actedWrites.flush()),
      USAGE_MILLISECONDS,
    ),
    setInterval(run(forgetAlone), FORGET_MILLISECONDS),
    setInterval(run(lookAtClock), CLOCK_MILLISECONDS),
  ]
  run(forgetAlone)()
  run(lookAtClock)()
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      await usage.flush().catch(report)
      await actedWrites.flush().catch(report)
    },
  }
}

/** Deletes what is over, at each call, once the date is settled. */
export function createForgetting(store: Store, attempts: Attempts, clock: Clock): () => Promise<void> {
  const settled = new SettledClock(clock)
  return async () => {
    if (!settled.isSettled()) return
    while ((await attempts.forget(SLICE)) === SLICE);
    const now = clock.now()
    const keysBefore = later(now, -IDEMPOTENCY_WINDOW_HOURS * 60 * MICROS_PER_MINUTE)
    while ((await store.transact((tx) => tx.forgetKeys(keysBefore, SLICE))) === SLICE);
    const sessionsBefore = later(now, -SESSION_GRACE_DAYS * MICROS_PER_DAY)
    const forgetAfter = (after: number) =>
      store.transact((tx) => tx.forgetSessions(sessionsBefore, { after, limit: SLICE }))
    for (let last = await forgetAfter(0); last !== undefined; ) last = await forgetAfter(last)
  }
}
