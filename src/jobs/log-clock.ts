import { formatInstant, type Micros } from '../core/kernel/time'

export interface LogClockDeps {
  /** Until when the log is ahead of the clock; undefined while it is not. */
  readonly aheadUntil: () => Promise<Micros | undefined>
  readonly warn: (message: string, facts?: Readonly<Record<string, unknown>>) => void
}

/** Looks, at each call, whether the log is ahead of the clock; says so once, and once more when that is over. */
export function createLogClockWatch({ aheadUntil, warn }: LogClockDeps): () => Promise<void> {
  let wasAhead = false
  return async () => {
    const until = await aheadUntil()
    if (until !== undefined && !wasAhead)
      warn(
        'the log is ahead of the clock of this machine, which was ahead once or is behind now: what is written gets times a microsecond apart, in the right order, until the clock has come as far',
        { until: formatInstant(until) },
      )
    if (until === undefined && wasAhead) warn('the log is no longer ahead of the clock of this machine')
    wasAhead = until !== undefined
  }
}
