import { type Clock, type Micros, toMicros } from '../../src/core/kernel/time'
import { systemClock } from '../../src/platform'

/** The clock of the machine, which a test can set forward. */
export class MovableClock implements Clock {
  private ahead = 0

  now(): Micros {
    return toMicros(systemClock.now() + this.ahead * 1000)
  }

  steady(): number {
    return systemClock.steady() + this.ahead
  }

  /** Sets both the calendar and the steady clock forward. */
  advance(milliseconds: number): void {
    this.ahead += milliseconds
  }
}
