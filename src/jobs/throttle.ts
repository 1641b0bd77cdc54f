import type { Seq } from '../core/kernel/ids'
import type { Clock } from '../core/kernel/time'

/** How fast background work goes on: rows in one transaction, and the rest after it, in durations of the transaction. */
export interface Pacing {
  readonly size: number
  readonly restFactor: number
}

/** Few enough rows not to delay posts and other loops over rows. */
export const CALM: Pacing = { size: 100, restFactor: 1 }
/** While many events arrive, background work takes a twentieth of the time and leaves the rest to posts. */
const BUSY: Pacing = { size: 20, restFactor: 19 }
/** New events per millisecond above which the server is busy. */
const BUSY_RATE = 0.05

/** Tells background work how fast to go on, by how many events arrive. */
export class Throttle {
  private seen: { readonly head: Seq; readonly at: number }

  constructor(
    private readonly log: { readonly head: Seq },
    private readonly clock: Pick<Clock, 'steady'>,
  ) {
    this.seen = { head: log.head, at: clock.steady() }
  }

  /** Call it before each transaction. `own`: the events that the work itself has appended since the last call. */
  next(own = 0): Pacing {
    const now = { head: this.log.head, at: this.clock.steady() }
    const isBusy = now.head - this.seen.head - own > BUSY_RATE * (now.at - this.seen.at)
    this.seen = now
    return isBusy ? BUSY : CALM
  }
}
