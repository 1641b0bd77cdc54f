import type { WakeReason } from './entities'
import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns webhooks. */

/** What is sent to a webhook: the items of the inbox of its account, or the events that the account sees. */
export type WebhookSource = 'inbox' | 'events'
/** Of `inbox`: each message by itself, or a hint that there are some. */
export type WebhookMode = 'message' | 'inbox'
export type DisabledReason = 'failing' | 'gone'
export type DeliveryOutcome = 'pending' | 'delivered' | 'dead'

/** An address that an account wants to have called. */
export interface Webhook {
  readonly id: number
  /** Null for the push endpoint, of which an account has one. */
  readonly uuid: Uuid | null
  readonly accountId: number
  readonly name: string
  /** Null for a push endpoint that was disabled. */
  readonly url: string | null
  readonly source: WebhookSource
  /** Null = those of the push endpoint. */
  readonly reasons: readonly WakeReason[] | null
  /** Types of events, or prefixes; null = all. */
  readonly types: readonly string[] | null
  /** Inner ids; null = every channel that the account may read. */
  readonly channels: readonly number[] | null
  readonly mode: WebhookMode
  readonly batchSeconds: number
  readonly enabled: boolean
  /** Why the server has disabled it, and when. */
  readonly disabledReason: DisabledReason | null
  readonly disabledAt: Micros | null
  readonly secretSealed: string | null
  readonly formerSecretSealed: string | null
  readonly formerUntil: Micros | null
  /** An admin has set this URL, so it may lead to a private address. */
  readonly vouched: boolean
  /** Scopes of the token that set it last, which limit what it is sent; null = not limited. */
  readonly scopes: readonly string[] | null
  /** Seq after which events count. */
  readonly sinceSeq: Seq
  /** Of `events`: seq of the last event that was examined. */
  readonly position: Seq
  /** Dead deliveries since the last success. */
  readonly deadInARow: number
  readonly lastSuccessAt: Micros | null
  readonly failingSince: Micros | null
  /** Null for one that was imported. */
  readonly createdAt: Micros | null
}

export type NewWebhook = Omit<
  Webhook,
  | 'id'
  | 'disabledReason'
  | 'disabledAt'
  | 'formerSecretSealed'
  | 'formerUntil'
  | 'deadInARow'
  | 'lastSuccessAt'
  | 'failingSince'
>
export type WebhookChange = Partial<Omit<Webhook, 'id' | 'uuid' | 'accountId' | 'createdAt'>>

/** One attempt to deliver. `error` and `answer` are null if it succeeded. */
export interface DeliveryAttempt {
  readonly at: Micros
  /** Null if there was no answer. */
  readonly status: number | null
  readonly ms: number
  readonly error: string | null
  /** The beginning of the answer. */
  readonly answer: string | null
}

/** A call of a webhook that is made, or still to be made. */
export interface WebhookDelivery {
  readonly id: number
  readonly uuid: Uuid
  readonly webhookId: number
  /** Type of the event. */
  readonly event: string
  /** Seq of the event; of a batch, of its last item. Null for a test. */
  readonly seq: Seq | null
  /** Of a batch: seq of its first item. */
  readonly firstSeq: Seq | null
  readonly state: DeliveryOutcome
  readonly attempts: readonly DeliveryAttempt[]
  /** Attempts since it was last queued. */
  readonly tries: number
  /** When it is due. While it is attempted: when another process may take it. */
  readonly nextAt: Micros
  readonly isTaken: boolean
  readonly createdAt: Micros
  readonly endedAt: Micros | null
}

export type NewDelivery = Pick<
  WebhookDelivery,
  'uuid' | 'webhookId' | 'event' | 'seq' | 'firstSeq' | 'nextAt' | 'createdAt'
>
export type DeliveryChange = Partial<
  Pick<WebhookDelivery, 'seq' | 'state' | 'attempts' | 'tries' | 'nextAt' | 'isTaken' | 'endedAt'>
>

export interface DeliveryWithWebhook {
  readonly delivery: WebhookDelivery
  readonly webhook: Webhook
}

export interface DeliveryFilter {
  readonly webhookId?: number
  readonly accountId?: number
  readonly state?: DeliveryOutcome
}

/** How the webhooks of an account fare. */
export type WebhookState = 'ok' | 'failing'

export interface WebhookReads {
  webhook(by: { id: number } | { uuid: Uuid } | { pushOf: number }): Promise<Webhook | undefined>
  /** The webhooks of these accounts, in order of creation. */
  webhooksOf(accountIds: readonly number[]): Promise<Webhook[]>
  /** Webhooks of all accounts, or of one, in order of their ids. */
  listWebhooks(
    accountId: number | null,
    page: { readonly after: number; readonly limit: number },
  ): Promise<Webhook[]>
  /** The accounts that have an enabled webhook for their inbox, and how it fares; one that works is enough. */
  wakeableAccounts(): Promise<ReadonlyMap<number, WebhookState>>
  /** The enabled webhooks for events. */
  eventWebhooks(): Promise<Webhook[]>
  delivery(uuid: Uuid): Promise<DeliveryWithWebhook | undefined>
  /** Deliveries before an id, newest first. */
  deliveries(
    filter: DeliveryFilter,
    page: { readonly before: number; readonly limit: number },
  ): Promise<DeliveryWithWebhook[]>
  /** By webhook, how many deliveries are pending and dead. */
  webhookCounts(
    webhookIds: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly pending: number; readonly dead: number }>>
  /** The pending deliveries of enabled webhooks, except these, the earliest due first. */
  pendingDeliveries(exceptWebhooks: readonly number[], limit: number): Promise<DeliveryWithWebhook[]>
  /** How many deliveries are pending, and since when the oldest one. */
  outboxState(): Promise<{ readonly pending: number; readonly oldest: Micros | null }>
}

export interface WebhookWrites {
  insertWebhook(webhook: NewWebhook): Promise<Webhook>
  updateWebhook(id: number, change: WebhookChange): Promise<Webhook>
  /** Deletes a webhook with its deliveries. */
  deleteWebhook(id: number): Promise<void>
  /** Deletes the webhooks of an account with their deliveries. */
  deleteWebhooksOf(accountId: number): Promise<void>
  /** Stores deliveries. Those that are there already, by webhook and seq, stay as they are. */
  insertDeliveries(deliveries: readonly NewDelivery[]): Promise<void>
  /** The batch of a webhook that still takes items: nobody has attempted it. */
  openBatch(webhookId: number): Promise<WebhookDelivery | undefined>
  updateDelivery(id: number, change: DeliveryChange): Promise<void>
  deleteDelivery(id: number): Promise<void>
  /** Takes deliveries that are due, until an instant. Returns the ids of those that no other process has taken. */
  takeDeliveries(ids: readonly number[], now: Micros, until: Micros): Promise<ReadonlySet<number>>
  /** Moves when deliveries are due, and since when webhooks fail. */
  shiftDeliveries(micros: number): Promise<void>
  /** Ends the pending deliveries of a webhook, except those that are attempted now. */
  endDeliveries(webhookId: number, at: Micros): Promise<void>
  /** Deletes up to `limit` deliveries in a state that ended before an instant. Returns how many. */
  forgetDeliveries(state: DeliveryOutcome, before: Micros, limit: number): Promise<number>
}
