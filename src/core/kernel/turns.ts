import { background } from './background'
import type { Clock } from './time'

/** The event loop, as work on many rows sees it. */
export interface Turns {
  /** Resolves in a later turn of the event loop: what has arrived meanwhile, a request for example, comes first. */
  next(): Promise<void>
}

/** What the loops over rows may do in one turn of the event loop, all of them together. */
export const TURN_ROWS = 200
const TURN_MILLISECONDS = 3
/** As what the sorting of TURN_ROWS values counts: it takes less time than reading them. */
const SORTED_ROWS = TURN_ROWS / 4
/** Loops that wait for their first turn go first, but for every fourth turn. */
const FIRST_IN_A_ROW = 3

/** One loop over rows. */
export interface PacedLoop {
  /** Call it before the next rows. While this turn is spent others come first; then, and only then, answers true. */
  turn(): Promise<boolean>
  /** Notes rows that were read, rendered or sent. */
  did(rows: number): void
}

/**
 * Shares the serving thread among all loops over rows. Reads of SQLite settle without a turn of the event loop, so a
 * loop over them would hold up everything else. Here each turn has room for some rows; who finds it spent waits in
 * line, and each turn lets one of those go on. New loops come first, so that a short one is not kept by long ones.
 */
export class Pace {
  private rows = 0
  /** When the work of this turn began, by the steady clock; undefined before it. */
  private began: number | undefined
  private isTurning = false
  private firstInARow = 0
  private readonly first: (() => void)[] = []
  private readonly further: (() => void)[] = []

  constructor(
    private readonly turns: Turns,
    private readonly clock: Pick<Clock, 'steady'>,
    private readonly report: (fault: unknown) => void,
  ) {}

  loop(): PacedLoop {
    let waited = false
    return {
      turn: async () => {
        if (this.isSpent) {
          const line = waited ? this.further : this.first
          waited = true
          await new Promise<void>((resolve) => line.push(resolve))
          return true
        }
        this.begin()
        return false
      },
      did: (rows) => {
        this.begin()
        this.rows += rows
      },
    }
  }

  /** Handles values one by one, in order, with turns between them. */
  async each<Value, Result>(
    values: readonly Value[],
    handle: (value: Value) => Result,
    loop = this.loop(),
  ): Promise<Result[]> {
    const results: Result[] = []
    for (const value of values) {
      await loop.turn()
      results.push(handle(value))
      loop.did(1)
    }
    return results
  }

  /** Sorts a copy with turns for others between: short runs first, which are then merged. The order of equals stays. */
  async sorted<Value extends object>(
    values: readonly Value[],
    compare: (one: Value, other: Value) => number,
  ): Promise<Value[]> {
    const loop = this.loop()
    let runs: Value[][] = []
    for (let start = 0; start < values.length; start += TURN_ROWS) {
      await loop.turn()
      runs.push(values.slice(start, start + TURN_ROWS).sort(compare))
      loop.did(SORTED_ROWS)
    }
    while (runs.length > 1) {
      const merged: Value[][] = []
      for (let i = 0; i < runs.length; i += 2)
        merged.push(await merge(loop, runs[i] ?? [], runs[i + 1] ?? [], compare))
      runs = merged
    }
    return runs[0] ?? []
  }

  private get isSpent(): boolean {
    if (this.rows >= TURN_ROWS) return true
    return this.began !== undefined && this.clock.steady() - this.began >= TURN_MILLISECONDS
  }

  /** The first work of a turn: what was counted is forgotten when the turn is over. */
  private begin(): void {
    this.began ??= this.clock.steady()
    if (this.isTurning) return
    this.isTurning = true
    background(
      this.turns.next().then(() => this.turned()),
      this.report,
    )
  }

  private turned(): void {
    this.isTurning = false
    this.rows = 0
    this.began = undefined
    const next = this.takeNext()
    if (!next) return
    this.begin()
    next()
  }

  private takeNext(): (() => void) | undefined {
    const isFirst = this.further.length === 0 || this.firstInARow < FIRST_IN_A_ROW
    const next = isFirst ? (this.first.shift() ?? this.further.shift()) : this.further.shift()
    this.firstInARow = isFirst && this.further.length > 0 ? this.firstInARow + 1 : 0
    return next
  }
}

/** Values of two sorted lists in their order, TURN_ROWS of them in one step. */
async function merge<Value extends object>(
  loop: PacedLoop,
  one: readonly Value[],
  other: readonly Value[],
  compare: (one: Value, other: Value) => number,
): Promise<Value[]> {
  const merged: Value[] = []
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    if (merged.length % TURN_ROWS === 0) {
      await loop.turn()
      loop.did(SORTED_ROWS)
    }
    const [left, right] = [one[i], other[j]]
    const takesLeft = right === undefined || (left !== undefined && compare(left, right) <= 0)
    const next = takesLeft ? one[i++] : other[j++]
    if (next !== undefined) merged.push(next)
  }
  return merged
}
