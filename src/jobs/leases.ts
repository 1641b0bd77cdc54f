import type { Expiries } from '../core/coordination/expiring'
import type { PresenceFrames } from '../core/coordination/presence-frames'
import type { Presences } from '../core/coordination/presences'
import type { ReadsSeen } from '../core/coordination/reads-seen'
import type { LeaseClock } from '../core/kernel/lease-clock'
import type { Store } from '../core/kernel/ports'
import type { Clock, Micros } from '../core/kernel/time'
import { interval } from './interval'
import type { Job } from './job'

/** Ends announced in one transaction. */
const SLICE = 100
/**
 * Intervals at which the store is asked for the next expiry. This process notes the leases that it grants; those of other
 * processes are found in the store. With the shared interval and the lease of the job, an end is announced within 5 s.
 */
const LOOK_MILLISECONDS = { alone: 60_000, shared: 2000 } as const
const LEASE_SECONDS = 2
const RETRY: Job['retry'] = { first: 500, longest: 4000 }
/** How often the calendar is compared with the steady clock. */
const CALENDAR_MILLISECONDS = 10_000
const READS_MILLISECONDS = 30_000
/** A third of the time for which other processes count a stream as open. */
const STREAMS_MILLISECONDS = 10_000

export interface LeaseJobsDeps {
  readonly store: Pick<Store, 'transact'>
  readonly expiries: Expiries
  readonly leaseClock: LeaseClock
  readonly clock: Clock
  readonly presences: Pick<Presences, 'shareStreams'>
  readonly presenceFrames: Pick<PresenceFrames, 'onChanged' | 'untilNext' | 'announceDue'>
  readonly readsSeen: Pick<ReadsSeen, 'flush'>
  /** Whether other processes grant leases in the same store. */
  readonly isShared: boolean
  readonly wake: () => void
}

/** Returns the jobs that announce the ends of leases, and keep leases going when the calendar is set. */
export function leaseJobs(deps: LeaseJobsDeps): Job[] {
  const { clock, presences, readsSeen, isShared } = deps
  const flush = () => readsSeen.flush()
  const jobs = [
    sweeper(deps),
    calendarWatch(deps),
    presenceAnnouncer(deps),
    interval({ name: 'reads-seen', every: READS_MILLISECONDS, runsAtEnd: true, clock, run: flush }),
  ]
  const share = () => presences.shareStreams()
  if (isShared) jobs.push(interval({ name: 'streams-shown', every: STREAMS_MILLISECONDS, clock, run: share }))
  return jobs
}

/** Sleeps until the next lease expires, and announces its end. */
function sweeper({ expiries, leaseClock, clock, isShared, wake }: LeaseJobsDeps): Job {
  const every = isShared ? LOOK_MILLISECONDS.shared : LOOK_MILLISECONDS.alone
  let lookAt = clock.steady()
  let next: Micros | undefined
  expiries.onNote((at) => {
    if (next !== undefined && next <= at) return
    next = at
    wake()
  })
  const sweep = async (signal: AbortSignal) => {
    lookAt = clock.steady() + every
    next = undefined
    for (const kind of expiries.kinds) {
      while (!signal.aborted && (await kind.announceExpired(SLICE)) === SLICE);
      const at = await kind.next()
      // Leases that were noted meanwhile count as well.
      if (at !== null && (next === undefined || at < next)) next = at
    }
  }
  return {
    name: 'leases',
    lease: { seconds: LEASE_SECONDS, isGivenBack: true },
    retry: RETRY,
    wait: () => {
      const look = lookAt - clock.steady()
      return Math.max(0, next === undefined ? look : Math.min(look, leaseClock.until(next)))
    },
    run: sweep,
    elsewhere: () => {
      lookAt = clock.steady() + every
      next = undefined
    },
  }
}

/** Announces what has changed of the presence of accounts. */
function presenceAnnouncer({ presenceFrames, wake }: LeaseJobsDeps): Job {
  presenceFrames.onChanged(wake)
  return {
    name: 'presence-frames',
    retry: RETRY,
    wait: () => presenceFrames.untilNext,
    run: () => presenceFrames.announceDue(),
  }
}

/**
 * Follows the calendar after it was set. A store of this process alone moves its leases with it. Those of a shared store
 * follow the clock of the database, which the other processes follow, too.
 */
function calendarWatch({ store, expiries, leaseClock, clock, isShared }: LeaseJobsDeps): Job {
  /**
   * Moves the leases and the clock together. The clock goes back before the commit and forward after it: what is read in
   * between shows leases that live longer, and none that ended early. No later write is judged in between.
   */
  const shift = async (jump: number) => {
    const move = (micros: number) => {
      leaseClock.follow(micros)
      for (const one of expiries.shiftables) one.shifted?.(micros)
    }
    let isBack = false
    try {
      await store.transact(async (tx) => {
        for (const one of expiries.shiftables) await one.shift(tx, jump)
        // The work may run twice, the clock moves once.
        tx.endGroup()
        if (jump > 0) tx.afterCommit(() => move(jump))
        else if (!isBack) {
          move(jump)
          isBack = true
        }
      })
    } catch (fault) {
      // Nothing was moved, so the next run begins anew.
      if (isBack) move(-jump)
      throw fault
    }
  }
  return interval({
    name: 'lease-calendar',
    every: CALENDAR_MILLISECONDS,
    clock,
    run: async () => {
      const { jump } = leaseClock
      if (jump === 0) return
      if (isShared) leaseClock.follow(jump)
      else await leaseClock.moving(() => shift(jump))
      // What was noted before is by the old calendar.
      expiries.note(leaseClock.now())
    },
  })
}
