import type { Clock } from './time'

/** The time that one slice may take of the writer, its commit included. Posts wait meanwhile. */
const SLICE_MILLISECONDS = 8
/** Characters of messages in one transaction, so that a slice of long messages delays nothing, either. */
const MAX_CHARACTERS = 20_000
/** The statements of a slice take some time however few rows it has. */
const FEWEST = 25
const MOST = 1000

/** How many rows a slice of long work on the writer handles, so that it takes the time that it may. */
export class SliceSize {
  limit = FEWEST

  constructor(private readonly clock: Pick<Clock, 'steady'>) {}

  /** Measures a slice, from `begin` on, which may be called again when the slice begins anew. */
  slice(): { begin(): void; end(): void } {
    let began = this.clock.steady()
    return {
      begin: () => {
        began = this.clock.steady()
      },
      end: () => {
        const took = this.clock.steady() - began
        if (took > SLICE_MILLISECONDS) this.limit = Math.max(FEWEST, Math.floor(this.limit / 2))
        else if (took < SLICE_MILLISECONDS / 2) this.limit = Math.min(MOST, this.limit * 2)
      },
    }
  }
}

/** Returns the first rows with up to MAX_CHARACTERS together, at least one. */
export function beginningOf<Row>(rows: readonly Row[], charactersIn: (row: Row) => number): readonly Row[] {
  let characters = 0
  for (const [i, row] of rows.entries()) {
    characters += charactersIn(row)
    if (i > 0 && characters > MAX_CHARACTERS) return rows.slice(0, i)
  }
  return rows
}
