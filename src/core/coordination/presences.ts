import type { Policy } from '../access/policy'
import { quotaExceeded } from '../identity/accounts'
import type { Person } from '../identity/actor'
import { background } from '../kernel/background'
import type { PresenceState } from '../kernel/coordination-ports'
import type { Account } from '../kernel/entities'
import type { LeaseClock } from '../kernel/lease-clock'
import { slices } from '../kernel/paged-reads'
import type { Store, Writes } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import type { Streams } from '../log/streams'
import { instanceOf } from './claim-rights'
import type { Expiries, Expiring } from './expiring'
import type { PresenceFrames } from './presence-frames'
import type { PresenceView, ShownPresence } from './presence-view'
import type { Reachability } from './reachability'
import type { ReadsSeen } from './reads-seen'

const DEFAULT_SECONDS = 120
/** Instances of one account with a live lease. */
const MAX_INSTANCES = 32
/** Accounts whose streams are written in one transaction. */
const SLICE = 200
/** How long other processes count a stream as open after it was last noted. */
const STREAM_SECONDS = 30

export interface PresenceRequest {
  readonly state: PresenceState | 'offline'
  readonly note: string | null
  readonly seconds: number | null
  readonly instance: string | null
}

export interface PresencesDeps {
  readonly store: Store
  readonly policy: Policy
  readonly transactions: Transactions
  readonly streams: Pick<Streams, 'openAccounts'>
  readonly view: PresenceView
  readonly presenceFrames: PresenceFrames
  readonly readsSeen: ReadsSeen
  readonly reachability: Reachability
  readonly clock: LeaseClock
  readonly expiries: Expiries
  readonly report: (fault: unknown) => void
}

/**
 * Presence: who is there, and what they do (docs/contract/coordination.md#presence). An instance says so by a lease; the
 * rest is what the server observes.
 */
export class Presences implements Expiring {
  /** The accounts whose streams here other processes know of. */
  private shared = new Set<number>()

  constructor(private readonly deps: PresencesDeps) {
    deps.expiries.add(this)
  }

  /**
   * Says what an instance of the actor does, for a while. `offline` ends its lease.
   * @throws quota_exceeded, draining
   */
  async set(actor: Person, request: PresenceRequest): Promise<ShownPresence> {
    const { state } = request
    const instance = request.instance ?? instanceOf(actor)
    if (state === 'offline') await this.clear(actor, instance)
    else await this.put(actor, instance, { ...request, state })
    return this.deps.view.ofOne(actor.account)
  }

  /** Ends the lease of one instance of the actor, or of all. @throws draining */
  async clear(actor: Person, instance: string | null): Promise<void> {
    const { transactions, policy, presenceFrames } = this.deps
    const { id } = actor.account
    await presenceFrames.learn(actor.account)
    await transactions.run(actor, (tx) => {
      policy.current(actor)
      return tx.deletePresence(id, instance)
    })
    this.deps.reachability.released(id)
    presenceFrames.changed(id)
  }

  /** Notes that the actor has read something. */
  noteRead(actor: Person): void {
    this.deps.readsSeen.note(actor.account.id)
  }

  /** Call it when the first stream of an account was opened, or its last one closed. */
  streamChanged(account: Account, isOpen: boolean): void {
    const { presenceFrames, reachability, report } = this.deps
    if (!isOpen) reachability.closed(account.id)
    // The request that opened it was a read.
    const before = isOpen ? { hasStream: false, lastReadAt: null } : { hasStream: true }
    const announcing = presenceFrames.learn(account, before).then(() => presenceFrames.changed(account.id))
    background(announcing, report)
  }

  /** Lets other processes know which accounts have a stream here. Call it every ten seconds. */
  async shareStreams(): Promise<void> {
    const { store, streams, clock } = this.deps
    const open = new Set(streams.openAccounts())
    const closed = [...this.shared].filter((id) => !open.has(id))
    const now = clock.now()
    for (const some of slices([...open], SLICE))
      await store.transact((tx) => tx.noteStreams(some, later(now, STREAM_SECONDS * MICROS_PER_SECOND)))
    for (const some of slices(closed, SLICE)) await store.transact((tx) => tx.noteStreams(some, now))
    this.shared = open
  }

  /** Ends all leases of an account, in the transaction of another verb; `isErased`: and deletes what was observed of it. */
  async end(tx: Writes, accountId: number, isErased: boolean): Promise<void> {
    await tx.deletePresence(accountId, null)
    if (isErased) await tx.deleteObservations(accountId)
  }

  /** Announces that an account was archived, or forgets an erased one. Call it after the commit of `end`. */
  gone({ id, erasedAt }: Account): void {
    if (erasedAt === null) this.deps.presenceFrames.leaseEnded(id)
    else {
      this.deps.readsSeen.forget(id)
      this.deps.reachability.forget(id)
    }
  }

  // As a kind of lease.

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextPresenceExpiry()
  }

  async announceExpired(limit: number): Promise<number> {
    const { store, clock, presenceFrames } = this.deps
    const expired = await store.transact(async (tx) => {
      const found = await tx.expiredPresence(clock.now(), limit)
      for (const { accountId, instance } of found) await tx.deletePresence(accountId, instance)
      return found
    })
    for (const { accountId } of expired) presenceFrames.leaseEnded(accountId)
    return expired.length
  }

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.shiftPresence(micros)
  }

  shifted(micros: number): void {
    this.deps.readsSeen.shift(micros)
    this.deps.reachability.shift(micros)
  }

  private async put(
    actor: Person,
    instance: string,
    { state, note, seconds }: PresenceRequest & { readonly state: PresenceState },
  ): Promise<void> {
    const { transactions, policy, clock, expiries, presenceFrames } = this.deps
    const { id: accountId } = actor.account
    await presenceFrames.learn(actor.account)
    const expiresAt = await transactions.run(actor, async (tx) => {
      policy.current(actor)
      const at = clock.now()
      const live = (await tx.presenceOf([accountId])).filter((lease) => lease.expiresAt > at)
      const own = live.find((lease) => lease.instance === instance)
      if (!own && live.length >= MAX_INSTANCES) throw quotaExceeded('presence_instances', MAX_INSTANCES)
      const since = own?.state === state ? own.since : at
      const expiresAt = later(at, (seconds ?? DEFAULT_SECONDS) * MICROS_PER_SECOND)
      await tx.putPresence({ accountId, instance, state, note, since, expiresAt })
      return expiresAt
    })
    expiries.note(expiresAt)
    this.deps.reachability.leased(accountId, expiresAt)
    presenceFrames.changed(accountId)
  }
}
