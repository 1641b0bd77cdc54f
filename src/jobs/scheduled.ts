import type { Clock } from '../core/kernel/time'
import type { Job, Lease } from './job'

const CHECK_MILLISECONDS = 60_000
/** The delay after a failure, independent of the calendar. */
const RETRY_MILLISECONDS = 3600_000

export interface Scheduled {
  readonly name: string
  /** Returns the last moment before `now` at which it should run; null for never. Read at every check. */
  readonly lastDue: (now: Date) => Date | null
  /**
   * When it was last done before this process started: the first of these that is not in the future. A future one was
   * recorded while the clock was ahead.
   */
  readonly lastDone: () => readonly (Date | undefined)[]
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly lease?: Lease
  readonly report: (fault: unknown) => void
}

/**
 * A job that runs by the calendar. It is due if it was not done since the last scheduled time, so a time missed while
 * the machine slept or the server was down is made up for, at the earliest a minute after the start.
 */
export function scheduled({ lastDue, lastDone, run, clock, ...rest }: Scheduled): Job {
  const firstCheck = clock.steady() + CHECK_MILLISECONDS
  let lastRun: Date | undefined
  const now = () => new Date(clock.now() / 1000)
  const isDue = () => {
    const due = lastDue(now())
    if (due === null) return false
    const done = [lastRun, ...lastDone()].find((at) => at !== undefined && at <= now())
    return done === undefined || done < due
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
    run: async (signal) => {
      await run(signal)
      done()
    },
    // The process with the lease runs it for all.
    elsewhere: done,
  }
}

/** Returns the last moment at which the local clock showed this time of day, `HH:MM`. */
export function lastTimeOfDay(time: string, now: Date): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const on = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, hours, minutes)
  return on(0) <= now ? on(0) : on(1)
}

/** Returns the beginning of the current hour of the local clock. */
export function lastFullHour(now: Date): Date {
  const sinceMs = (now.getMinutes() * 60 + now.getSeconds()) * 1000 + now.getMilliseconds()
  return new Date(now.getTime() - sinceMs)
}
