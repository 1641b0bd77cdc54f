import type { Clock } from '../core/kernel/time'
import type { Job, Lease } from './job'

/** The first delay after a failure; it grows up to the interval. */
const RETRY_MILLISECONDS = 5000

export interface Interval {
  readonly name: string
  /** Milliseconds from the end of one run to the next. */
  readonly every: number
  readonly clock: Pick<Clock, 'steady'>
  readonly run: (signal: AbortSignal) => Promise<void>
  /** Whether it is due as soon as the runner starts. */
  readonly atStart?: boolean
  readonly runsAtEnd?: boolean
  readonly lease?: Lease
}

/** A job that repeats at an interval. */
export function interval({ every, clock, run, atStart = false, ...rest }: Interval): Job {
  let dueAt = clock.steady() + (atStart ? 0 : every)
  const postpone = () => {
    dueAt = clock.steady() + every
  }
  return {
    ...rest,
    retry: { first: Math.min(every, RETRY_MILLISECONDS), longest: every },
    wait: () => Math.max(0, dueAt - clock.steady()),
    run: async (signal) => {
      await run(signal)
      postpone()
    },
    elsewhere: postpone,
  }
}
