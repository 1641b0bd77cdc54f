import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { quotaExceeded } from '../identity/accounts'
import { type Person, principalOf } from '../identity/actor'
import type { Claim, ClaimOutcome } from '../kernel/coordination-ports'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Seq, type Uuid } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Reads, Store, Writes } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { claimEvent } from '../log/events'
import type { FrameBody, Frames } from '../log/frames'
import { ClaimRights, instanceOf, isHeldBy } from './claim-rights'
import { type ClaimView, viewClaims } from './claim-view'
import type { Expiries, Expiring } from './expiring'
import { canonicalResource, overlapOf } from './resource'

const DEFAULT_SECONDS = 300

export interface ClaimRequest {
  readonly resource: string
  readonly seconds: number | null
  readonly note: string | null
  readonly messageId: string | null
  readonly channel: string | null
  readonly instance: string | null
}

export interface Renewal {
  readonly epoch: Seq
  /** Null: as long as before. */
  readonly seconds: number | null
  /** Null: as it is. */
  readonly note: string | null
  readonly instance: string | null
}

export interface Release {
  /** Null: any. */
  readonly epoch: Seq | null
  readonly outcome: ClaimOutcome | null
  /** Null: as it is. */
  readonly note: string | null
  readonly instance: string | null
}

export interface Acquired {
  readonly claim: ClaimView
  /** False if the actor's instance held it already and has renewed it. */
  readonly isNew: boolean
}

/** A refusal with the claim that is on the resource now; null if there is none. */
export class ClaimConflict extends AppError {
  constructor(
    reason: 'claim_held' | 'claim_lost',
    message: string,
    readonly claim: ClaimView | null,
    extra: { readonly retry_after?: number } = {},
  ) {
    super('conflict', reason, message, extra)
  }
}

export interface ClaimsDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly transactions: Transactions
  readonly settings: Settings
  readonly secrets: Secrets
  readonly frames: Frames
  readonly clock: LeaseClock
  readonly expiries: Expiries
}

/** Exclusive leases on resources, such as files and messages (docs/contract/coordination.md#claims). */
export class Claims implements Expiring {
  private readonly rights: ClaimRights

  constructor(private readonly deps: ClaimsDeps) {
    this.rights = new ClaimRights(deps)
    deps.expiries.add(this)
    deps.frames.source('claim.renewed', ([epoch = 0]) => this.renewed(epoch))
  }

