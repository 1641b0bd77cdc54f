import type { Core } from '../..'
import type { Shiftable } from '../../coordination/expiring'
import { background } from '../../kernel/background'
import type { Outbound } from '../../kernel/outbound'
import type { Store, Writes } from '../../kernel/ports'
import type { Marks } from '../../log/marks'
import { EVENTS_PER_ROW } from '../event-ports'
import type { MatrixParts } from '../parts'
import type { LivePusher } from '../pusher-ports'
import type { Positions } from '../reading/positions'
import { callGateway } from './gateway'
import type { PushBodies } from './push-body'
import type { PushScan } from './push-scan'
import { keyText, PusherQueue } from './pusher-queue'
import type { WatchedAccounts } from './watched-accounts'

/** Calls that go on at the same time. */
const MAX_CALLS = 32
/** Positions of pushers are stored together, at most so often. */
const STORE_MILLISECONDS = 100
/** Rows after which the positions of pushers that had nothing to tell are stored, too. */
const UNSTORED_ROWS = 1000
const MICROS_PER_MILLISECOND = 1000

export interface DeliveryDeps {
  readonly core: Pick<Core, 'clock' | 'leaseClock' | 'settings'>
  readonly store: Pick<Store, 'reads' | 'transact' | 'onMarks'>
  readonly outbound: Outbound
  readonly positions: Pick<Positions, 'now' | 'heard'>
  readonly scan: PushScan
  readonly watched: WatchedAccounts
  readonly bodies: PushBodies
  readonly mayRead: (pusher: LivePusher, channelId: number) => Promise<boolean>
  readonly idWith: (localpart: string) => string
  readonly timer: MatrixParts['timer']
  readonly announce: MatrixParts['announce']
  readonly meters: Pick<MatrixParts['meters'], 'pushed'>
  readonly report: (fault: unknown) => void
}

/**
 * Calls push gateways, in one process for all. A pusher has a position in the log; what is after it and notifies its user
 * is told in order. After a crash an event may be told twice, and none is lost.
 */
export class PushDelivery implements Shiftable {
  private readonly queues = new Map<string, PusherQueue>()
  private hasBegun = false
  /** Whether changes are noted: since before the pushers were first read. */
  private isListening = false
  /** Accounts whose pushers changed; null: any. */
  private changed: Set<number> | null = new Set()
  /** Accounts that have read something. */
  private readonly readers = new Set<number>()
  /** The keys of queues whose positions are to be stored. */
  private readonly moved = new Set<PusherQueue>()
  private storedAt = 0
  /** The place from which on the positions of idle pushers are not stored. */
  private idleFrom = 0
  /** When the next queue is due, by the steady clock; undefined: none has work. */
  private next: number | undefined
  private readonly calls = new Set<Promise<void>>()
  private wakeUp: () => void = () => {}
  private wakeJob: () => void = () => {}

  constructor(private readonly deps: DeliveryDeps) {
    deps.store.onMarks((marks) => this.hear(marks))
  }

  /** Registers what starts the job. */
  onWork(wake: () => void): void {
    this.wakeJob = wake
  }

  /** Milliseconds until there is something to do; undefined: nothing until something happens. */
  get dueIn(): number | undefined {
    if (!this.hasBegun || this.changed === null || this.changed.size > 0) return 0
    if (this.queues.size === 0) return undefined
    if (this.readers.size > 0 || this.deps.scan.place < this.deps.positions.heard().end) return 0
    return this.next === undefined ? undefined : Math.max(0, this.next - this.deps.core.clock.steady())
  }

  /** Forgets everything: another process may tell from now on. */
  forget(): void {
    this.hasBegun = false
    this.isListening = false
    this.queues.clear()
    this.deps.watched.clear()
    this.moved.clear()
    this.readers.clear()
    this.changed = new Set()
  }

  /** Tells what there is to tell. Ends when nothing is left to do now, or when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      if (!this.hasBegun) await this.begin()
      while (!signal.aborted) {
        await this.reload()
        await this.scan(signal)
        await this.countReads()
        for (const queue of this.queues.values()) {
          if (this.calls.size >= MAX_CALLS || signal.aborted) break
          if (queue.hasWork && this.isDue(queue)) this.start(queue, signal)
        }
        await this.storePositions({ isNow: this.calls.size === 0, withIdle: false })
        if (this.calls.size === 0) break
        await this.somethingHappens(signal)
      }
    } finally {
      await Promise.all(this.calls)
      if (signal.aborted) {
        await this.storePositions({ isNow: true, withIdle: true })
        this.forget()
      } else {
        const due = this.nextDue()
        this.next = due === undefined ? undefined : this.deps.core.clock.steady() + due
      }
    }
  }

  private async begin(): Promise<void> {
    const { store, positions, scan } = this.deps
    this.changed = new Set()
    this.isListening = true
    const { end } = await positions.now()
    for (const pusher of await store.reads.matrix().livePushers()) this.add(pusher)
    const places = [...this.queues.values()].map(({ pos }) => pos)
    scan.place = Math.min(end, ...places)
    this.idleFrom = scan.place
    this.hasBegun = true
  }

  /** Finds what is new, and what did not fit into a queue that is empty now. */
  private async scan(signal: AbortSignal): Promise<void> {
    const { scan } = this.deps
    await scan.upTo([...this.queues.values()], signal)
    for (const queue of this.queues.values())
      if (queue.missedFrom !== undefined && queue.waiting.length === 0 && !queue.isSending)
        await scan.missed(queue, signal)
  }

