import type { Directory } from '../access/directory'
import type { Secrets, Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store } from '../kernel/ports'
import type { NewDelivery, Webhook } from '../kernel/webhook-ports'
import type { Audience } from '../log/audience'
import { channelOf, type LogEvent, toRecord } from '../log/events'
import { matchesType } from '../log/feed'
import type { Log } from '../log/log'
import { readerOf } from './reader'

/** Events that one turn examines. */
const PAGE = 100
/** Pending deliveries of one webhook. Beyond that it waits where it is in the log. */
const MAX_PENDING = 100
/** Events that are not sent, after which the position is stored all the same. */
const UNSTORED_EVENTS = 1000

export interface EventFeedDeps {
  readonly store: Pick<Store, 'reads' | 'transact'>
  readonly directory: Directory
  readonly audience: Audience
  readonly log: Pick<Log, 'head'>
  readonly secrets: Pick<Secrets, 'uuid'>
  readonly leaseClock: LeaseClock
}

/** Reads events after a position, and says up to where it has read. */
export type ReadLog = (
  after: Seq,
  limit: number,
) => Promise<{ readonly events: readonly LogEvent[]; readonly position: Seq }>

/** A webhook for events, and how far this process has examined the log for it. */
interface Follower {
  webhook: Webhook
  position: Seq
}

/**
 * Queues what webhooks for events are sent. Each of them is a position in the log, which moves on while not too many of its
 * deliveries wait.
 */
export class EventFeed {
  private followers: Follower[] = []
  /** Whether the webhooks must be read anew. */
  private isStale = true
  /** Followers that wait for their deliveries, by id. */
  private readonly full = new Set<number>()

  constructor(private readonly deps: EventFeedDeps) {}

  /** Applies committed events. */
  applyAll(events: readonly LogEvent[]): void {
    for (const { type } of events)
      if (type === 'account.webhook_changed' || type === 'account.webhook_disabled') this.isStale = true
  }

  /** Forgets what this process knows, because another one moves the positions. */
  forget(): void {
    this.isStale = true
  }

  get hasWork(): boolean {
    const { head } = this.deps.log
    return (
      this.isStale ||
      this.followers.some(({ webhook, position }) => position < head && !this.full.has(webhook.id))
    )
  }

  /** Examines the log for all webhooks. Returns whether deliveries were queued. */
  async run(signal: AbortSignal, readLog: ReadLog): Promise<boolean> {
    let hasQueued = false
    this.full.clear()
    while (this.hasWork && !signal.aborted) {
      if (this.isStale) await this.load()
      // Those at the same position share what is read.
      const behind = this.followers.filter(
        ({ webhook, position }) => position < this.deps.log.head && !this.full.has(webhook.id),
      )
      for (const [position, group] of Map.groupBy(behind, (one) => one.position))
        hasQueued = (await this.advance(position, group, readLog)) || hasQueued
    }
    return hasQueued
  }

  private async load(): Promise<void> {
    this.isStale = false
    this.full.clear()
    const webhooks = await this.deps.store.reads.eventWebhooks()
    this.followers = webhooks.map((webhook) => ({ webhook, position: webhook.position }))
  }

  private async advance(from: Seq, group: readonly Follower[], readLog: ReadLog): Promise<boolean> {
    const { store } = this.deps
    const counts = await store.reads.webhookCounts(group.map(({ webhook }) => webhook.id))
    const open = group.filter(({ webhook }) => {
      const isFull = (counts.get(webhook.id)?.pending ?? 0) >= MAX_PENDING
      if (isFull) this.full.add(webhook.id)
      return !isFull
    })
    if (open.length === 0) return false
    const { events, position: to } = await readLog(from, PAGE)
    const wanted = await Promise.all(
      open.map(async (one) => ({ one, events: await this.wantedBy(one.webhook, events) })),
    )
    const moved = wanted.filter(
      ({ one, events }) => events.length > 0 || to - one.webhook.position >= UNSTORED_EVENTS,
    )
    if (moved.length > 0)
      await store.transact(async (tx) => {
        const at = tx.now()
        for (const { one, events } of moved) {
          await tx.updateWebhook(one.webhook.id, { position: to })
          await tx.insertDeliveries(
            events.map(({ seq, type }): NewDelivery => {
              const uuid = this.deps.secrets.uuid()
              return {
                uuid,
                webhookId: one.webhook.id,
                event: type,
                seq,
                firstSeq: null,
                nextAt: this.deps.leaseClock.now(),
                createdAt: at,
              }
            }),
          )
        }
      })
    for (const { one } of moved) one.webhook = { ...one.webhook, position: to }
    for (const one of open) one.position = to
    return wanted.some(({ events }) => events.length > 0)
  }

  /** Returns the events that a webhook asks for, by current rights. Never what its own account caused. */
  private async wantedBy(webhook: Webhook, events: readonly LogEvent[]): Promise<LogEvent[]> {
    const { directory, audience } = this.deps
    const { accountId, types, channels } = webhook
    const asked = events.filter((event) => {
      if (event.actor?.id === accountId || event.seq <= webhook.sinceSeq) return false
      if (types !== null && !types.some((type) => matchesType(type, event.type))) return false
      if (channels === null) return true
      const channel = channelOf(event)
      return channel !== undefined && channels.includes(channel.id)
    })
    if (asked.length === 0) return []
    return directory.retryUntilLoaded(() => {
      const account = directory.account(accountId)
      if (account.archivedAt !== null) return []
      const reader = readerOf(webhook, account)
      return asked.filter((event) => audience.includes(reader, toRecord(event)))
    })
  }
}
