import type { Seq } from '../kernel/ids'

/** The name of the projection that makes the events of rooms of Matrix. */
export const MATRIX_PROJECTION = 'matrix'

/**
 * A row of the log owns at most this many events of rooms. The position of an event is this times the seq of the row,
 * plus its number among the events of the row.
 */
export const EVENTS_PER_ROW = 64

/**
 * Whom or what a change concerns, by inner id: an account, a channel or a device; what an account has read (`r`), the
 * pushers of an account (`p`), and events of a channel that were redacted or deleted (`x`).
 */
export type MarkKey = `${MarkLetter}${number}`

type MarkLetter = 'a' | 'c' | 'd' | 'p' | 'r' | 'x'

/** A stretch of a counter: everything after one value up to another. */
export interface Span {
  readonly after: number
  readonly upTo: number
}

/**
 * What a commit changed for the readers of Matrix, beside the events of the log: positions of the companion stream
 * (`mx`), and events of the log that became events of rooms (`projected`).
 */
export interface Marks {
  readonly mx: Span | null
  readonly projected: Span | null
  /** Whom it concerns; null = anyone. */
  readonly keys: ReadonlySet<MarkKey> | null
}

/** Gathers the marks of one transaction. */
export class OpenMarks {
  private mx: Span | null = null
  private projected: Span | null = null
  private keys = new Set<MarkKey>()

  /** Notes a position of the companion stream. */
  raised(mx: number, keys: Iterable<MarkKey>): void {
    this.mx = joined(this.mx, { after: mx - 1, upTo: mx })
    this.note(keys)
  }

  /** Notes that events of the log became events of rooms. */
  moved(after: Seq, upTo: Seq, keys: Iterable<MarkKey>): void {
    this.projected = joined(this.projected, { after, upTo })
    this.note(keys)
  }

  /** Returns what was gathered, and starts again; undefined if nothing was. */
  take(): Marks | undefined {
    const { mx, projected, keys } = this
    if (mx === null && projected === null) return undefined
    this.mx = null
    this.projected = null
    this.keys = new Set()
    return { mx, projected, keys }
  }

  /** Notes whom the transaction concerns beside what it raises or moves. */
  note(keys: Iterable<MarkKey>): void {
    for (const key of keys) this.keys.add(key)
  }
}

/** Returns marks that say what both say. */
export function joinedMarks(one: Marks, other: Marks): Marks {
  return {
    mx: joined(one.mx, other.mx),
    projected: joined(one.projected, other.projected),
    keys: one.keys && other.keys && new Set([...one.keys, ...other.keys]),
  }
}

function joined(one: Span | null, other: Span | null): Span | null {
  if (one === null || other === null) return one ?? other
  return { after: Math.min(one.after, other.after), upTo: Math.max(one.upTo, other.upTo) }
}
