import type { Clock } from '../core/kernel/time'
import type { Job, Lease } from './job'

const CHECK_MILLISECONDS = 60_000
/** After a failure the next try waits so long, whatever the calendar does meanwhile. */
const RETRY_MILLISECONDS = 3600_000

export interface Daily {
  readonly name: string
  /** The time of day, `HH:MM` in local time, as it is set now; null for never. */
  readonly at: () => string | null
  /** When it was done before this process: the first of these that is not still to come, because the clock was ahead. */
  readonly lastDone: () => readonly (Date | undefined)[]
  readonly run: () => Promise<void>
  readonly clock: Clock
  readonly lease?: Lease
  readonly report: (fault: unknown) => void
}

/**
 * Work that is done once a day. What matters is whether it was done since the last time it was due, so a time that was
 * missed, because the machine slept or the server was down, is made up for, at the earliest a minute after the start.
 */
export function daily({ at, lastDone, run, clock, ...rest }: Daily): Job {
  const firstCheck = clock.steady() + CHECK_MILLISECONDS
  let lastRun: Date | undefined
  const now = () => new Date(clock.now() / 1000)
  const isDue = () => {
    const time = at()
    if (time === null) return false
    const done = [lastRun, ...lastDone()].find((at) => at !== undefined && at <= now())
    return done === undefined || done < lastDue(time, now())
  }
  const done = () => {
    lastRun = now()
  }
  return {
    ...rest,
    retry: { first: RETRY_MILLISECONDS, longest: RETRY_MILLISECONDS },
    wait: () => {
      const early = firstCheck - clock.steady()
      if (early > 0) return early
      return isDue() ? 0 : CHECK_MILLISECONDS
    },
    run: async () => {
      await run()
      done()
    },
    // The process that has the lease does it for all.
    elsewhere: done,
  }
}

/** The last moment at which the local clock showed this time of day. */
export function lastDue(time: string, now: Date): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const on = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, hours, minutes)
  return on(0) <= now ? on(0) : on(1)
}
