import { background } from './background'
import type { Clock } from './time'

/** The event loop, as seen by work on many rows. */
export interface Turns {
  /** Resolves in a later turn of the event loop. Pending work, such as a request, comes first. */
  next(): Promise<void>
}

/** What all loops over rows together may do in one turn of the event loop. */
export const TURN_ROWS = 200
const TURN_MILLISECONDS = 3
/** The cost of sorting TURN_ROWS values, in rows: less than that of reading them. */
const SORTED_ROWS = TURN_ROWS / 4
/** Loops that wait for their first turn go first, except at every fourth turn. */
const FIRST_IN_A_ROW = 3

/** A loop over rows. */
export interface PacedLoop {
  /** Call it before the next rows. If this turn is used up, waits for another one and returns true. */
  turn(): Promise<boolean>
  /** Records rows that were read, rendered or sent. */
  did(rows: number): void
}

/**
 * Shares the serving thread among all loops over rows. SQLite reads resolve without a turn of the event loop, so a
 * plain loop over them would block everything else. Each turn has a budget of rows; a loop that finds it used up waits
 * in a queue, and each turn lets one waiting loop continue. New loops come first, so that long ones do not delay short
 * ones.
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

  /** Handles values one by one, in order, yielding in between. */
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

  /** Returns a sorted copy, yielding in between: sorts short runs and merges them. The sort is stable. */
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

  /** Starts a turn's work. Its counts are reset when the turn ends. */
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

/** Merges two sorted lists, TURN_ROWS values in one step. */
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
