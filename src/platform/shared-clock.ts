/** The time that all processes over one database share, whatever the clock of each machine says. */
import { type Clock, type Micros, toMicros } from '../core/kernel/time'

/** The offset is moved only when it is wrong by more than this. */
const TOLERANCE_MICROS = 100_000
/** A machine whose clock is off by more is named. */
const NOTABLE_MILLISECONDS = 2000

/** The clock of the machine, moved to that of a database once one is followed. */
export class SharedClock implements Clock {
  private offset = 0
  private isOff = false

  constructor(
    private readonly machine: Clock,
    /** Told when the clock of the machine begins to be off notably, and when that ends; milliseconds, ahead is positive. */
    private readonly tell: (aheadMs: number, isOff: boolean) => void,
  ) {}

  now(): Micros {
    return toMicros(this.machine.now() + this.offset)
  }

  steady(): number {
    return this.machine.steady()
  }

  /** How far the clock of the machine is ahead of the database's, to a tenth of a second. */
  get aheadMs(): number {
    return Math.round(-this.offset / 1000) || 0
  }

  /** Takes what the database's clock said somewhere within the last `tookMs` milliseconds. */
  follow(database: Micros, tookMs: number): void {
    const doubt = tookMs * 500
    const measured = Math.round(database - (this.machine.now() - doubt))
    if (Math.abs(measured - this.offset) <= TOLERANCE_MICROS + doubt) return
    this.offset = measured
    const isOff = Math.abs(this.aheadMs) > NOTABLE_MILLISECONDS
    if (isOff !== this.isOff) this.tell(this.aheadMs, isOff)
    this.isOff = isOff
  }
}

/** `62 min ahead`, of a number of milliseconds. */
export function aheadOrBehind(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const size = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `${size} ${aheadMs < 0 ? 'behind' : 'ahead'}`
}
