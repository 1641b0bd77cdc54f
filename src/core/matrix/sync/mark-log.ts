import type { Announcements } from '../../kernel/announcements'
import type { MarkKey, Marks } from '../../log/marks'

/** Commits whose marks are kept. */
const CAPACITY = 2048

interface Entry {
  readonly upTo: number
  readonly keys: ReadonlySet<MarkKey>
}

/**
 * Whom the last changes of the companion stream concerned. A reader who is not far behind learns here that nothing of its
 * own has changed, with no statement.
 */
export class MarkLog {
  /** By position. */
  private entries: Entry[] = []
  /** Everything after this position is known. Undefined until something was heard. */
  private from: number | undefined
  private upTo = 0

  constructor(store: Pick<Announcements, 'onMarks'>) {
    store.onMarks((marks) => this.note(marks))
  }

  /** Says that the stream ends here when nothing was heard yet. */
  begin(mx: number): void {
    if (this.from !== undefined) return
    this.from = mx
    this.upTo = mx
  }

  /** Reports whether something that concerns these keys may have changed after one position up to another. */
  mayConcern(keys: { has(key: MarkKey): boolean }, after: number, upTo: number): boolean {
    if (after >= upTo) return false
    if (this.from === undefined || after < this.from || upTo > this.upTo) return true
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const entry = this.entries[i]
      if (!entry || entry.upTo <= after) return false
      for (const key of entry.keys) if (keys.has(key)) return true
    }
    return false
  }

  private note({ mx, keys }: Marks): void {
    if (mx === null) return
    if (keys === null || this.from === undefined || mx.after > this.upTo) {
      this.entries = []
      // What is missing is not known, nor what these marks concern if they do not say.
      this.from = keys === null ? mx.upTo : mx.after
      this.upTo = Math.max(this.upTo, mx.upTo)
      if (keys === null) return
    }
    // Late marks of another process: those that came before said that something is missing.
    if (mx.upTo <= this.from) return
    this.upTo = Math.max(this.upTo, mx.upTo)
    this.entries.push({ upTo: mx.upTo, keys })
    if (this.entries.length <= CAPACITY) return
    const dropped = this.entries.splice(0, CAPACITY / 2)
    this.from = dropped.at(-1)?.upTo ?? this.from
  }
}
