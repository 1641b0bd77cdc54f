import type { Seq } from '../core/kernel/ids'
import { channelOf, type LogEvent, notifiedIn, notifiesMembers, subjectAccount } from '../core/log/events'
import type { LongPolls } from '../core/log/streams'

interface Waiter {
  readonly accountId: number
  readonly channelIds: readonly number[] | '*'
  readonly inboxOf: number | undefined
  readonly wake: (moved: boolean) => void
}

/** Requests that wait for new events. A group of events wakes each of them once. */
export class OpenLongPolls implements LongPolls {
  private readonly byChannel = new Map<number, Set<Waiter>>()
  private readonly everywhere = new Set<Waiter>()
  private readonly byAccount = new Map<number, Set<Waiter>>()
  private readonly byInbox = new Map<number, Set<Waiter>>()
  private waiting = 0
  private stopped = false
  private readonly stopListeners: (() => void)[] = []

  /** `head` returns the seq of the last announced event. */
  constructor(private readonly head: () => Seq) {}

  next({
    accountId,
    channelIds,
    inboxOf,
    after,
    milliseconds,
    signal,
  }: Parameters<LongPolls['next']>[0]): Promise<boolean> {
    if (this.stopped || signal?.aborted) return Promise.resolve(false)
    // An event was announced since the caller read; it reads again at once.
    if (this.head() > after) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        accountId,
        channelIds,
        inboxOf,
        wake: (moved) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
          for (const set of this.setsOf(waiter)) set.delete(waiter)
          this.waiting--
          resolve(moved)
        },
      }
      const abort = () => waiter.wake(false)
      const timer = setTimeout(abort, milliseconds)
      signal?.addEventListener('abort', abort, { once: true })
      for (const set of this.setsOf(waiter)) set.add(waiter)
      this.waiting++
    })
  }

  /** The number of waiting requests. */
  get size(): number {
    return this.waiting
  }

  /** Wakes the requests that wait for one of these events and those of accounts whose rights the events changed. */
  notify(events: readonly LogEvent[]): void {
    const woken = new Set<Waiter>(this.everywhere)
    for (const event of events) {
      const channel = channelOf(event)
      const account = subjectAccount(event)
      if (channel) for (const waiter of this.byChannel.get(channel.id) ?? []) woken.add(waiter)
      if (account) for (const waiter of this.byAccount.get(account.id) ?? []) woken.add(waiter)
      if (this.byInbox.size > 0) for (const waiter of this.notifiedBy(event)) woken.add(waiter)
    }
    for (const waiter of woken) waiter.wake(true)
  }

  /** Wakes all requests, because any event may have happened. */
  wakeAll(): void {
    for (const set of [...this.byAccount.values()]) for (const waiter of [...set]) waiter.wake(true)
  }

  /** Registers what else ends when waiting requests do. */
  onStop(listener: () => void): void {
    this.stopListeners.push(listener)
  }

  /** Ends all waiting requests, and later ones at once. Call it when the server stops. */
  stop(): void {
    this.stopped = true
    for (const listener of this.stopListeners) listener()
    for (const set of [...this.byAccount.values()]) for (const waiter of [...set]) waiter.wake(false)
  }

  /** Returns those who wait for notifications like this event. An event that notifies by membership wakes all of them, because it has no list. */
  private *notifiedBy(event: LogEvent): Iterable<Waiter> {
    const { notified = [] } = notifiedIn(event.facts)
    if (notifiesMembers(event.facts)) for (const waiters of this.byInbox.values()) yield* waiters
    else for (const [id] of notified) yield* this.byInbox.get(id) ?? []
  }

  private setsOf({ accountId, channelIds, inboxOf }: Waiter): Set<Waiter>[] {
    const own = entry(this.byAccount, accountId)
    const inbox = inboxOf === undefined ? [] : [entry(this.byInbox, inboxOf)]
    if (channelIds === '*') return [own, this.everywhere, ...inbox]
    return [own, ...channelIds.map((id) => entry(this.byChannel, id)), ...inbox]
  }
}

function entry(sets: Map<number, Set<Waiter>>, key: number): Set<Waiter> {
  let set = sets.get(key)
  if (!set) {
    set = new Set()
    sets.set(key, set)
  }
  return set
}
