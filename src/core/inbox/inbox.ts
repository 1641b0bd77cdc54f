/**
 * What notified an account, in the order of the log (docs/contract/inbox.md). reasons.ts and notified.ts say whom a
 * message notifies, items.ts reads items, consumers.ts keeps named positions, acks.ts acknowledges.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import { isObserver, requireObserver } from '../access/observers'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Account, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { InboxRow } from '../kernel/inbox-ports'
import type { Store } from '../kernel/ports'
import type { Clock, Micros } from '../kernel/time'
import type { Log } from '../log/log'
import type { RecentEvents } from '../log/recent-events'
import type { LongPolls } from '../log/streams'
import type { MessageScan } from '../messages/scan'
import type { Consumers } from './consumers'
import { DELIVERY_STATES, type DeliveryState, type InboxItems, isOpen } from './items'
import type { Reasons } from './reasons'
import type { Receipts } from './receipts'

/** An item as its reader sees it. */
export interface InboxItem {
  readonly seq: Seq
  readonly reasons: Reasons
  /** The type of the event that notified the account. */
  readonly event: string
  readonly message: MessageView
  readonly state: DeliveryState
  readonly stateAt: Micros
}

/** Something that the owner of an inbox should know. */
export interface Notice {
  readonly code: 'purged' | 'webhook_disabled'
  readonly detail: string
  readonly at: Micros
}

export interface InboxRequest {
  /** Handle of the owner, for observers; null = the reader's own. */
  readonly account: string | null
  /** Cursor; null = where the consumer is. */
  readonly since: string | null
  /** Cursor: only older items. */
  readonly before: string | null
  readonly consumer: string
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** Only items with one of these reasons; null = all. */
  readonly reasons: Reasons | null
  /** Only items that are neither acknowledged nor failed. */
  readonly unacked: boolean
  /** Leaves the items as they are: what is read does not count as seen. */
  readonly isPeek: boolean
  /** How long an empty answer is held, in milliseconds. */
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

export interface InboxPage {
  readonly items: readonly InboxItem[]
  /** What to acknowledge after this page. */
  readonly end: Seq
  /** Where the consumer is. */
  readonly position: Seq
  /** Open items after the position, at most MAX_PENDING. */
  readonly pending: number
  readonly hasMore: boolean
  readonly timedOut: boolean
  readonly notices: readonly Notice[]
}

export interface InboxDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly recent: RecentEvents
  readonly longPolls: LongPolls
  readonly scan: MessageScan
  readonly items: InboxItems
  readonly consumers: Consumers
  readonly receipts: Pick<Receipts, 'seenItems'>
  /** Further notices for an account. */
  readonly noticesFor: (accountId: number) => Promise<Notice[]>
  readonly clock: Clock
}

/** Reads inboxes. */
export class Inbox {
  constructor(private readonly deps: InboxDeps) {}

  /**
   * Returns a page of items. With `waitMs`, a page that would be empty is held until the account is notified. Reading
   * moves no position.
   * @throws missing_scope, account_not_found for the inbox of another account; quota_exceeded for too many consumers;
   *   invalid_cursor, cursor_expired, cursor_epoch
   */
  async page(actor: Person, request: InboxRequest): Promise<InboxPage> {
    const { directory, policy, log, longPolls, clock } = this.deps
    const deadline = clock.steady() + request.waitMs
    const owner = await directory.retryUntilLoaded(() => this.ownerOf(policy.current(actor), request.account))
    const isOwn = owner.id === actor.account.id
    const { position, notices } = await this.position(actor, owner, request)
    let since: Seq | undefined
    for (;;) {
      const { head } = log
      since ??= await this.start(actor, request, position, isOwn)
      const page = await this.read(actor, owner, request, since, head)
      const left = deadline - clock.steady()
      const isDue = page.items.length > 0 || page.hasMore || request.waitMs === 0
      if (request.order === 'asc') since = page.end
      const isWoken =
        !isDue &&
        left > 0 &&
        (await longPolls.next({
          accountId: actor.account.id,
          channelIds: [],
          inboxOf: owner.id,
          after: head,
          milliseconds: left,
          signal: request.signal,
        }))
      if (isWoken) continue
      const pending = await this.pending(actor, owner, position)
      return { ...page, position, notices, pending, timedOut: !isDue }
    }
  }

  /** Counts the open items of the actor's own inbox after a position, to MAX_PENDING. */
  async pendingOf(actor: Person, position: Seq): Promise<number> {
    return this.pending(actor, actor.account, position)
  }

