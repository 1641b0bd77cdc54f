import type { Announcements } from '../../kernel/announcements'
import type { LogEvent } from '../../log/events'
import type { MarkKey, Marks } from '../../log/marks'
import type { MatrixParts } from '../parts'
import { Deadlines } from './deadlines'

/** Readers that are woken in one turn of the event loop. */
const SLICE = 64

/** What ends credentials of an account. */
const ENDINGS: ReadonlySet<LogEvent['type']> = new Set([
  'account.session_ended',
  'account.token_revoked',
  'account.archived',
  'account.erased',
])

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
  readonly deadlines: Deadlines

  constructor(
    store: Pick<Announcements, 'onMarks' | 'onCommit'>,
    private readonly timer: MatrixParts['timer'],
  ) {
    this.deadlines = new Deadlines(timer)
    store.onMarks((marks) => this.wake(marks))
    store.onCommit((events) => this.wakeKeys(endedOf(events)))
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

  /** Ends the waits of those who hang on a key. */
  endOf(key: MarkKey): void {
    for (const waiter of [...(this.byKey.get(key) ?? [])]) waiter.end('ended')
  }

  /** Wakes those whom a change concerns. */
  wakeKeys(keys: Iterable<MarkKey>): void {
    const concerned = new Set<Waiter>()
    for (const key of keys) for (const waiter of this.byKey.get(key) ?? []) concerned.add(waiter)
    this.wakeInSlices([...concerned])
  }

  /** Wakes some of them at once and others in later turns, so that other requests are served in between. */
  private wakeInSlices(waiters: readonly Waiter[]): void {
    for (const waiter of waiters.slice(0, SLICE)) waiter.end('woken')
    if (waiters.length > SLICE) this.timer(() => this.wakeInSlices(waiters.slice(SLICE)), 0)
  }

  private wake({ keys }: Marks): void {
    if (keys === null) this.wakeInSlices([...this.all])
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

/** The accounts of which a session or a token has ended, or that were archived: their requests see whether they may go on. */
function endedOf(events: readonly LogEvent[]): Set<MarkKey> {
  const keys = new Set<MarkKey>()
  for (const event of events)
    if (event.about === 'account' && ENDINGS.has(event.type)) keys.add(`a${event.account.id}`)
  return keys
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
      const cancel = this.waiters.deadlines.after(milliseconds, () => this.end('timeout'))
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
