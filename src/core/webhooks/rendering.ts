import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { LivePauses } from '../coordination/live-pauses'
import type { Person } from '../identity/actor'
import { impliedItems } from '../inbox/items'
import { reasonsByMembership, reasonsFor } from '../inbox/notified'
import type { Reasons } from '../inbox/reasons'
import type { Account } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { InboxRow } from '../kernel/inbox-ports'
import type { Reads } from '../kernel/ports'
import type { DeliveryWithWebhook, Webhook } from '../kernel/webhook-ports'
import type { Audience } from '../log/audience'
import { type EventRecord, type LogEvent, notifiedFacts, notifiedIn, toRecord } from '../log/events'
import type { Log } from '../log/log'
import { viewMessages } from '../messages/views'
import type { PendingItem, WebhookWire } from './ports'
import { readerOf } from './reader'
import { WakeLookups } from './wake-lookups'

/** Items that a hint lists, and items that it counts. */
const MAX_LISTED = 50
const MAX_COUNTED = 1000
/** No channel has this id: only a pause in all channels holds here. */
const NO_CHANNEL = 0

export interface RenderingDeps {
  readonly reads: Reads
  readonly directory: Directory
  readonly policy: Policy
  readonly audience: Audience
  readonly log: Pick<Log, 'cursor'>
  readonly hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>
  readonly wire: WebhookWire
  readonly pauses: Pick<LivePauses, 'isPaused'>
}

/** Reads an event as it is now; undefined if it is gone. */
export type EventsOf = (seq: Seq) => Promise<LogEvent | undefined>

/** Why nothing is sent now: the account is paused everywhere, or where the message is; or it may not read it any more. */
export type Withheld = 'paused' | 'paused_here' | 'gone'

/** What an attempt sends. */
export interface Rendered {
  readonly body: string
  /** The messages of which it notifies the account. */
  readonly messages: readonly Seq[]
}

/**
 * Renders what a webhook is sent, at each attempt: as it reads now, and by the rights that the account has now.
 */
export class Rendering {
  constructor(private readonly deps: RenderingDeps) {}

  /**
   * Returns how to read the events of these deliveries: all at once, when the first one is rendered. Several webhooks are often
   * sent the same event.
   */
  eventsOf(deliveries: readonly DeliveryWithWebhook[]): EventsOf {
    let read: Promise<ReadonlyMap<Seq, LogEvent>> | undefined
    return async (seq) => {
      read ??= this.readEvents(deliveries)
      return (await read).get(seq)
    }
  }

  async render({ delivery, webhook }: DeliveryWithWebhook, events: EventsOf): Promise<Rendered | Withheld> {
    const { directory, wire } = this.deps
    const account = await directory.retryUntilLoaded(() => directory.account(webhook.accountId))
    if (account.archivedAt !== null) return 'gone'
    if (this.deps.pauses.isPaused(account, NO_CHANNEL)) return 'paused'
    const { seq, firstSeq, createdAt } = delivery
    if (seq === null) return { body: wire.test(account.handle, createdAt), messages: [] }
    if (firstSeq !== null) return this.batch(webhook, account, firstSeq, seq)
    const event = await events(seq)
    if (!event) return 'gone'
    return webhook.source === 'events'
      ? this.event(webhook, account, event)
      : this.item(webhook, account, event)
  }

  private async readEvents(deliveries: readonly DeliveryWithWebhook[]): Promise<ReadonlyMap<Seq, LogEvent>> {
    const { reads, hydrate } = this.deps
    const seqs = deliveries.flatMap(({ delivery: { seq, firstSeq } }) =>
      seq === null || firstSeq !== null ? [] : seq,
    )
    const found = await hydrate(await reads.eventsAt([...new Set(seqs)]))
    return new Map(found.map((event) => [event.seq, event]))
  }

  private async event(webhook: Webhook, account: Account, event: LogEvent): Promise<Rendered | Withheld> {
    const { directory, audience, wire } = this.deps
    const record = toRecord(event)
    const isSeen = await directory.retryUntilLoaded(() =>
      audience.includes(readerOf(webhook, directory.account(account.id)), record),
    )
    return isSeen ? { body: wire.event(event, account.handle, null), messages: [] } : 'gone'
  }

