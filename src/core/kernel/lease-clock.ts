import { type Clock, type Micros, toMicros } from './time'

/** A change of the calendar against the steady clock beyond this is a jump; below it, both drift apart. */
const JUMP_MICROS = 1_000_000

/**
 * The clock of leases. It shows the calendar time and runs with the steady clock: when the calendar is set, or the machine
 * was suspended, it goes on as before, so that no lease ends early or lives too long. `jump` is then the difference to the
 * calendar. After the leases were moved by it, `follow` makes both clocks agree again.
 */
export class LeaseClock {
  /** Microseconds by which this clock is ahead of the steady clock. */
  private offset: number
  /** Microseconds by which the calendar was ahead of the steady clock when it was last read. */
  private seen: number
  private moves = 0

  constructor(private readonly clock: Clock) {
    this.seen = this.ahead()
    this.offset = this.seen
  }

  now(): Micros {
    const ahead = this.ahead()
    if (Math.abs(ahead - this.seen) <= JUMP_MICROS) this.offset += ahead - this.seen
    this.seen = ahead
    return toMicros(Math.round(this.clock.steady() * 1000 + this.offset))
  }

  /** Milliseconds until an instant; negative if it is past. */
  until(at: Micros): number {
    return (at - this.now()) / 1000
  }

  /** Returns by how many microseconds the calendar is ahead of this clock, because it was set; 0 if it was not. */
  get jump(): number {
    this.now()
    return Math.abs(this.seen - this.offset) <= JUMP_MICROS ? 0 : Math.round(this.seen - this.offset)
  }

  /** Reports whether the calendar was set and some times do not follow it yet. What is read meanwhile may be either. */
  get isUnsettled(): boolean {
    return this.moves > 0 || this.jump !== 0
  }

  /** Runs work that moves stored times and this clock. Until it ends, `isUnsettled` is true. */
  async moving(work: () => Promise<void>): Promise<void> {
    this.moves++
    try {
      await work()
    } finally {
      this.moves--
    }
  }

  /** Moves this clock by a jump. */
  follow(jump: number): void {
    this.offset += jump
  }

  private ahead(): number {
    return this.clock.now() - this.clock.steady() * 1000
  }
}
