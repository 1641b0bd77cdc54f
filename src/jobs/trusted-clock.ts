import type { Clock } from '../core/kernel/time'

/** How long calendar and steady clock must agree. */
const SETTLED_MILLISECONDS = 60 * 60_000
/** The drift between them that still counts as agreement. */
const DRIFT_MILLISECONDS = 60_000

/**
 * Decides whether the date can be trusted enough to delete something. It is not trusted for an hour after the start and
 * after the clock was set: wrong clocks are usually corrected by then, and keeping data for longer costs nothing.
 */
export class TrustedClock {
  private offset: number
  private since: number

  constructor(private readonly clock: Clock) {
    this.offset = this.ahead()
    this.since = clock.steady()
  }

  /** Call it regularly: it notices a jump of the clock between two calls. */
  isTrusted(): boolean {
    const offset = this.ahead()
    if (Math.abs(offset - this.offset) > DRIFT_MILLISECONDS) {
      this.offset = offset
      this.since = this.clock.steady()
    }
    return this.clock.steady() - this.since >= SETTLED_MILLISECONDS
  }

  /** Milliseconds by which the calendar is ahead of the steady clock; constant until the calendar is set. */
  private ahead(): number {
    return this.clock.now() / 1000 - this.clock.steady()
  }
}