  /** Reads the pushers of accounts again that have changed them. */
  private async reload(): Promise<void> {
    const { changed } = this
    if (changed?.size === 0) return
    this.changed = new Set()
    const reads = this.deps.store.reads.matrix()
    const accounts = changed ? [...changed] : [undefined]
    for (const accountId of accounts) {
      const found = await reads.livePushers(accountId).catch((fault) => {
        // What was not read is read the next time.
        this.changed = null
        throw fault
      })
      const keys = new Set(found.map(keyText))
      for (const [key, { pusher }] of this.queues)
        if ((accountId === undefined || pusher.accountId === accountId) && !keys.has(key)) this.drop(key)
      for (const pusher of found) this.add(pusher)
    }
  }

  private add(pusher: LivePusher): void {
    const key = keyText(pusher)
    if (pusher.locked) {
      this.drop(key)
      return
    }
    const known = this.queues.get(key)
    const userId = this.deps.idWith(pusher.localpart)
    if (known) known.renew(pusher)
    else {
      const queue = new PusherQueue(pusher, userId)
      // What happened since it was set may have been looked at already.
      if (this.hasBegun && pusher.pos < this.deps.scan.place) queue.missedFrom = pusher.pos
      this.queues.set(key, queue)
    }
    this.deps.watched.add(pusher.accountId, userId)
  }

  private drop(key: string): void {
    const queue = this.queues.get(key)
    if (!queue) return
    this.queues.delete(key)
    this.moved.delete(queue)
    const { accountId } = queue.pusher
    const hasMore = [...this.queues.values()].some(({ pusher }) => pusher.accountId === accountId)
    if (!hasMore) this.deps.watched.remove(accountId)
  }

  /** Finds out which accounts have fewer rooms with unread events because they have read some of them. */
  private async countReads(): Promise<void> {
    const { watched, positions } = this.deps
    for (const accountId of [...this.readers]) {
      this.readers.delete(accountId)
      const now = await watched.recount(accountId, positions.heard()).catch((fault) => {
        this.readers.add(accountId)
        throw fault
      })
      for (const queue of this.queues.values())
        if (queue.pusher.accountId === accountId && queue.unread !== now) queue.owesCount = true
    }
  }

  private start(queue: PusherQueue, signal: AbortSignal): void {
    queue.isSending = true
    const call = this.tell(queue, signal)
      .catch((fault) => {
        if (!signal.aborted) {
          this.failed(queue)
          this.deps.report(fault)
        }
      })
      .finally(() => {
        queue.isSending = false
        this.calls.delete(call)
        this.wakeUp()
      })
    this.calls.add(call)
  }

  /** Tells of the first event, or of the count alone. */
  private async tell(queue: PusherQueue, signal: AbortSignal): Promise<void> {
    const { deps } = this
    if (!(await this.isAlive(queue))) return
    const [first] = queue.waiting
    if (!first && !queue.owesCount) return this.note(queue)
    if (first && (await this.isSettled(queue))) {
      queue.told()
      return this.note(queue)
    }
    const unread = deps.watched.unreadOf(queue.pusher.accountId)
    const body = first ? await deps.bodies.ofEvent(queue, first, unread) : deps.bodies.ofCount(queue, unread)
    const rejected = await callGateway(deps.outbound, queue.fields.data.url, body, signal)
    if (rejected === 'aborted') return
    if (rejected === 'failed') return this.failed(queue)
    const hadFailed = queue.failures > 0
    queue.succeeded()
    // Something may have been read during the call.
    queue.owesCount = deps.watched.unreadOf(queue.pusher.accountId) < unread
    queue.unread = unread
    if (first) queue.told()
    this.note(queue)
    if (hadFailed) await this.storeFailures(queue)
    const isRejected = rejected.includes(queue.pusher.pushkey)
    deps.meters.pushed(isRejected ? 'rejected' : 'ok')
    if (isRejected) await this.remove(queue)
  }

  /** Whether the user has read an event already, it was redacted, or the user may not read its room any more. */
  private async isSettled(queue: PusherQueue): Promise<boolean> {
    const [first] = queue.waiting
    if (!first) return false
    const { pusher } = queue
    if (pusher.token !== null && !(await this.deps.mayRead(pusher, first.channelId))) return true
    return this.deps.scan.isOver(queue, first)
  }

