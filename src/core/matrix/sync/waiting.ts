import type { Announcements } from '../../kernel/announcements'
import type { MarkKey, Marks } from '../../log/marks'
import type { MatrixParts } from '../parts'

/** Why a wait ended. */
export type WaitEnd = 'woken' | 'timeout' | 'ended'

/**
 * The requests that wait for something new in Matrix. Each hangs on the account, the device and the channels of its
 * reader; a commit wakes those whom its marks concern.
 */
export class Waiters {
  private readonly byKey = new Map<MarkKey, Set<Waiter>>()
  private readonly all = new Set<Waiter>()
  private isStopped = false

  constructor(
    store: Pick<Announcements, 'onMarks'>,
    readonly timer: MatrixParts['timer'],
  ) {
    store.onMarks((marks) => this.wake(marks))
  }

  /** Opens a waiter, which notes from now on what concerns these keys. Dispose it after use. */
  open(keys: Iterable<MarkKey>): Waiter {
    const waiter = new Waiter(this, [...new Set(keys)])
    this.all.add(waiter)
    for (const key of waiter.keys) {
      const set = this.byKey.get(key)
      if (set) set.add(waiter)
      else this.byKey.set(key, new Set([waiter]))
    }
    return waiter
  }

  /** How many requests wait. */
  get size(): number {
    return this.all.size
  }

  get isOver(): boolean {
    return this.isStopped
  }

  /** Ends all waits, and later ones at once. */
  stop(): void {
    this.isStopped = true
    for (const waiter of [...this.all]) waiter.end('ended')
  }

  /** Wakes those whom a change concerns. */
  wakeKeys(keys: Iterable<MarkKey>): void {
    for (const key of keys) for (const waiter of this.byKey.get(key) ?? []) waiter.end('woken')
  }

  private wake({ keys }: Marks): void {
    if (keys === null) for (const waiter of this.all) waiter.end('woken')
    else this.wakeKeys(keys)
  }

  /** For the waiter alone. */
  close(waiter: Waiter): void {
    this.all.delete(waiter)
    for (const key of waiter.keys) {
      const set = this.byKey.get(key)
      set?.delete(waiter)
      if (set?.size === 0) this.byKey.delete(key)
    }
  }
}

/** One request that waits. */
export class Waiter implements Disposable {
  private isWoken = false
  private pending: ((end: WaitEnd) => void) | undefined

  constructor(
    private readonly waiters: Waiters,
    readonly keys: readonly MarkKey[],
  ) {}

  /** Forgets what was noted, before its reader reads again. */
  reset(): void {
    this.isWoken = false
  }

  /** Waits until something concerns the keys, unless it has since `reset`. */
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<WaitEnd> {
    if (this.waiters.isOver || signal?.aborted) return Promise.resolve('ended')
    if (this.isWoken) return Promise.resolve('woken')
    return new Promise((resolve) => {
      const cancel = this.waiters.timer(() => this.end('timeout'), milliseconds)
      const abort = () => this.end('ended')
      signal?.addEventListener('abort', abort, { once: true })
      this.pending = (end) => {
        cancel()
        signal?.removeEventListener('abort', abort)
        resolve(end)
      }
    })
  }

  /** Ends the wait. */
  end(how: WaitEnd): void {
    if (how === 'woken') this.isWoken = true
    const { pending } = this
    this.pending = undefined
    pending?.(how)
  }

  [Symbol.dispose](): void {
    this.waiters.close(this)
  }
}
