import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Actor, Person } from '../identity/actor'
import type { SelfService } from '../identity/self-service'
import { refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Uuid } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Reads, Writes } from '../kernel/ports'
import type { DeliveryFilter, DeliveryOutcome, DeliveryWithWebhook } from '../kernel/webhook-ports'
import { ownWebhook } from './webhooks'

export interface DeliveryLogRequest {
  readonly state: DeliveryOutcome | null
  /** Only deliveries with a lower inner id. */
  readonly before: number
  readonly limit: number
}

export interface DeliveryLogPage {
  readonly deliveries: readonly DeliveryWithWebhook[]
  /** Inner id before which the next page begins; null at the end. */
  readonly next: number | null
}

export interface DeliveryLogDeps {
  readonly reads: Reads
  readonly administration: Administration
  readonly selfService: SelfService
  readonly secrets: Pick<Secrets, 'uuid'>
  readonly leaseClock: LeaseClock
  /** Says that there is something to deliver. */
  readonly queued: () => void
}

/** Shows what webhooks were sent, and sends it again. */
export class DeliveryLog {
  constructor(private readonly deps: DeliveryLogDeps) {}

  /** The deliveries of a webhook of the actor, newest first. @throws webhook_not_found */
  async page(actor: Person, id: string, request: DeliveryLogRequest): Promise<DeliveryLogPage> {
    const { reads } = this.deps
    const webhook = await ownWebhook(reads, actor.account.id, id)
    return this.read({ webhookId: webhook.id }, request)
  }

  /** The deliveries of all accounts, or of one. @throws admin_scope_required, not_admin; account_not_found */
  async pageOfAll(
    actor: Actor,
    handle: string | null,
    request: DeliveryLogRequest,
  ): Promise<DeliveryLogPage> {
    const { administration, reads } = this.deps
    administration.check(actor)
    const account = handle === null ? null : await reads.account({ handle })
    if (account === undefined) throw refusal('account_not_found')
    return this.read(account === null ? {} : { accountId: account.id }, request)
  }

  /** Queues a test. Returns the id of the delivery. @throws webhook_not_found, webhook_url_required, draining */
  async test(actor: Person, id: string): Promise<Uuid> {
    const { selfService, secrets, leaseClock, queued } = this.deps
    const uuid = await selfService.act(actor, async (tx, now) => {
      const webhook = await ownWebhook(tx, now.account.id, id)
      if (webhook.url === null) throw refusal('webhook_url_required')
      const uuid = secrets.uuid()
      const due = { seq: null, firstSeq: null, nextAt: leaseClock.now(), createdAt: tx.now() }
      await tx.insertDeliveries([{ uuid, webhookId: webhook.id, event: 'webhook.test', ...due }])
      return uuid
    })
    queued()
    return uuid
  }

  /** Sends a delivery of the actor again. @throws delivery_not_found, delivery_pending, draining */
  async redeliver(actor: Person, id: string): Promise<Uuid> {
    const uuid = await this.deps.selfService.act(actor, (tx, now) =>
      this.requeue(tx, now, id, now.account.id),
    )
    this.deps.queued()
    return uuid
  }

  /** The same for a delivery of any account. @throws admin_scope_required, not_admin; as `redeliver` */
  async redeliverAny(actor: Actor, id: string): Promise<Uuid> {
    const uuid = await this.deps.administration.act(actor, (tx) => this.requeue(tx, actor, id, null))
    this.deps.queued()
    return uuid
  }

  private async read(filter: DeliveryFilter, request: DeliveryLogRequest): Promise<DeliveryLogPage> {
    const { state, before, limit } = request
    const page = { before, limit: limit + 1 }
    const found = await this.deps.reads.deliveries({ ...filter, ...(state && { state }) }, page)
    const deliveries = found.slice(0, limit)
    return { deliveries, next: found.length > limit ? (deliveries.at(-1)?.delivery.id ?? null) : null }
  }

  /** Queues a delivery that has ended again, under the same id. `ownerId`: null = of any account. */
  private async requeue(tx: Writes, actor: Actor, id: string, ownerId: number | null): Promise<Uuid> {
    const uuid = parseUuid(id)
    const found = uuid && (await tx.delivery(uuid))
    if (!found || (ownerId !== null && found.webhook.accountId !== ownerId))
      throw refusal('delivery_not_found')
    const { delivery, webhook } = found
    if (delivery.state === 'pending') throw refusal('delivery_pending')
    await tx.updateDelivery(delivery.id, {
      state: 'pending',
      tries: 0,
      nextAt: this.deps.leaseClock.now(),
      isTaken: false,
      endedAt: null,
    })
    const facts = { webhook: webhook.uuid ?? 'push' }
    await tx.audit(entryBy(actor, 'webhook.redeliver', { type: 'webhook', id: delivery.uuid }, facts))
    return delivery.uuid
  }
}
