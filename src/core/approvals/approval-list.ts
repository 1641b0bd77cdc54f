import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { normalName } from '../identity/accounts'
import type { Person } from '../identity/actor'
import type { ApprovalFilter, ApprovalRow, ApprovalState } from '../kernel/approval-ports'
import type { Message } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Store } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Log } from '../log/log'
import { ApprovalRights } from './approval-rights'
import { type ApprovalView, viewApproval } from './approval-view'

export interface ApprovalListRequest {
  /** Slug. */
  readonly channel: string | null
  readonly state: ApprovalState | null
  /** Those that the actor asked for, or those that are pending and that its account may decide. */
  readonly mine: 'requested' | 'decidable' | null
  readonly cursor: string | null
  readonly limit: number
}

export interface ApprovalPage {
  readonly approvals: readonly ApprovalView[]
  /** Where the next page begins; null at the end. */
  readonly next: Seq | null
}

export interface ApprovalListDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly pace: Pace
  readonly leaseClock: LeaseClock
}

/** Lists the approvals that an actor may read. Deleted ones are left out. */
export class ApprovalList {
  private readonly rights: ApprovalRights

  constructor(private readonly deps: ApprovalListDeps) {
    this.rights = new ApprovalRights(deps)
  }

  /**
   * Returns a page of approvals, newest first. Examines at most SCAN_LIMIT approvals, so a page may be short although there
   * are more.
   * @throws the access errors of reading the channel; invalid_cursor, cursor_epoch
   */
  async page(actor: Person, request: ApprovalListRequest): Promise<ApprovalPage> {
    const { store, log, pace } = this.deps
    const filter = await this.filterOf(actor, request)
    if (filter === undefined) return { approvals: [], next: null }
    const { head } = log
    const start = request.cursor === null ? head + 1 : await log.position(request.cursor, 'cursor', [])
    let before = Math.min(start, head + 1)
    const found: ApprovalView[] = []
    const loop = pace.loop()
    // Those that have ended are many.
    const reads = filter.state === 'pending' ? store.reads : store.slow
    for (let scanned = 0; scanned < SCAN_LIMIT; ) {
      await loop.turn()
      const rows = await reads.listApprovals(filter, { before, limit: TURN_ROWS })
      const messages = await reads.messagesBySeq(
        rows.map(({ seq }) => seq),
        {},
      )
      loop.did(rows.length)
      scanned += rows.length
      for (const view of await this.visible(actor, request, filter, rows, messages)) {
        if (found.length === request.limit) return { approvals: found, next: before }
        before = view.message.message.seq
        found.push(view)
      }
      const last = rows.at(-1)
      if (!last || rows.length < TURN_ROWS) return { approvals: found, next: null }
      before = last.seq
    }
    return { approvals: found, next: before }
  }

  /** Returns undefined if nothing can match. */
  private filterOf(actor: Person, { channel, state, mine }: ApprovalListRequest) {
    const { directory, policy, leaseClock } = this.deps
    return directory.retryUntilLoaded((): ApprovalFilter | undefined => {
      const now = policy.current(actor)
      const within = channel === null ? null : policy.read(now, normalName(channel)).channel
      const wanted = state ?? (mine === 'decidable' ? 'pending' : null)
      if (mine === 'decidable' && (wanted !== 'pending' || now.account.kind !== 'human')) return undefined
      return {
        at: leaseClock.now(),
        ...(within === null ? {} : { channelId: within.id }),
        ...(wanted === null ? {} : { state: wanted }),
        ...(mine === 'requested' ? { accountId: now.account.id } : {}),
      }
    })
  }

  private visible(
    actor: Person,
    { mine }: ApprovalListRequest,
    { at }: ApprovalFilter,
    rows: readonly ApprovalRow[],
    messages: readonly Message[],
  ): Promise<ApprovalView[]> {
    const { directory, policy } = this.deps
    const bySeq = new Map(messages.map((message) => [message.seq, message]))
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const found = directory.requireChannels(new Set(rows.map(({ channelId }) => channelId)))
      policy.prepare(now, found)
      const channels = new Map(found.map((channel) => [channel.id, channel]))
      return rows.flatMap((row) => {
        const channel = channels.get(row.channelId)
        const message = bySeq.get(row.seq)
        if (!channel || !message || !this.rights.maySee(now, channel, row)) return []
        if (mine === 'decidable' && !this.rights.isApprover(now, { message, channel })) return []
        return viewApproval(directory, row, message, at)
      })
    })
  }
}
