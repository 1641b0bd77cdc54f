import type { Observation } from '../kernel/coordination-ports'
import type { LeaseClock } from '../kernel/lease-clock'
import { slices } from '../kernel/paged-reads'
import type { Store } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** Rows written in one transaction; other transactions run in between. */
const SLICE = 50
/** Reads that are closer together count as one. */
const LEAST_MICROS = MICROS_PER_SECOND
/** After a longer pause the usual interval is learned anew. */
const MOST_MICROS = 3600 * MICROS_PER_SECOND
/** The weight of the newest interval in the usual one. */
const WEIGHT = 0.2

interface Noted extends Observation {
  lastReadAt: Micros
}

/**
 * When accounts last read, and how often they usually do. Noted in memory and written in batches. A process knows its own
 * reads at once, and those of others when they are written.
 */
export class ReadsSeen {
  /** What is noted moves in place, so that what is about to be written moves, too. */
  private noted = new Map<number, Noted>()
  private flushed = new Map<number, Noted>()
  private line: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly store: Pick<Store, 'transact'>,
    private readonly clock: LeaseClock,
  ) {}

  note(accountId: number): void {
    const at = this.clock.now()
    const known = this.noted.get(accountId) ?? this.flushed.get(accountId)
    if (known && Math.abs(at - known.lastReadAt) < LEAST_MICROS) return
    this.noted.set(accountId, { lastReadAt: at, readInterval: usual(known, at) })
  }

  /** Returns the newer of what is stored and what is known here. */
  of(accountId: number, stored: Observation | undefined): Observation | undefined {
    const known = this.noted.get(accountId) ?? this.flushed.get(accountId)
    if (!known || (stored && stored.lastReadAt > known.lastReadAt)) return stored
    return { ...known, readInterval: known.readInterval ?? stored?.readInterval ?? null }
  }

  /** Drops what is known of an erased account. */
  forget(accountId: number): void {
    this.noted.delete(accountId)
    this.flushed.delete(accountId)
  }

  /** Follows the calendar, which was set by so many microseconds. */
  shift(micros: number): void {
    for (const known of new Set([...this.noted.values(), ...this.flushed.values()]))
      known.lastReadAt = later(known.lastReadAt, micros)
  }

  /** Writes what was noted since the last call. Call it once a minute and before the process ends. */
  flush(): Promise<void> {
    const turn = this.line.then(() => this.write())
    this.line = turn.catch(() => {})
    return turn
  }

  private async write(): Promise<void> {
    const due = this.noted
    this.noted = new Map()
    // They are shown until the store has them, and the next intervals are computed from them.
    this.flushed = new Map([...this.flushed, ...due])
    const unwritten = new Map(due)
    try {
      for (const slice of slices([...due], SLICE)) {
        await this.store.transact((tx) => tx.noteReads(new Map(slice)))
        for (const [id] of slice) unwritten.delete(id)
      }
    } finally {
      this.noted = new Map([...unwritten, ...this.noted])
      const oldest = this.clock.now() - MOST_MICROS
      for (const [id, { lastReadAt }] of this.flushed) if (lastReadAt < oldest) this.flushed.delete(id)
    }
  }
}

function usual(known: Observation | undefined, at: Micros): number | null {
  if (!known || at < known.lastReadAt || at - known.lastReadAt > MOST_MICROS) return null
  const seconds = (at - known.lastReadAt) / MICROS_PER_SECOND
  return known.readInterval === null ? seconds : known.readInterval * (1 - WEIGHT) + seconds * WEIGHT
}