  private async item(webhook: Webhook, account: Account, event: LogEvent): Promise<Rendered | Withheld> {
    const { directory, wire } = this.deps
    if (event.about !== 'message' || event.message.message.deletedAt !== null) return 'gone'
    const { channel, message: view, facts, seq, actor } = event
    const reasons = await directory.retryUntilLoaded(() => {
      const reader = readerOf(webhook, directory.account(account.id))
      if (!this.mayRead(reader, channel.id, view.message.seq)) return 0
      const member = directory.member(account.id, channel.id)
      return reasonsFor(account, notifiedIn(facts), { seq, actorId: actor?.id ?? null }, member)
    })
    if (reasons === 0) return 'gone'
    if (this.deps.pauses.isPaused(account, channel.id)) return 'paused_here'
    return { body: wire.event(event, account.handle, reasons), messages: [view.message.seq] }
  }

  private async batch(
    webhook: Webhook,
    account: Account,
    firstSeq: Seq,
    lastSeq: Seq,
  ): Promise<Rendered | Withheld> {
    const { reads, directory, log, wire } = this.deps
    const range = { after: firstSeq - 1, before: lastSeq + 1, order: 'asc', limit: MAX_COUNTED } as const
    const stored = await reads.inboxRows(account.id, range)
    const known = new Set(stored.map(({ seq }) => seq))
    const lists = [await reads.broadcasts(range), await reads.openRequests(range)] as const
    const implied = impliedItems(...lists, account.id).filter(({ seq }) => !known.has(seq))
    const fromMembership = new Set(implied)
    const rows = [...stored, ...implied].sort((one, other) => one.seq - other.seq).slice(0, MAX_COUNTED)
    const messages = await reads.messagesBySeq([...new Set(rows.map(({ messageSeq }) => messageSeq))], {})
    const lookups = new WakeLookups(reads, directory)
    const items: (PendingItem & { readonly seq: Seq; readonly message: Seq })[] = []
    await directory.retryUntilLoaded(async () => {
      items.length = 0
      const reader = readerOf(webhook, directory.account(account.id))
      const views = new Map(viewMessages(directory, messages).map((view) => [view.message.seq, view]))
      for (const row of rows) {
        const view = views.get(row.messageSeq)
        if (!view || !this.mayRead(reader, row.channelId, row.messageSeq)) continue
        const reasons = fromMembership.has(row) ? this.impliedReasons(account, row) : row.reasons
        if (reasons === 0) continue
        const { message, channel, sender } = view
        const facts = notifiedFacts([{ accountId: account.id, reasons }], null) ?? {}
        const of = { message: view, channel, facts, actor: null, seq: row.seq }
        if (!(await lookups.wakes(webhook, of))) continue
        const { seq } = row
        const sent = { senderHandle: sender.handle, senderKind: sender.kind }
        items.push({ id: message.uuid, reasons, channel: channel.slug, ...sent, seq, message: message.seq })
      }
    })
    const last = items.at(-1)
    if (!last) return 'gone'
    if (rows.some(({ channelId }) => this.deps.pauses.isPaused(account, channelId))) return 'paused_here'
    const body = wire.pending({
      recipient: account.handle,
      count: items.length,
      cursor: log.cursor(last.seq),
      items: items.slice(0, MAX_LISTED),
    })
    return { body, messages: items.map(({ message }) => message) }
  }

  /** Returns for what an account is meant by its membership; other items are stored for it. */
  private impliedReasons(account: Account, item: InboxRow): Reasons {
    const member = this.deps.directory.member(account.id, item.channelId)
    return reasonsByMembership(item, item.seq, account, member)
  }

  private mayRead(reader: Person, channelId: number, message: Seq): boolean {
    const { directory, policy } = this.deps
    const channel = directory.channel(channelId)
    return policy.mayRead(reader, channel) && message > policy.hiddenUpTo(reader, channel)
  }
}
