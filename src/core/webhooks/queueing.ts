import type { Directory } from '../access/directory'
import type { Projection } from '../kernel/followers'
import type { Secrets } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Reads, Writes } from '../kernel/ports'
import { later, MICROS_PER_SECOND, toMicros } from '../kernel/time'
import type { NewDelivery, Webhook } from '../kernel/webhook-ports'
import {
  type EventRecord,
  type LogEvent,
  type MessageEvent,
  notifiedIn,
  notifiesMembers,
} from '../log/events'
import { WakeLookups } from './wake-lookups'
import { isUrgent } from './wakes'

/** The types after which an account may have another webhook for its inbox. */
const CHANGES = new Set(['account.push_changed', 'account.webhook_changed'])

export interface QueueingDeps {
  readonly reads: Pick<Reads, 'wakeableAccounts'>
  readonly directory: Directory
  readonly secrets: Pick<Secrets, 'uuid'>
  readonly leaseClock: LeaseClock
  /** Says that there is something to deliver. */
  readonly queued: () => void
}

/** A webhook that an event wakes. */
interface Wake {
  readonly webhook: Webhook
  readonly event: MessageEvent
}

/**
 * Queues the calls of webhooks that notifications cause. It follows the log after the commit, so a post pays nothing, and
 * its position is stored, so a crash loses nothing. Only events that may notify an account with a webhook concern it.
 */
export class Queueing implements Projection {
  readonly name = 'webhooks'
  /** Posts seldom wait for its commits, and a wake is not late. */
  readonly restMs = 50
  /** Accounts that may have an enabled webhook for their inbox. The store says whether they do. */
  private accounts = new Set<number>()

  constructor(private readonly deps: QueueingDeps) {}

  async begin(): Promise<void> {
    // Those that are added meanwhile stay.
    for (const id of (await this.deps.reads.wakeableAccounts()).keys()) this.accounts.add(id)
  }

  mayConcern({ type, subject, facts }: EventRecord): boolean {
    if (CHANGES.has(type)) this.accounts.add(subject)
    if (this.accounts.size === 0) return false
    const { notified } = notifiedIn(facts)
    return notifiesMembers(facts) || (notified?.some(([id]) => this.accounts.has(id)) ?? false)
  }

  async apply(tx: Writes, events: readonly LogEvent[]): Promise<void> {
    // It may run again after it has loaded something, which it does before the first write.
    const wakes = await this.deps.directory.retryUntilLoaded(async () => {
      const lookups = new WakeLookups(tx, this.deps.directory)
      const found: Wake[] = []
      for (const event of events)
        if (event.about === 'message') found.push(...(await this.wakesBy(tx, event, lookups)))
      return found
    })
    const single = wakes.filter(({ webhook }) => webhook.mode === 'message')
    if (single.length > 0) await tx.insertDeliveries(single.map((wake) => this.deliveryOf(tx, wake)))
    for (const wake of wakes) if (wake.webhook.mode === 'inbox') await this.addToBatch(tx, wake)
  }

  applied(): void {
    this.deps.queued()
  }

  private async wakesBy(tx: Reads, event: MessageEvent, lookups: WakeLookups): Promise<Wake[]> {
    const ids = this.notifiedBy(event)
    if (ids.length === 0) return []
    const known = await tx.webhooksOf(ids)
    const all = known.filter(({ enabled, source }) => enabled && source === 'inbox')
    for (const id of ids) if (!all.some(({ accountId }) => accountId === id)) this.accounts.delete(id)
    if (all.length === 0) return []
    await lookups.prepare(event.channel.id, ids, known)
    const found: Wake[] = []
    for (const webhook of all) {
      const isLater = webhook.url !== null && webhook.sinceSeq < event.seq
      if (isLater && (await lookups.wakes(webhook, event))) found.push({ webhook, event })
    }
    return found
  }

  /** Returns the accounts with a webhook that the event may notify. */
  private notifiedBy(event: MessageEvent): number[] {
    const { notified = [] } = notifiedIn(event.facts)
    const named = notified.flatMap(([id]) => (this.accounts.has(id) ? id : []))
    if (!notifiesMembers(event.facts)) return named
    const members = this.deps.directory.membersOf(event.channel.id)
    const meant = [...this.accounts].filter((id) => members.get(id) !== undefined)
    return [...new Set([...named, ...meant])].filter((id) => id !== event.actor?.id)
  }

  private deliveryOf(tx: Writes, { webhook, event }: Wake): NewDelivery {
    const { seq, type } = event
    const { secrets, leaseClock } = this.deps
    const queued = { seq, firstSeq: null, nextAt: leaseClock.now(), createdAt: tx.now() }
    return { uuid: secrets.uuid(), webhookId: webhook.id, event: type, ...queued }
  }

  /** Adds the event to the open batch of the webhook, or begins one. */
  private async addToBatch(tx: Writes, wake: Wake): Promise<void> {
    const { webhook, event } = wake
    const { seq } = event
    const { message, sender } = event.message
    const first = this.deliveryOf(tx, wake)
    const due = isUrgent(message.priority, sender.kind)
      ? first.nextAt
      : later(first.nextAt, webhook.batchSeconds * MICROS_PER_SECOND)
    const open = await tx.openBatch(webhook.id)
    if (!open) await tx.insertDeliveries([{ ...first, event: 'inbox.pending', firstSeq: seq, nextAt: due }])
    else if ((open.seq ?? 0) < seq)
      await tx.updateDelivery(open.id, { seq, nextAt: toMicros(Math.min(due, open.nextAt)) })
  }
}
