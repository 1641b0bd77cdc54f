import type { LeaseClock } from '../kernel/lease-clock'
import type { Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Streams } from '../log/streams'
import type { WebhookHealth } from './presence-view'
import type { ReadsSeen } from './reads-seen'

/** An account without a stream, a lease or a working webhook counts as reachable for so long after its last read. */
const READ_SECONDS = 600
/** For how long what the store knows of other processes, and of the time before the start, is kept. */
const KEPT_MILLISECONDS = 10_000
/** Accounts whose leases and streams of this process are remembered. */
const CAPACITY = 10_000

/** Whether an account can be reached now, and when it last could. */
export interface Reachable {
  /** It has an open stream, a live lease or a working webhook. */
  readonly isLive: boolean
  /** The last read, or the end of a stream or lease, as far as it is known; null = never. */
  readonly lastAt: Micros | null
}

/** What the store knew a moment ago. */
interface Kept {
  /** By the steady clock. */
  readonly at: number
  /** The accounts with a lease, a stream or a recent read. */
  readonly ids: ReadonlySet<number>
  /** Of the accounts that were asked about, whether they have a working webhook. */
  readonly hasWebhook: Map<number, boolean>
}

/** Knows which accounts can be reached, by what the server has observed. */
export class Reachability {
  /** Until when a lease or a stream of this process lasted or lasts, as it was last noted. */
  private readonly lasting = new Map<number, Micros>()
  private kept: Kept | undefined
  private loading: Promise<Kept> | undefined

  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'reads'>
      readonly streams: Pick<Streams, 'openAccounts'>
      readonly readsSeen: Pick<ReadsSeen, 'of'>
      readonly webhooks: WebhookHealth
      readonly clock: LeaseClock
      readonly steady: Pick<Clock, 'steady'>
    },
  ) {}

  /** Notes that a lease of an account lasts until then. */
  leased(accountId: number, until: Micros): void {
    this.note(accountId, Math.max(until, this.lasting.get(accountId) ?? 0) as Micros)
  }

  /** Notes that a stream of an account has ended. */
  closed(accountId: number): void {
    this.note(accountId, this.deps.clock.now())
  }

  /** Notes that a lease of an account was given up. */
  released(accountId: number): void {
    this.closed(accountId)
    this.kept = undefined
  }

  /** Follows the calendar, which was set by so many microseconds. */
  shift(micros: number): void {
    for (const [id, until] of this.lasting) this.lasting.set(id, later(until, micros))
    this.kept = undefined
  }

  /** Drops what is known of an erased account. */
  forget(accountId: number): void {
    this.lasting.delete(accountId)
    this.kept = undefined
  }

  /**
   * Returns those of these accounts that can not be reached: no stream, lease or working webhook, and no read within ten
   * minutes. Answers from memory; the store is asked at most once in ten seconds, for all posts together.
   */
  async unreachable(accountIds: readonly number[]): Promise<readonly number[]> {
    const { streams, webhooks } = this.deps
    const silent = accountIds.filter((id) => !this.isKnownHere(id))
    if (silent.length === 0) return silent
    const open = new Set(streams.openAccounts())
    const closed = silent.filter((id) => !open.has(id))
    if (closed.length === 0) return closed
    const { ids, hasWebhook } = await this.stored()
    const unknown = closed.filter((id) => !ids.has(id))
    const unasked = unknown.filter((id) => !hasWebhook.has(id))
    const health = unasked.length === 0 ? undefined : await webhooks.of(unasked)
    for (const id of unasked) hasWebhook.set(id, health?.get(id) === 'ok')
    return unknown.filter((id) => !hasWebhook.get(id))
  }

  /** Returns how accounts can be reached, by what is stored and known here. */
  async of(accountIds: readonly number[]): Promise<ReadonlyMap<number, Reachable>> {
    const { store, streams, readsSeen, webhooks, clock } = this.deps
    const leases = Map.groupBy(await store.reads.presenceOf(accountIds), ({ accountId }) => accountId)
    const observed = await store.reads.observations(accountIds)
    const health = await webhooks.of(accountIds)
    const open = new Set(streams.openAccounts())
    const now = clock.now()
    return new Map(
      accountIds.map((id) => {
        const kept = observed.get(id)
        const read = readsSeen.of(id, kept?.reads ?? undefined)?.lastReadAt
        const ends = [
          ...(leases.get(id) ?? []).map(({ expiresAt }) => expiresAt),
          kept?.streamUntil ?? 0,
          this.lasting.get(id) ?? 0,
        ]
        const isLive = open.has(id) || health.get(id) === 'ok' || ends.some((until) => until > now)
        const last = Math.max(read ?? 0, ...ends.filter((until) => until <= now))
        return [id, { isLive, lastAt: last === 0 ? null : (last as Micros) }]
      }),
    )
  }

  /** Reports whether this process itself has had a lease or a read of the account. */
  private isKnownHere(accountId: number): boolean {
    const now = this.deps.clock.now()
    if ((this.lasting.get(accountId) ?? 0) > now) return true
    const read = this.deps.readsSeen.of(accountId, undefined)?.lastReadAt
    return read !== undefined && read > later(now, -READ_SECONDS * MICROS_PER_SECOND)
  }

  private async stored(): Promise<Kept> {
    const { store, clock, steady } = this.deps
    const at = steady.steady()
    if (this.kept && at - this.kept.at < KEPT_MILLISECONDS) return this.kept
    this.loading ??= this.load(at, clock.now(), store).finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  private async load(at: number, now: Micros, { reads }: Pick<Store, 'reads'>): Promise<Kept> {
    const since = later(now, -READ_SECONDS * MICROS_PER_SECOND)
    const ids = new Set([...(await reads.presentAccounts(now)), ...(await reads.readersSince(since))])
    this.kept = { at, ids, hasWebhook: new Map() }
    return this.kept
  }

  private note(accountId: number, until: Micros): void {
    this.lasting.delete(accountId)
    this.lasting.set(accountId, until)
    const [oldest] = this.lasting.keys()
    if (this.lasting.size > CAPACITY && oldest !== undefined) this.lasting.delete(oldest)
  }
}
