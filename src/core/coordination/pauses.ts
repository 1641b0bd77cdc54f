import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { normalName } from '../identity/accounts'
import { type Actor, accountOf, isAdmin, isHuman } from '../identity/actor'
import type { Account, Channel } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Uuid } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Pause } from '../kernel/pause-ports'
import type { Store, Writes } from '../kernel/ports'
import { later, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { pauseEvent } from '../log/events'
import type { Expiries, Expiring } from './expiring'
import type { LivePauses } from './live-pauses'
import { type PauseView, viewPauses } from './pause-view'

export interface PauseRequest {
  /** Slug; null = every channel. */
  readonly channel: string | null
  /** Handle; null = every agent. */
  readonly account: string | null
  /** Null: until somebody ends it. */
  readonly minutes: number | null
  readonly note: string | null
}

export interface PauseFilter {
  /** Slug. */
  readonly channel: string | null
  /** Handle. */
  readonly account: string | null
}

/** A post or edit of a paused agent, with the pause that holds; of several the one that ends last. */
export class Paused extends AppError {
  constructor(
    readonly pause: PauseView,
    extra: { readonly retry_after?: number },
  ) {
    const where = pause.channel ? ` in ${pause.channel.slug}` : ''
    super('rate_limited', 'paused', `${pause.account?.handle ?? 'Every agent'} is paused${where}`, extra)
  }
}

export interface PausesDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly transactions: Transactions
  readonly settings: Settings
  readonly secrets: Secrets
  readonly clock: LeaseClock
  readonly expiries: Expiries
  readonly livePauses: LivePauses
}

/** Refuses the posts and edits of agents for a while (docs/contract/coordination.md#pauses). */
export class Pauses implements Expiring {
  constructor(private readonly deps: PausesDeps) {
    deps.expiries.add(this)
  }

