import type { Clock } from '../core/kernel/time'

/** So long the calendar and the steady clock have to go alike. */
const SETTLED_MILLISECONDS = 60 * 60_000
/** By so much they may drift apart meanwhile. */
const DRIFT_MILLISECONDS = 60_000

/**
 * Whether a date may be believed where believing it deletes something. After a start, and after the clock was set, it
 * is not for an hour: clocks that are wrong are mostly put right by then, and what is kept meanwhile costs nothing.
 */
export class TrustedClock {
  private offset: number
  private since: number

  constructor(private readonly clock: Clock) {
    this.offset = this.ahead()
    this.since = clock.steady()
  }

  /** To be asked now and then: a jump between two questions is noticed. */
  isTrusted(): boolean {
    const offset = this.ahead()
    if (Math.abs(offset - this.offset) > DRIFT_MILLISECONDS) {
      this.offset = offset
      this.since = this.clock.steady()
    }
    return this.clock.steady() - this.since >= SETTLED_MILLISECONDS
  }

  /** Milliseconds by which the calendar is ahead of the steady clock: always the same while nobody sets it. */
  private ahead(): number {
    return this.clock.now() / 1000 - this.clock.steady()
  }
}