  /**
   * Claims a resource for an instance of the actor. An instance that holds it already renews it.
   * @throws invalid_resource; invalid_id; message_not_found; the access errors of posting; missing_scope; claim_held, with
   *   the conflicting claim; quota_exceeded
   */
  async acquire(actor: Person, request: ClaimRequest): Promise<Acquired> {
    const { transactions, policy, clock, frames, expiries } = this.deps
    const resource = canonicalResource(request.resource)
    await this.refuseEarly(actor, resource, request)
    const acquired = await transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const at = clock.now()
      const { place, instance, overlapping, live } = await this.free(tx, now, at, resource, request)
      const expiresAt = later(at, (request.seconds ?? DEFAULT_SECONDS) * MICROS_PER_SECOND)
      const own = live.find((claim) => claim.resource === resource)
      if (own) {
        const claim = await this.renewIn(tx, own, at, { expiresAt, note: request.note })
        return { claim, isNew: false }
      }
      await this.refuseMore(tx, now.account, at)
      const expired = viewClaims(
        this.deps.directory,
        overlapping.filter((claim) => !live.includes(claim)),
      )
      await this.endExpired(tx, expired, at)
      const claim: Claim = {
        epoch: tx.nextSeq(),
        uuid: this.deps.secrets.uuid(),
        channelId: place.channel?.id ?? null,
        resource,
        message: place.message,
        accountId: now.account.id,
        instance,
        credential: instanceOf(now),
        note: request.note,
        acquiredAt: at,
        renewedAt: at,
        expiresAt,
        endedAt: null,
        releasedAt: null,
        outcome: null,
      }
      const view = { ...claim, holder: now.account, channel: place.channel }
      await tx.insertClaim(claim)
      await tx.append(claimEvent('claim.acquired', view), now.account)
      return { claim: view, isNew: true }
    })
    expiries.note(acquired.claim.expiresAt)
    if (!acquired.isNew) frames.announce('claim.renewed', acquired.claim.epoch)
    return acquired
  }

  /**
   * Renews a claim that the actor's instance holds.
   * @throws invalid_id; claim_not_found; claim_lost, with the claim that is there now; not_holder; the access errors of
   *   posting
   */
  async renew(actor: Person, id: string, renewal: Renewal): Promise<ClaimView> {
    const { transactions, clock, frames, expiries } = this.deps
    const renewed = await transactions.run(actor, async (tx) => {
      const now = this.deps.policy.current(actor)
      const at = clock.now()
      const { claim, channel } = await this.rights.visible(tx, now, claimId(id))
      await this.refuseLost(tx, claim, renewal.epoch, at)
      if (!isHeldBy(claim, now, renewal.instance)) throw refusal('not_holder')
      this.rights.requirePost(now, channel)
      const micros =
        renewal.seconds === null ? claim.expiresAt - claim.renewedAt : renewal.seconds * MICROS_PER_SECOND
      return this.renewIn(tx, claim, at, { expiresAt: later(at, micros), note: renewal.note })
    })
    expiries.note(renewed.expiresAt)
    frames.announce('claim.renewed', renewed.epoch)
    return renewed
  }

  /**
   * Releases a claim: the instance that holds it, or by force an admin of its channel, or a system admin.
   * @throws invalid_id; claim_not_found; claim_lost, with the claim that is there now; not_holder; missing_scope
   */
  release(actor: Person, id: string, release: Release): Promise<ClaimView> {
    const { transactions, policy, clock } = this.deps
    return transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const at = clock.now()
      const { claim, channel } = await this.rights.visible(tx, now, claimId(id))
      await this.refuseLost(tx, claim, release.epoch ?? claim.epoch, at)
      const isForced = !isHeldBy(claim, now, release.instance)
      if (isForced) this.rights.requireForce(now, channel)
      const released = await this.releaseIn(tx, this.view(claim), now.account, at, isForced, release)
      if (isForced) {
        const target = { type: 'claim', id: claim.uuid } as const
        await tx.audit(entryBy(now, 'claim.force_release', target, { epoch: claim.epoch }))
      }
      return released
    })
  }

  /** @throws invalid_id; claim_not_found, also if the actor may not know of it */
  async get(actor: Person, id: string): Promise<ClaimView> {
    const { store, directory, policy } = this.deps
    const claim = await directory.retryUntilLoaded(async () => {
      const { claim } = await this.rights.visible(store.reads, policy.current(actor), claimId(id))
      return this.view(claim)
    })
    await store.waitFor(claim.epoch)
    return claim
  }

  /**
   * Returns the claims of an account that have no recorded end, for `releaseAll`. Call it before the first write: it may
   * have to load names.
   */
  async openOf(tx: Writes, accountId: number): Promise<readonly ClaimView[]> {
    return viewClaims(this.deps.directory, await tx.openClaimsOf(accountId))
  }

  /** Ends claims together with their holder, in the transaction of another verb. `holder`: the account as it is then. */
  async releaseAll(
    tx: Writes,
    claims: readonly ClaimView[],
    holder: Account,
    by: Account | null,
  ): Promise<void> {
    const at = this.deps.clock.now()
    await this.endExpired(
      tx,
      claims.filter(({ expiresAt }) => expiresAt <= at).map((claim) => ({ ...claim, holder })),
      at,
    )
    for (const claim of claims)
      if (claim.expiresAt > at) await this.releaseIn(tx, { ...claim, holder }, by, at, true)
  }

  // As a kind of lease.

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextClaimExpiry()
  }

  announceExpired(limit: number): Promise<number> {
    const { store, directory, clock } = this.deps
    return directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const at = clock.now()
        const expired = viewClaims(directory, await tx.expiredClaims(at, limit))
        await this.endExpired(tx, expired, at)
        return expired.length
      }),
    )
  }

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.shiftClaims(micros)
  }

  private view(claim: Claim): ClaimView {
    const [view] = viewClaims(this.deps.directory, [claim])
    if (!view) throw new Error('a claim has one view')
    return view
  }

  private async renewed(epoch: Seq): Promise<FrameBody<'claim.renewed'> | undefined> {
    const { store, directory } = this.deps
    const [claim] = await store.reads.claimsByEpoch([epoch])
    if (!claim || claim.endedAt !== null) return undefined
    return directory.retryUntilLoaded(() => {
      const view = this.view(claim)
      return { channel: view.channel, account: view.holder, content: { claim: view } }
    })
  }

  /**
   * Refuses what somebody else holds before the line of writes is joined: of many programs that ask for one claim, most are
   * refused. A retry key comes first, so with one only the transaction judges.
   * @throws the errors of `free`
   */
  private async refuseEarly(actor: Person, resource: string, request: ClaimRequest): Promise<void> {
    const { store, directory, policy, transactions, clock } = this.deps
    if (principalOf(actor).retry) return
    transactions.refuseWhileDraining(actor)
    // Then only the transaction can tell how long a claim holds.
    if (clock.isUnsettled) return
    try {
      await directory.retryUntilLoaded(() =>
        this.free(store.reads, policy.current(actor), clock.now(), resource, request),
      )
    } catch (error) {
      if (error instanceof ClaimConflict && error.claim) await store.waitFor(error.claim.epoch)
      throw error
    }
  }

  /**
   * Finds the place of a claim, and the claims that it overlaps. `live`: those of the same instance.
   * @throws the access errors of posting; missing_scope; message_not_found; claim_held
   */
  private async free(tx: Reads, now: Person, at: Micros, resource: string, request: ClaimRequest) {
    const place = await this.rights.placeOf(tx, now, resource, request)
    const instance = request.instance ?? instanceOf(now)
    const overlapping = await tx.overlappingClaims(place.channel?.id ?? null, overlapOf(resource))
    const live = overlapping.filter(({ expiresAt }) => expiresAt > at)
    const isOwn = (claim: Claim) => claim.accountId === now.account.id && claim.instance === instance
    this.refuseHeld(
      live.filter((claim) => !isOwn(claim)),
      at,
    )
    return { place, instance, overlapping, live }
  }

  /** @throws claim_held if there are any, with the one that expires last */
  private refuseHeld(others: readonly Claim[], at: Micros): void {
    const last = others.toSorted((one, other) => other.expiresAt - one.expiresAt)[0]
    if (!last) return
    const claim = this.view(last)
    const seconds = Math.ceil((last.expiresAt - at) / MICROS_PER_SECOND)
    throw new ClaimConflict('claim_held', `${claim.holder.handle} holds this claim`, claim, {
      retry_after: seconds,
    })
  }

  /** @throws claim_lost */
  private async refuseLost(tx: Reads, claim: Claim, epoch: Seq, at: Micros): Promise<void> {
    const isLive = claim.endedAt === null && claim.expiresAt > at
    if (isLive && claim.epoch === epoch) return
    const there = await tx.overlappingClaims(claim.channelId, { resources: [claim.resource], below: null })
    const live = there.find(({ expiresAt }) => expiresAt > at)
    throw new ClaimConflict(
      'claim_lost',
      isLive ? 'The claim has another epoch' : 'The claim has ended',
      live ? this.view(live) : null,
    )
  }

  /** @throws quota_exceeded */
  private async refuseMore(tx: Reads, { id }: Account, at: Micros): Promise<void> {
    const limit = this.deps.settings.get('claims.per_account')
    if ((await tx.countLiveClaims(id, at)) >= limit) throw quotaExceeded('claims.per_account', limit)
  }

  private async renewIn(
    tx: Writes,
    claim: Claim,
    at: Micros,
    { expiresAt, note }: { expiresAt: Micros; note: string | null },
  ): Promise<ClaimView> {
    const renewed = this.view({ ...claim, note: note ?? claim.note, renewedAt: at, expiresAt })
    await tx.renewClaim(claim.epoch, renewed)
    return renewed
  }

  private async releaseIn(
    tx: Writes,
    claim: ClaimView,
    by: Account | null,
    at: Micros,
    isForced: boolean,
    { outcome, note }: Pick<Release, 'outcome' | 'note'> = { outcome: null, note: null },
  ): Promise<ClaimView> {
    const change = { outcome, note: note ?? claim.note }
    const released = { ...claim, ...change, endedAt: at, releasedAt: at }
    await tx.releaseClaim(claim.epoch, { ...change, at })
    await tx.append(claimEvent('claim.released', released, { forced: isForced }), by)
    return released
  }

  private async endExpired(tx: Writes, claims: readonly ClaimView[], at: Micros): Promise<void> {
    if (claims.length === 0) return
    await tx.endClaims(
      claims.map(({ epoch }) => epoch),
      at,
    )
    await tx.appendAll(
      claims.map((claim) => ({ body: claimEvent('claim.expired', { ...claim, endedAt: at }), actor: null })),
    )
  }
}

/** @throws invalid_id */
function claimId(text: string): Uuid {
  const uuid = parseUuid(text)
  if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid claim id')
  return uuid
}
