import type { Settings } from '../governance/settings'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store } from '../kernel/ports'
import { type Clock, later } from '../kernel/time'
import { TokenBuckets } from '../kernel/token-bucket'
import type { DeliveryWithWebhook } from '../kernel/webhook-ports'
import { type AttemptDeps, attempt } from './attempt'
import type { EventsOf } from './rendering'
import type { Results } from './results'
import { PAUSED_MICROS } from './retry-plan'

/** Deliveries that are attempted at once: of one webhook, and by this process. */
const AT_ONCE = 4
const AT_ONCE_IN_ALL = 100
/** Deliveries that are read at a time. */
const LOOK = 20
/** Another process may take a delivery so long after the time limit of its attempt. */
const TAKEN_MARGIN_MS = 5000

export interface DispatcherDeps extends AttemptDeps {
  readonly store: Pick<Store, 'reads' | 'transact'>
  readonly settings: Settings
  readonly clock: Clock
  readonly leaseClock: LeaseClock
  readonly results: Results
  readonly report: (fault: unknown) => void
}

/**
 * Attempts the deliveries that are due, so that one webhook does not delay another. Each one is taken in a transaction before
 * its attempt, so no other process attempts it; if this process dies, another one may take it after a while.
 */
export class Dispatcher {
  /** Running attempts by webhook. */
  private readonly running = new Map<number, number>()
  private readonly attempts = new Set<Promise<void>>()
  /** By account that was found paused, when it is looked at again, by the steady clock. */
  private readonly pausedUntil = new Map<number, number>()
  private readonly abort = new AbortController()
  private readonly buckets = new TokenBuckets()
  private wake: () => void = () => {}
  /** Whether there may be something to take now. */
  private mayHaveWork = true
  /** When the next delivery is due, by the steady clock in milliseconds. */
  private nextAt = Number.POSITIVE_INFINITY

  constructor(private readonly deps: DispatcherDeps) {}

  /** Sets what is called when there may be something to do. */
  onWork(wake: () => void): void {
    this.wake = wake
  }

  /** Says that a delivery may be due now. */
  lookAgain(): void {
    this.mayHaveWork = true
    this.wake()
  }

  /** Milliseconds until a delivery is due; undefined if none waits. */
  get dueIn(): number | undefined {
    if (this.attempts.size >= AT_ONCE_IN_ALL) return undefined
    if (this.mayHaveWork) return 0
    return this.nextAt === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(0, this.nextAt - this.deps.clock.steady())
  }

  /** Takes the deliveries that are due and begins their attempts, which go on after this has resolved. */
  async look(): Promise<void> {
    const { store, clock, leaseClock, settings } = this.deps
    this.mayHaveWork = false
    let next = Number.POSITIVE_INFINITY
    const wait = (ms: number) => {
      next = Math.min(next, clock.steady() + ms)
    }
    /** Webhooks that nothing is sent to for now. */
    const held = new Set<number>()
    for (const [id, until] of this.pausedUntil) if (until <= clock.steady()) this.pausedUntil.delete(id)
    for (let hasMore = true; hasMore && !this.abort.signal.aborted; ) {
      const room = AT_ONCE_IN_ALL - this.attempts.size
      if (room <= 0) break
      const full = [...this.running].flatMap(([id, n]) => (n >= AT_ONCE ? id : []))
      const found = await store.reads.pendingDeliveries([...full, ...held], LOOK)
      const now = leaseClock.now()
      const chosen: DeliveryWithWebhook[] = []
      const filling = new Map(this.running)
      let isFuture = false
      for (const one of found) {
        const { delivery, webhook } = one
        if (delivery.nextAt > now) {
          wait((delivery.nextAt - now) / 1000)
          isFuture = true
          break
        }
        const n = filling.get(webhook.id) ?? 0
        if (n >= AT_ONCE || chosen.length >= room || held.has(webhook.id)) continue
        const delay = this.pauseOf(webhook.accountId) || this.takeToken(one)
        if (delay > 0) {
          held.add(webhook.id)
          wait(delay)
          continue
        }
        filling.set(webhook.id, n + 1)
        chosen.push(one)
      }
      if (chosen.length > 0) {
        const micros = (settings.get('webhooks.timeout_ms') + TAKEN_MARGIN_MS) * 1000
        const ids = chosen.map(({ delivery }) => delivery.id)
        const taken = await store.transact((tx) => {
          const at = leaseClock.now()
          return tx.takeDeliveries(ids, at, later(at, micros))
        })
        const begun = chosen.filter(({ delivery }) => taken.has(delivery.id))
        const events = this.deps.rendering.eventsOf(begun)
        for (const one of begun) this.begin(one, events)
      }
      hasMore = found.length === LOOK && !isFuture
    }
    this.nextAt = next
  }

  /** Ends all attempts, and gives back the deliveries whose attempt did not end. */
  async stop(): Promise<void> {
    this.abort.abort()
    await Promise.all(this.attempts)
  }

  /** Milliseconds until an account that was found paused is looked at again. */
  private pauseOf(accountId: number): number {
    return Math.max(0, (this.pausedUntil.get(accountId) ?? 0) - this.deps.clock.steady())
  }

  /**
   * Takes a token for a new wake. Returns 0, or in how many milliseconds there is one. Further attempts and events are not
   * counted.
   */
  private takeToken({ delivery, webhook }: DeliveryWithWebhook): number {
    const perMinute = this.deps.settings.get('webhooks.per_minute')
    if (perMinute === 0 || webhook.source === 'events' || delivery.tries > 0) return 0
    const perMs = perMinute / 60_000
    const bucket = this.buckets.of(webhook.accountId, { perMs, burst: perMinute }, this.deps.clock.steady())
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perMs)
    bucket.tokens -= 1
    return 0
  }

  private begin(of: DeliveryWithWebhook, events: EventsOf): void {
    const { id } = of.webhook
    this.running.set(id, (this.running.get(id) ?? 0) + 1)
    const running = this.attemptOne(of, events).finally(() => {
      const left = (this.running.get(id) ?? 1) - 1
      if (left > 0) this.running.set(id, left)
      else this.running.delete(id)
      this.attempts.delete(running)
      this.lookAgain()
    })
    this.attempts.add(running)
  }

  private async attemptOne(of: DeliveryWithWebhook, events: EventsOf): Promise<void> {
    const { results, report } = this.deps
    try {
      const result = await attempt(this.deps, of, events, this.abort.signal)
      if (result.outcome === 'paused' && result.isEverywhere)
        this.pausedUntil.set(of.webhook.accountId, this.deps.clock.steady() + PAUSED_MICROS / 1000)
      await results.write(of, result)
    } catch (fault) {
      report(fault)
      // What cannot be read never can. Otherwise the store does not answer, and the delivery is taken again when its time is over.
      if (fault instanceof SyntaxError || fault instanceof TypeError)
        await results.write(of, { outcome: 'dropped' }).catch(report)
    }
  }
}
