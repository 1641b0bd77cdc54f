import { formatInstant, type Micros } from '../core/kernel/time'

export interface LogClockDeps {
  /** Returns the instant of the log's newest event while it is ahead of the clock, else undefined. */
  readonly aheadUntil: () => Promise<Micros | undefined>
  readonly warn: (message: string, facts?: Readonly<Record<string, unknown>>) => void
}

/** Returns a check whether the log is ahead of the clock. It warns once when that begins and once when it ends. */
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
