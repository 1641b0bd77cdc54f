import { background } from '../core/background'
import type { Clock } from '../core/time'

const CHECK_MILLISECONDS = 60_000
/** After a failure the next try waits so long, whatever the calendar does meanwhile. */
const RETRY_MILLISECONDS = 3600_000

export interface DailyDeps {
  /** The time of day, `HH:MM` in local time, as it is set now; null for never. */
  readonly at: () => string | null
  /** When it was done last: the first of these that is not still to come, because the clock was ahead. None means never. */
  readonly lastDone: () => readonly (Date | undefined)[]
  readonly run: () => Promise<void>
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/**
 * Does something once a day. What matters is whether it was done since the last time it was due, so a time that was
 * missed, because the machine slept or the server was down, is made up for at the next check.
 */
export function startDaily(deps: DailyDeps): { check(): Promise<void>; stop(): void } {
  const { at, lastDone, run, clock, report } = deps
  let isRunning = false
  let notBefore = Number.NEGATIVE_INFINITY
  const check = async () => {
    const time = at()
    if (isRunning || time === null || clock.steady() < notBefore) return
    const now = new Date(clock.now() / 1000)
    const done = lastDone().find((at) => at !== undefined && at <= now)
    if (done !== undefined && done >= lastDue(time, now)) return
    isRunning = true
    try {
      await run()
    } catch (fault) {
      notBefore = clock.steady() + RETRY_MILLISECONDS
      report(fault)
    } finally {
      isRunning = false
    }
  }
  const timer = setInterval(() => background(check(), report), CHECK_MILLISECONDS)
  return { check, stop: () => clearInterval(timer) }
}

/** The last moment at which the local clock showed this time of day. */
export function lastDue(time: string, now: Date): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const on = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, hours, minutes)
  return on(0) <= now ? on(0) : on(1)
}
