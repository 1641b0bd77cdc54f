import type { MatrixParts } from '../parts'

/** Waits end at ticks, so that thousands of them need one timer. */
const TICK_MILLISECONDS = 250
/** Shorter waits have timers of their own. */
const SHORT_MILLISECONDS = 8 * TICK_MILLISECONDS

/** Ends waits when their time is over: a long one up to two ticks late, and never early. */
export class Deadlines {
  /** What is due at each tick. */
  private readonly due = new Map<number, Set<() => void>>()
  private tick = 0
  private isRunning = false

  constructor(private readonly timer: MatrixParts['timer']) {}

  /** Calls a function after some time. Returns what cancels it. */
  after(milliseconds: number, run: () => void): () => void {
    if (milliseconds < SHORT_MILLISECONDS) return this.timer(run, milliseconds)
    // The present tick has begun already.
    const at = this.tick + Math.ceil(milliseconds / TICK_MILLISECONDS) + 1
    const runs = this.due.get(at)
    if (runs) runs.add(run)
    else this.due.set(at, new Set([run]))
    if (!this.isRunning) this.begin()
    return () => {
      const others = this.due.get(at)
      others?.delete(run)
      if (others?.size === 0) this.due.delete(at)
    }
  }

  private begin(): void {
    this.isRunning = true
    this.timer(() => {
      this.tick++
      const runs = this.due.get(this.tick) ?? []
      this.due.delete(this.tick)
      for (const run of runs) run()
      if (this.due.size > 0) this.begin()
      else this.isRunning = false
    }, TICK_MILLISECONDS)
  }
}