  /**
   * Pauses an agent, or all of them, in a channel or everywhere. A pause of the same scope is replaced.
   * @throws humans_only; not_admin without a channel; the access errors of posting; account_not_found, not_an_agent
   */
  async begin(
    actor: Actor,
    request: PauseRequest,
  ): Promise<{ readonly pause: PauseView; readonly isNew: boolean }> {
    const { transactions, policy, clock, expiries, secrets, directory } = this.deps
    const begun = await transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const channel = this.place(now, request.channel)
      const account = request.account === null ? null : this.agent(request.account, channel)
      const at = clock.now()
      const scope = { channelId: channel?.id ?? null, accountId: account?.id ?? null }
      const open = await tx.openPauses(scope)
      const earlier = open.find(({ until }) => until === null || until > at)
      const expired = viewPauses(
        directory,
        open.filter((pause) => pause !== earlier),
      )
      // What has run out ends before the next one begins.
      await this.endIn(tx, expired, at, null)
      const by = accountOf(now)
      const pause: Pause = {
        seq: earlier?.seq ?? tx.nextSeq(),
        uuid: earlier?.uuid ?? secrets.uuid(),
        ...scope,
        byId: by?.id ?? null,
        note: request.note,
        since: earlier?.since ?? at,
        until: request.minutes === null ? null : later(at, request.minutes * MICROS_PER_MINUTE),
        endedAt: null,
      }
      const view = { ...pause, channel, account, by }
      await tx.putPause(pause)
      await tx.append(pauseEvent('pause.started', view), by)
      await tx.audit(
        entryBy(now, 'pause.start', targetOf(pause), { ...factsOf(view), minutes: request.minutes }),
      )
      return { pause: view, isNew: earlier === undefined }
    })
    if (begun.pause.until !== null) expiries.note(begun.pause.until)
    return begun
  }

  /**
   * Ends a pause.
   * @throws invalid_id; pause_not_found, also if it has ended or the actor may not know of it; humans_only; not_admin; the
   *   access errors of posting
   */
  end(actor: Actor, id: string): Promise<void> {
    const { transactions, policy, clock, directory } = this.deps
    return transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const at = clock.now()
      const pause = await tx.pause(pauseId(id))
      const isThere = pause?.endedAt === null && (pause.until === null || pause.until > at)
      const [view] = isThere ? viewPauses(directory, [pause]) : []
      if (!view || !this.isVisible(now, view)) throw refusal('pause_not_found')
      this.place(now, view.channel?.slug ?? null)
      await this.endIn(tx, [view], at, accountOf(now))
      await tx.audit(entryBy(now, 'pause.end', targetOf(view), factsOf(view)))
    })
  }

  /**
   * Lists the pauses that hold and that the actor may know of, oldest first.
   * @throws the access errors of reading the channel
   */
  list(actor: Actor, filter: PauseFilter): Promise<PauseView[]> {
    const { directory, policy, livePauses } = this.deps
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channel = filter.channel === null ? null : this.readable(now, filter.channel)
      const account = filter.account === null ? null : directory.accountByHandle(normalName(filter.account))
      if (account === undefined) return []
      return viewPauses(directory, livePauses.all).filter(
        (pause) =>
          (channel === null || pause.channelId === channel.id) &&
          (account === null || pause.accountId === account.id) &&
          this.isVisible(now, pause),
      )
    })
  }

  /** Refuses what an agent posts or edits while it is paused. Synchronous over the directory. @throws paused */
  refusePaused(account: Account, channel: Channel): void {
    const { livePauses, directory, clock } = this.deps
    const pause = livePauses.holding(account, channel.id)
    if (!pause) return
    const [view] = viewPauses(directory, [pause])
    if (!view) return
    const { until } = pause
    const seconds = until === null ? null : Math.max(1, Math.ceil((until - clock.now()) / MICROS_PER_SECOND))
    throw new Paused(view, seconds === null ? {} : { retry_after: seconds })
  }

  /** Returns the pause that holds for every agent in a channel. Synchronous over the directory. */
  ofChannel(channelId: number): PauseView | null {
    const { livePauses, directory } = this.deps
    const pause = livePauses.ofChannel(channelId)
    return (pause && viewPauses(directory, [pause])[0]) ?? null
  }

  // As a kind of lease.

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextPauseEnd()
  }

  announceExpired(limit: number): Promise<number> {
    const { store, directory, clock } = this.deps
    return directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const at = clock.now()
        const expired = viewPauses(directory, await tx.expiredPauses(at, limit))
        await this.endIn(tx, expired, at, null)
        return expired.length
      }),
    )
  }

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.shiftPauses(micros)
  }

  shifted(micros: number): void {
    this.deps.livePauses.shift(micros)
  }

  private async endIn(
    tx: Writes,
    pauses: readonly PauseView[],
    at: Micros,
    by: Account | null,
  ): Promise<void> {
    if (pauses.length === 0) return
    await tx.endPauses(
      pauses.map(({ seq }) => seq),
      at,
    )
    await tx.appendAll(
      pauses.map((pause) => ({ body: pauseEvent('pause.ended', { ...pause, endedAt: at }), actor: by })),
    )
  }

  /** Checks that the actor may pause and resume there. Returns the channel; null = everywhere. */
  private place(now: Actor, slug: string | null): Channel | null {
    const { policy, settings } = this.deps
    if (now.via === 'operator') return slug === null ? null : this.existing(slug)
    if (!isHuman(now)) throw refusal('humans_only')
    if (slug !== null) return policy.post(now, normalName(slug)).channel
    if (!isAdmin(now, settings)) throw refusal('not_admin', { gate: 'role' })
    return null
  }

  private readable(now: Actor, slug: string): Channel {
    const { policy } = this.deps
    return now.via === 'operator' ? this.existing(slug) : policy.read(now, normalName(slug)).channel
  }

  /** @throws channel_not_found, channel_archived */
  private existing(slug: string): Channel {
    const channel = this.deps.directory.channelBySlug(normalName(slug))
    if (!channel) throw refusal('channel_not_found', { channel: slug })
    if (channel.archivedAt !== null) throw refusal('channel_archived', { channel: slug })
    return channel
  }

  /** @throws account_not_found, also if the account is not in the channel; not_an_agent */
  private agent(handle: string, channel: Channel | null): Account {
    const { directory } = this.deps
    const account = directory.accountByHandle(normalName(handle))
    const isThere = account && (channel === null || directory.member(account.id, channel.id) !== undefined)
    if (!account || !isThere) throw refusal('account_not_found')
    if (account.kind !== 'agent') throw refusal('not_an_agent')
    return account
  }

  /** Reports whether the actor may know of a pause, as `Audience` decides who receives its events. */
  private isVisible(now: Actor, { channel, account }: PauseView): boolean {
    const { policy, directory, settings } = this.deps
    if (now.via === 'operator') return true
    if (channel) return policy.mayRead(now, channel)
    if (!account || account.id === now.account.id || isAdmin(now, settings)) return true
    return directory.shareChannel(now.account.id, account.id)
  }
}

function targetOf({ uuid }: Pause) {
  return { type: 'pause', id: uuid } as const
}

/** Ids only: audit entries are kept for ever. */
function factsOf({ channel, account }: PauseView) {
  return { channel: channel?.uuid ?? null, account: account?.uuid ?? null }
}

/** @throws invalid_id */
function pauseId(text: string): Uuid {
  const uuid = parseUuid(text)
  if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid pause id')
  return uuid
}
