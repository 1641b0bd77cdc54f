import type { Clock } from '../kernel/time'

/** Keys that are remembered or wait. Beyond that the oldest is dropped. */
const CAPACITY = 10_000

/**
 * Keeps the least time between two of the same key. What comes too early waits, once for each key, until `take` returns it.
 */
export class Rests<Value> {
  /** When each key last passed, by the steady clock; the oldest first. */
  private readonly passedAt = new Map<string, number>()
  private readonly waiting = new Map<string, { readonly value: Value; readonly dueAt: number }>()
  /** When the first of those that wait is due; undefined if nothing waits. */
  private nextAt: number | undefined
  private wake: () => void = () => {}

  constructor(
    private readonly milliseconds: number,
    private readonly clock: Pick<Clock, 'steady'>,
  ) {}

  /** Sets what is called when something waits. */
  onWaiting(wake: () => void): void {
    this.wake = wake
  }

  /** Reports whether the key may pass now. Otherwise the value waits, in place of an earlier one. */
  pass(key: string, value: Value): boolean {
    const now = this.clock.steady()
    const passed = this.passedAt.get(key)
    if (passed === undefined || passed + this.milliseconds <= now) {
      this.note(key, now)
      return true
    }
    if (this.waiting.has(key)) return false
    const dueAt = passed + this.milliseconds
    add(this.waiting, key, { value, dueAt })
    if (this.nextAt !== undefined && this.nextAt <= dueAt) return false
    this.nextAt = dueAt
    this.wake()
    return false
  }

  /** Milliseconds until something may pass; undefined if nothing waits. */
  get untilNext(): number | undefined {
    if (this.nextAt === undefined) return undefined
    return Math.max(0, this.nextAt - this.clock.steady())
  }

  /** Takes what may pass now. */
  take(): Value[] {
    const now = this.clock.steady()
    const due = [...this.waiting].filter(([, { dueAt }]) => dueAt <= now)
    for (const [key] of due) {
      this.waiting.delete(key)
      this.note(key, now)
    }
    this.nextAt = undefined
    for (const { dueAt } of this.waiting.values()) this.nextAt = Math.min(this.nextAt ?? dueAt, dueAt)
    return due.map(([, { value }]) => value)
  }

  private note(key: string, now: number): void {
    this.passedAt.delete(key)
    add(this.passedAt, key, now)
    for (const [oldest, at] of this.passedAt) {
      if (at + this.milliseconds > now) return
      this.passedAt.delete(oldest)
    }
  }
}

function add<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > CAPACITY && oldest !== undefined) map.delete(oldest)
}
