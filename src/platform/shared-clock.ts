/** A clock shared by all processes over one database, independent of the clocks of their machines. */
import { type Clock, type Micros, toMicros } from '../core/kernel/time'

/** The offset is corrected only if it is wrong by more than this. */
const TOLERANCE_MICROS = 100_000
/** A machine whose clock is off by more than this is reported. */
const NOTABLE_MILLISECONDS = 2000

/** The machine's clock, adjusted to that of a database once one is followed. */
export class SharedClock implements Clock {
  private offset = 0
  private isOff = false

  constructor(
    private readonly machine: Clock,
    /**
     * Called when the machine's clock becomes notably wrong and when it is right again; milliseconds, positive if
     * ahead.
     */
    private readonly tell: (aheadMs: number, isOff: boolean) => void,
  ) {}

  now(): Micros {
    return toMicros(this.machine.now() + this.offset)
  }

  steady(): number {
    return this.machine.steady()
  }

  /** How far the machine's clock is ahead of the database's, to a tenth of a second. */
  get aheadMs(): number {
    return Math.round(-this.offset / 1000) || 0
  }

  /** Takes a time that the database's clock showed at some moment within the last `tookMs` milliseconds. */
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

/** Formats milliseconds, such as `62 min ahead`. */
export function aheadOrBehind(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const size = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `${size} ${aheadMs < 0 ? 'behind' : 'ahead'}`
}
