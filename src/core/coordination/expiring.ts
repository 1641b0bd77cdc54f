/**
 * Coordination: leases by which people and agents show what they work on. What all leases have in common is here;
 * jobs/leases.ts announces the ends of those that have expired.
 * Imports only the core. claims.ts: exclusive leases on resources (resource.ts), with their rights (claim-rights.ts) and
 * lists (claim-list.ts). presences.ts: who is there and what they do, read (presence-view.ts) and derived (states.ts) from
 * leases and from what the server observes (reads-seen.ts), and announced (presence-frames.ts).
 * Start reading here, then claims.ts.
 */

import type { Writes } from '../kernel/ports'
import type { Micros } from '../kernel/time'

/** Something with times by the lease clock. They move with the clock when the calendar is set. */
export interface Shiftable {
  /** Moves what is stored by so many microseconds. */
  shift(tx: Writes, micros: number): Promise<void>
  /** Moves what is in memory, together with the clock. */
  shifted?(micros: number): void
}

/**
 * A kind of lease. Whether a lease is valid is decided by the lease clock whenever it matters; what is here only announces
 * the end of those that have expired.
 */
export interface Expiring extends Shiftable {
  /** When the first one expires whose end is not announced; null if there is none. */
  next(): Promise<Micros | null>
  /** Announces up to `limit` ends of leases that have expired. Returns how many. */
  announceExpired(limit: number): Promise<number>
}

/** All kinds of leases. */
export class Expiries {
  private readonly all: Expiring[] = []
  private readonly timed: Shiftable[] = []
  private wake: (at: Micros) => void = () => {}

  get kinds(): readonly Expiring[] {
    return this.all
  }

  add(kind: Expiring): void {
    this.all.push(kind)
    this.addShiftable(kind)
  }

  /** All that moves with the clock: every lease, and what was added here. */
  get shiftables(): readonly Shiftable[] {
    return this.timed
  }

  addShiftable(one: Shiftable): void {
    this.timed.push(one)
  }

  /** Call it after a lease was granted or changed: it expires at `at`. */
  note(at: Micros): void {
    this.wake(at)
  }

  /** Sets what is called with each expiry that is noted. */
  onNote(wake: (at: Micros) => void): void {
    this.wake = wake
  }
}
