import type { Seq } from '../core/kernel/ids'
import { channelOf, type LogEvent, subjectAccount } from '../core/log/events'
import type { LongPolls } from '../core/log/streams'

interface Waiter {
  readonly accountId: number
  readonly channelIds: readonly number[] | '*'
  readonly wake: (moved: boolean) => void
}

/** Requests that wait for new events. A group of events wakes each of them once. */
export class OpenLongPolls implements LongPolls {
  private readonly byChannel = new Map<number, Set<Waiter>>()
  private readonly everywhere = new Set<Waiter>()
  private readonly byAccount = new Map<number, Set<Waiter>>()
  private waiting = 0
  private stopped = false

  /** `head` returns the seq of the last announced event. */
  constructor(private readonly head: () => Seq) {}

  next({
    accountId,
    channelIds,
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
    }
    for (const waiter of woken) waiter.wake(true)
  }

  /** Wakes all requests, because any event may have happened. */
  wakeAll(): void {
    for (const set of [...this.byAccount.values()]) for (const waiter of [...set]) waiter.wake(true)
  }

  /** Ends all waiting requests, and later ones at once. Call it when the server stops. */
  stop(): void {
    this.stopped = true
    for (const set of [...this.byAccount.values()]) for (const waiter of [...set]) waiter.wake(false)
  }

  private setsOf({ accountId, channelIds }: Waiter): Set<Waiter>[] {
    const own = entry(this.byAccount, accountId)
    if (channelIds === '*') return [own, this.everywhere]
    return [own, ...channelIds.map((id) => entry(this.byChannel, id))]
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
