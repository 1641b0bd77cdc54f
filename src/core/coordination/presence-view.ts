import type { Usage } from '../identity/usage'
import type { Account } from '../kernel/entities'
import type { LeaseClock } from '../kernel/lease-clock'
import { slices } from '../kernel/paged-reads'
import type { Store } from '../kernel/ports'
import type { Pace } from '../kernel/turns'
import type { Streams } from '../log/streams'
import type { ReadsSeen } from './reads-seen'
import { type Observed, type Presence, presenceAt } from './states'

/** Accounts whose presence is read together. */
const SLICE = 200

/** Whether the webhooks of accounts work. An account without one is absent. */
export interface WebhookHealth {
  of(accountIds: readonly number[]): Promise<ReadonlyMap<number, 'ok' | 'failing'>>
}

/** A presence, and the state of the webhook of its account. */
export interface ShownPresence extends Presence {
  readonly webhook: 'ok' | 'failing' | 'off'
}

/** Reads the presence of accounts. Who may see it is decided by the caller. */
export class PresenceView {
  constructor(
    private readonly deps: {
      readonly store: Store
      readonly usage: Pick<Usage, 'ofAccounts'>
      readonly streams: Pick<Streams, 'openAccounts'>
      readonly readsSeen: ReadsSeen
      readonly webhooks: WebhookHealth
      readonly clock: LeaseClock
      readonly pace: Pace
    },
  ) {}

  /** Returns the presence of accounts, in their order. */
  async of(accounts: readonly Account[]): Promise<ShownPresence[]> {
    const loop = this.deps.pace.loop()
    const found: ShownPresence[] = []
    for (const some of slices(accounts, SLICE)) {
      await loop.turn()
      found.push(...(await this.read(some)))
      loop.did(some.length)
    }
    return found
  }

  async ofOne(account: Account): Promise<ShownPresence> {
    const [presence] = await this.read([account])
    if (!presence) throw new Error('an account has one presence')
    return presence
  }

  /** The accounts with a live lease or an open stream, for `@here`. */
  async hereIds(): Promise<readonly number[]> {
    const { store, streams, clock } = this.deps
    const stored = await store.reads.presentAccounts(clock.now())
    return [...new Set([...streams.openAccounts(), ...stored])]
  }

  private async read(accounts: readonly Account[]): Promise<ShownPresence[]> {
    const { store, usage, streams, readsSeen, webhooks, clock } = this.deps
    const ids = accounts.map(({ id }) => id)
    const leases = Map.groupBy(await store.reads.presenceOf(ids), ({ accountId }) => accountId)
    const stored = await store.reads.observations(ids)
    const seen = await usage.ofAccounts(ids)
    const health = await webhooks.of(ids)
    const open = new Set(streams.openAccounts())
    const now = clock.now()
    return accounts.map((account) => {
      const { id } = account
      const kept = stored.get(id)
      const reads = readsSeen.of(id, kept?.reads ?? undefined)
      const observed: Observed = {
        hasStream: open.has(id) || (kept?.streamUntil ?? 0) > now,
        lastReadAt: reads?.lastReadAt ?? null,
        readInterval: reads?.readInterval ?? null,
        lastSeenAt: seen.get(id) ?? null,
      }
      const presence = presenceAt(now, account, leases.get(id) ?? [], observed)
      return { ...presence, webhook: health.get(id) ?? 'off' }
    })
  }
}
