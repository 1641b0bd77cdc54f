import type { ImpersonationNotes } from '../core/access/impersonation'
import { partOf, slotOf, WINDOWS } from '../core/activity/packed'
import type { Settings } from '../core/governance/settings'
import type { Attempts } from '../core/identity/attempts'
import type { Usage } from '../core/identity/usage'
import { IDEMPOTENCY_WINDOW_HOURS } from '../core/kernel/limits'
import type { Store } from '../core/kernel/ports'
import { type Clock, later, MICROS_PER_DAY, MICROS_PER_MINUTE } from '../core/kernel/time'
import { inSteps } from './in-steps'
import { interval } from './interval'
import type { Job } from './job'
import { createLogClockWatch, type LogClockDeps } from './log-clock'
import { TrustedClock } from './trusted-clock'

const USAGE_MILLISECONDS = 30_000
const CLOCK_MILLISECONDS = 60_000
/** Several tries in the 5 minutes after which removed data is gone (docs/contract/messages.md#retention-and-purge). */
const REMOVED_MILLISECONDS = 60_000
const FORGET_MILLISECONDS = 10 * 60_000
/** How long the lease of a process that died during its work delays another process. */
const LEASE_SECONDS = 30
/** Rows deleted in one transaction, few enough not to delay posts. */
const SLICE = 500
/** How long expired sessions are kept, so that they survive a clock that was a year ahead and is corrected. */
const SESSION_GRACE_DAYS = 400
/** How long ended claims are kept (docs/contract/coordination.md#claims). */
const CLAIM_DAYS = 30
/** How long calls of webhooks are listed after their end (docs/contract/webhooks.md#retries). */
const DELIVERY_DAYS = { delivered: 7, dead: 30 } as const

export interface UpkeepDeps {
  readonly store: Store
  readonly usage: Usage
  readonly attempts: Attempts
  readonly settings: Settings
  readonly impersonationNotes: ImpersonationNotes
  readonly forgetRemoved: () => Promise<void>
  readonly releasePages: () => Promise<boolean>
  readonly mergeWordIndex: () => Promise<boolean>
  readonly clock: Clock
  readonly aheadUntil: LogClockDeps['aheadUntil']
  readonly warn: LogClockDeps['warn']
}

/**
 * Returns the jobs that write the uses of credentials, and delete old attempts, retry keys, claims, deliveries, sessions and
 * consumers of inboxes.
 */
export function upkeepJobs(deps: UpkeepDeps): Job[] {
  const { usage, impersonationNotes, clock } = deps
  const forget = createCleanup(deps)
  const watch = createLogClockWatch(deps)
  return [
    interval({
      name: 'last-uses',
      every: USAGE_MILLISECONDS,
      runsAtEnd: true,
      clock,
      run: () => usage.flush(),
    }),
    interval({
      name: 'impersonation-notes',
      every: USAGE_MILLISECONDS,
      runsAtEnd: true,
      clock,
      run: () => impersonationNotes.flush(),
    }),
    interval({
      name: 'upkeep',
      every: FORGET_MILLISECONDS,
      atStart: true,
      lease: { seconds: LEASE_SECONDS, isGivenBack: false },
      clock,
      run: forget,
    }),
    interval({ name: 'forget-removed', every: REMOVED_MILLISECONDS, clock, run: () => deps.forgetRemoved() }),
    inSteps('free-pages', deps.releasePages, clock),
    inSteps('merge-word-index', deps.mergeWordIndex, clock),
    interval({ name: 'log-clock', every: CLOCK_MILLISECONDS, atStart: true, clock, run: watch }),
  ]
}

/** Returns a function that deletes expired rows, if the date can be trusted. */
export function createCleanup(
  deps: Pick<UpkeepDeps, 'store' | 'attempts' | 'settings' | 'clock'>,
): () => Promise<void> {
  const { store, attempts, settings, clock } = deps
  const settled = new TrustedClock(clock)
  return async () => {
    if (!settled.isTrusted()) return
    while ((await attempts.forget(SLICE)) === SLICE);
    const now = clock.now()
    const keysBefore = later(now, -IDEMPOTENCY_WINDOW_HOURS * 60 * MICROS_PER_MINUTE)
    while ((await store.transact((tx) => tx.forgetKeys(keysBefore, SLICE))) === SLICE);
    const claimsBefore = later(now, -CLAIM_DAYS * MICROS_PER_DAY)
    while ((await store.transact((tx) => tx.forgetClaims(claimsBefore, SLICE))) === SLICE);
    while ((await store.transact((tx) => tx.forgetPauses(claimsBefore, SLICE))) === SLICE);
    for (const window of Object.values(WINDOWS)) {
      const part = partOf(slotOf(now, window), window)
      await store.transact((tx) => tx.forgetActivity(window.span, part - 1))
    }
    for (const state of ['delivered', 'dead'] as const) {
      const before = later(now, -DELIVERY_DAYS[state] * MICROS_PER_DAY)
      while ((await store.transact((tx) => tx.forgetDeliveries(state, before, SLICE))) === SLICE);
    }
    const sessionsBefore = later(now, -SESSION_GRACE_DAYS * MICROS_PER_DAY)
    const forgetAfter = (after: number) =>
      store.transact((tx) => tx.forgetSessions(sessionsBefore, { after, limit: SLICE }))
    for (let last = await forgetAfter(0); last !== undefined; ) last = await forgetAfter(last)
    const idleSince = later(now, -settings.get('inbox.consumer_idle_days') * MICROS_PER_DAY)
    await store.transact((tx) => tx.deleteIdleConsumers(idleSince))
  }
}
