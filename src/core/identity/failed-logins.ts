import type { Clock } from '../kernel/time'

/** So many are written down at once, and so many a minute in the long run. */
const BURST = 100
const PER_MINUTE = 10

/**
 * Decides which failed sign-ins are written down. Anybody can fail, from any number of addresses, and what is written
 * stays for ever: beyond a trickle they are counted only, and the next one that is written says how many.
 */
export class FailedLogins {
  private left = BURST
  private at: number
  private unwritten = 0

  constructor(private readonly clock: Pick<Clock, 'steady'>) {
    this.at = clock.steady()
  }

  /** How many were not written down since the last one that was; undefined: this one is not, either. */
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
