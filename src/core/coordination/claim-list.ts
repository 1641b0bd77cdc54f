import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { normalName } from '../identity/accounts'
import type { Person } from '../identity/actor'
import type { Claim, ClaimFilter } from '../kernel/coordination-ports'
import type { Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Store } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Log } from '../log/log'
import { isVisibleClaim } from './claim-rights'
import { type ClaimView, viewClaims } from './claim-view'
import { canonicalResource } from './resource'

export interface ClaimListRequest {
  readonly resource: string | null
  readonly prefix: string | null
  /** Slug. */
  readonly channel: string | null
  /** Handle. */
  readonly holder: string | null
  /** Whether to list claims that have ended, too. */
  readonly includesEnded: boolean
  readonly cursor: string | null
  readonly limit: number
}

export interface ClaimPage {
  readonly claims: readonly ClaimView[]
  /** Where the next page begins; null at the end. */
  readonly next: Seq | null
}

export interface ClaimListDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly pace: Pace
  readonly clock: LeaseClock
}

/** Lists the claims that an actor may know of. */
export class ClaimList {
  constructor(private readonly deps: ClaimListDeps) {}

  /**
   * Returns a page of claims, newest first. Examines at most SCAN_LIMIT claims, so a page may be short although there are
   * more.
   * @throws invalid_resource; the access errors of reading the channel; invalid_cursor, cursor_epoch
   */
  async page(actor: Person, request: ClaimListRequest): Promise<ClaimPage> {
    const { store, log, pace } = this.deps
    const filter = await this.filterOf(actor, request)
    if (filter === undefined) return { claims: [], next: null }
    const { head } = log
    const start = request.cursor === null ? head + 1 : await log.position(request.cursor, 'cursor', [])
    let before = Math.min(start, head + 1)
    const found: ClaimView[] = []
    const loop = pace.loop()
    // Ended claims are many, and in no index of their own.
    const reads = request.includesEnded ? store.slow : store.reads
    for (let scanned = 0; scanned < SCAN_LIMIT; ) {
      await loop.turn()
      const rows = await reads.listClaims(filter, { before, limit: TURN_ROWS })
      loop.did(rows.length)
      scanned += rows.length
      for (const claim of await this.visible(actor, rows)) {
        if (found.length === request.limit) return { claims: found, next: before }
        before = claim.epoch
        found.push(claim)
      }
      const last = rows.at(-1)
      if (!last || rows.length < TURN_ROWS) return { claims: found, next: null }
      before = last.epoch
    }
    return { claims: found, next: before }
  }

  /** Returns undefined if nothing can match. */
  private filterOf(actor: Person, request: ClaimListRequest): Promise<ClaimFilter | undefined> {
    const { directory, policy, clock } = this.deps
    const resource = request.resource === null ? null : canonicalResource(request.resource)
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channel = request.channel === null ? null : policy.read(now, normalName(request.channel)).channel
      const holder = request.holder === null ? null : directory.accountByHandle(normalName(request.holder))
      if (holder === undefined) return undefined
      return {
        ...(channel === null ? {} : { channelId: channel.id }),
        ...(holder === null ? {} : { accountId: holder.id }),
        ...(resource === null ? {} : { resource }),
        ...(request.prefix === null ? {} : { prefix: request.prefix }),
        ...(request.includesEnded ? {} : { liveAt: clock.now() }),
      }
    })
  }

  private visible(actor: Person, rows: readonly Claim[]): Promise<ClaimView[]> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channels = directory.requireChannels(new Set(rows.flatMap(({ channelId }) => channelId ?? [])))
      policy.prepare(now, channels)
      const shown = rows.filter((claim) =>
        isVisibleClaim(this.deps, now, claim, channels.find(({ id }) => id === claim.channelId) ?? null),
      )
      return viewClaims(directory, shown)
    })
  }
}