  /** Returns whose inbox it is. @throws missing_scope, account_not_found */
  private ownerOf(actor: Person, handle: string | null): Account {
    const { directory } = this.deps
    const own = directory.account(actor.account.id)
    if (handle === null || handle === own.handle) return own
    requireObserver(actor)
    const owner = directory.accountByHandle(handle)
    if (!owner) throw refusal('account_not_found')
    return owner
  }

  /** Returns where the consumer is. Creates it when it is named for the first time. */
  private async position(actor: Person, owner: Account, request: InboxRequest) {
    const { store, consumers, directory, policy, log, clock, noticesFor } = this.deps
    if (owner.id !== actor.account.id) return { position: await store.reads.inboxFrom(), notices: [] }
    const others = await noticesFor(owner.id)
    const { position } = await consumers.use(owner.id, request.consumer)
    const channels = await directory.retryUntilLoaded(() => policy.readable(policy.current(actor)))
    const floor = channels.length === 0 ? 0 : Math.min(...channels.map(({ floorSeq }) => floorSeq))
    if (position >= floor) return { position, notices: others }
    const detail = `Items before ${log.cursor(floor)} were purged with their messages`
    const purged: Notice = { code: 'purged', detail, at: clock.now() }
    return { position: floor, notices: [purged, ...others] }
  }

  /** Returns the position after which the page begins. */
  private async start(
    actor: Person,
    { since, order }: InboxRequest,
    position: Seq,
    isOwn: boolean,
  ): Promise<Seq> {
    const { store, directory, policy, log } = this.deps
    const from = await store.reads.inboxFrom()
    if (since === null) return order === 'desc' || !isOwn ? from : Math.max(position, from)
    const channels = await directory.retryUntilLoaded(() => policy.readable(policy.current(actor)))
    return Math.max(from, await log.position(since, 'since', channels))
  }

  private async read(actor: Person, owner: Account, request: InboxRequest, since: Seq, head: Seq) {
    const { store, items, log } = this.deps
    const { order, limit, reasons, unacked, isPeek } = request
    const end = request.before === null ? head + 1 : await log.position(request.before, 'before', [])
    const range = { after: since, before: Math.min(end, head + 1), order }
    const of = { ownerId: owner.id, reader: actor, mark: await store.reads.inboxMark(owner.id) }
    const passes = (item: InboxRow) =>
      (reasons === null || (item.reasons & reasons) !== 0) && (!unacked || isOpen(item))
    const found = await items.collect(store.reads, of, range, limit + 1, passes)
    const page = found.items.slice(0, limit)
    const isFull = found.items.length > limit
    const isCut = order === 'asc' ? found.read.before < range.before : found.read.after > range.after
    const last = page.at(-1)?.seq
    if (owner.id === actor.account.id && !isObserver(actor) && !isPeek)
      this.deps.receipts.seenItems(owner.id, page)
    const stop = order === 'asc' ? found.read.before - 1 : head
    return {
      items: await this.view(actor, page),
      end: isFull && order === 'asc' && last !== undefined ? last : stop,
      hasMore: isFull || isCut,
    }
  }

  private async view(actor: Person, rows: readonly InboxRow[]): Promise<InboxItem[]> {
    if (rows.length === 0) return []
    const { store, scan, recent } = this.deps
    const { mark } = recent
    const seqs = [...new Set(rows.map(({ messageSeq }) => messageSeq))]
    const messages = await store.reads.messagesBySeq(seqs, {})
    const views = new Map(
      (await scan.view(actor, messages, null, mark)).map((view) => [view.message.seq, view]),
    )
    const later = rows.filter(({ seq, messageSeq }) => seq !== messageSeq).map(({ seq }) => seq)
    const types = later.length === 0 ? undefined : await store.reads.eventTypes(later)
    return rows.flatMap(({ seq, messageSeq, reasons, state, stateAt }) => {
      const message = views.get(messageSeq)
      if (!message) return []
      return {
        seq,
        reasons,
        event: types?.get(seq) ?? 'message.created',
        message,
        state: DELIVERY_STATES[state] ?? 'queued',
        stateAt: stateAt ?? message.message.createdAt,
      }
    })
  }

  /** Counts the open items after a position. */
  private async pending(actor: Person, owner: Account, position: Seq): Promise<number> {
    const { store, items, log } = this.deps
    const mark = await store.reads.inboxMark(owner.id)
    return items.countOpen(store.reads, { ownerId: owner.id, reader: actor, mark }, position, log.head)
  }
}