  private async isAlive(queue: PusherQueue): Promise<boolean> {
    const key = keyText(queue.pusher)
    const found = await this.deps.store.reads.matrix().livePushers(queue.pusher.accountId)
    if (found.some((one) => keyText(one) === key && !one.locked)) return this.queues.get(key) === queue
    this.drop(key)
    return false
  }

  private failed(queue: PusherQueue): void {
    const isGivenUp = queue.failed(this.deps.core.leaseClock.now(), this.deps.scan.place)
    this.deps.meters.pushed('failed')
    if (isGivenUp) {
      this.note(queue)
      const { accountId, appId } = queue.pusher
      this.deps.announce('a push gateway has failed for a day; what it was not told is dropped', {
        account: accountId,
        app_id: appId,
        host: URL.parse(queue.fields.data.url)?.host ?? '',
      })
    }
    background(this.storeFailures(queue), this.deps.report)
  }

  private async remove(queue: PusherQueue): Promise<void> {
    this.drop(keyText(queue.pusher))
    await this.deps.store.transact((tx) => tx.matrix().deletePusher(queue.key))
  }

  private storeFailures(queue: PusherQueue): Promise<void> {
    return this.deps.store.transact((tx) => tx.matrix().notePusherFailures(queue.key, queue))
  }

  private note(queue: PusherQueue): void {
    if (this.queues.get(keyText(queue.pusher)) === queue) this.moved.add(queue)
  }

  /** Stores up to where pushers have told, now or when it is time. */
  private async storePositions({
    isNow,
    withIdle,
  }: {
    readonly isNow: boolean
    readonly withIdle: boolean
  }): Promise<void> {
    const { core, scan, store } = this.deps
    if (withIdle || scan.place - this.idleFrom >= UNSTORED_ROWS * EVENTS_PER_ROW) {
      for (const queue of this.queues.values())
        if (
          !queue.isSending &&
          queue.waiting.length === 0 &&
          queue.missedFrom === undefined &&
          queue.pos < scan.place
        ) {
          queue.pos = scan.place
          this.moved.add(queue)
        }
      this.idleFrom = scan.place
    }
    const now = core.clock.steady()
    if (this.moved.size === 0 || (!isNow && now - this.storedAt < STORE_MILLISECONDS)) return
    this.storedAt = now
    const moved = [...this.moved].map(({ key, pos }) => ({ ...key, pos }))
    this.moved.clear()
    await store.transact((tx) => tx.matrix().movePushers(moved))
  }

  // As something that follows the lease clock.

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.matrix().shiftPushers(micros)
  }

  shifted(micros: number): void {
    for (const queue of this.queues.values()) queue.shift(micros)
  }

  private isDue(queue: PusherQueue): boolean {
    return queue.dueIn(this.deps.core.leaseClock.now()) === 0
  }

  /** Milliseconds until the next queue with work is due. */
  private nextDue(): number | undefined {
    const now = this.deps.core.leaseClock.now()
    let next: number | undefined
    for (const queue of this.queues.values()) {
      if (!queue.hasWork) continue
      const wait = queue.dueIn(now) / MICROS_PER_MILLISECOND
      if (next === undefined || wait < next) next = wait
    }
    return next
  }

  /** Resolves when a call has ended, something was committed, or a queue is due. */
  private async somethingHappens(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const happens = Promise.withResolvers<void>()
    this.wakeUp = happens.resolve
    const due = this.calls.size >= MAX_CALLS ? undefined : this.nextDue()
    const wait = Math.max(1, Math.min(due ?? STORE_MILLISECONDS, STORE_MILLISECONDS))
    const cancel = this.deps.timer(happens.resolve, wait)
    signal.addEventListener('abort', happens.resolve as () => void, { once: true })
    await happens.promise
    signal.removeEventListener('abort', happens.resolve as () => void)
    cancel()
  }

  private hear({ keys, projected }: Marks): void {
    if (!this.isListening) return
    if (keys === null) {
      this.changed = null
      for (const { pusher } of this.queues.values()) this.heard(`r${pusher.accountId}`)
    } else for (const key of keys) this.heard(key)
    if (
      keys === null ||
      projected ||
      this.changed === null ||
      this.changed.size > 0 ||
      this.readers.size > 0
    ) {
      this.wakeUp()
      this.wakeJob()
    }
  }

  private heard(key: string): void {
    const id = Number(key.slice(1))
    if (key.startsWith('p')) this.changed?.add(id)
    if (!this.deps.watched.has(id)) return
    if (key.startsWith('r')) this.readers.add(id)
    if (key.startsWith('a')) this.deps.watched.changed(id)
  }
}
