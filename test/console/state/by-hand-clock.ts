import type { Clock } from '../../../packages/console/src/state'

/** A clock that a test moves. */
export class ByHandClock implements Clock {
  private time = 1_700_000_000_000
  private readonly timers = new Map<object, { readonly at: number; readonly act: () => void }>()

  now(): number {
    return this.time
  }

  after(milliseconds: number, act: () => void): () => void {
    const timer = {}
    this.timers.set(timer, { at: this.time + milliseconds, act })
    return () => this.timers.delete(timer)
  }

  /** Moves on, and does what is due in between, in order. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
      if (!due) break
      const [timer, { at, act }] = due
      this.timers.delete(timer)
      this.time = Math.max(this.time, at)
      act()
    }
    this.time = end
  }

  /** The machine was asleep for so long: no timer ran, and all that are due run now. */
  sleep(milliseconds: number): void {
    this.time += milliseconds
    const { time } = this
    const due = [...this.timers].filter(([, { at }]) => at <= time)
    for (const [timer] of due) this.timers.delete(timer)
    for (const [, { act }] of due) act()
  }
}
