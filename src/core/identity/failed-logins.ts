import type { Clock } from '../kernel/time'

/** Audited failures: the burst, and the average per minute. */
const BURST = 100
const PER_MINUTE = 10

/**
 * Limits how many failed sign-ins are audited. Anyone can fail, from many addresses, and audit entries are kept
 * forever. Beyond the limit failures are only counted, and the next entry contains the count.
 */
export class FailedLogins {
  private left = BURST
  private at: number
  private unwritten = 0

  constructor(private readonly clock: Pick<Clock, 'steady'>) {
    this.at = clock.steady()
  }

  /** Returns the number of failures left out since the last entry, or undefined if this one is left out, too. */
  admit(): number | undefined {
    const now = this.clock.steady()
    this.left = Math.min(BURST, this.left + ((now - this.at) * PER_MINUTE) / 60_000)
    this.at = now
    if (this.left < 1) {
      this.unwritten++
      return undefined
    }
    this.left--
    const before = this.unwritten
    this.unwritten = 0
    return before
  }
}
