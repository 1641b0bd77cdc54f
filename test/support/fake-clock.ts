import { type Clock, type Micros, toMicros } from '../../src/core/kernel/time'

/** 2026-05-07T12:00:00Z, the start time of every world. */
export const DAWN = toMicros(Date.UTC(2026, 4, 7, 12) * 1000)

/** A clock that is stopped until it is moved. The runtime's timers keep running and read the time of this clock. */
export class FakeClock implements Clock {
  private at = DAWN
  private ran = 0

  now(): Micros {
    return this.at
  }

  steady(): number {
    return this.ran
  }

  /** Advances both the calendar and the steady clock. */
  advance(milliseconds: number): void {
    this.at = toMicros(this.at + milliseconds * 1000)
    this.ran += milliseconds
  }

  /** Sets the calendar forward or back; no time passes. */
  set(at: Micros): void {
    this.at = at
  }
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
