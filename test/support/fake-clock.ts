import { type Clock, type Micros, toMicros } from '../../src/core/kernel/time'

/** 2026-05-07T12:00:00Z, when every world begins. */
export const DAWN = toMicros(Date.UTC(2026, 4, 7, 12) * 1000)

/** A clock that stands until it is moved. The runtime's timers go on: what they find is the time of this clock. */
export class FakeClock implements Clock {
  private at = DAWN
  private ran = 0

  now(): Micros {
    return this.at
  }

  steady(): number {
    return this.ran
  }

  /** Time passes, for the calendar and for everything that waits. */
  advance(milliseconds: number): void {
    this.at = toMicros(this.at + milliseconds * 1000)
    this.ran += milliseconds
  }

  /** Somebody sets the clock, forward or back; no time passes. */
  set(at: Micros): void {
    this.at = at
  }
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
