import { WAKE_REASONS } from '../core/kernel/entities'
import { MAX_BATCH_SECONDS, MAX_WEBHOOK_SECRET, MAX_WEBHOOK_URL } from '../core/kernel/limits'
import { formatInstant } from '../core/kernel/time'
import type { DeliveryWithWebhook } from '../core/kernel/webhook-ports'
import type { ChangedPush, Push, PushChange } from '../core/webhooks/push'
import { PUSH_ID, type WebhookView } from '../core/webhooks/webhooks'
import { instant } from './instants'
import { list, maybe, named, nullable, oneOf, Type, text } from './schema'

/** The wire forms of webhooks (docs/contract/webhooks.md), which the v1 and the admin surface share. */

const time = Type.String({ format: 'date-time' })
const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const

export const webhookUrl = text({
  minLength: 1,
  maxLength: MAX_WEBHOOK_URL,
  form: 'name',
  description: 'http or https, without user and password',
})
export const webhookSecret = text({
  minLength: 1,
  maxLength: MAX_WEBHOOK_SECRET,
  secret: true,
  description: 'Default: a new one',
})
export const wakeReasons = (description: string) => list(oneOf(WAKE_REASONS), { maxItems: 20, description })
export const webhookMode = oneOf(
  ['message', 'inbox'],
  'message: a request for each message; inbox: a hint after a while',
)
export const batchSeconds = Type.Integer({
  minimum: 0,
  maximum: MAX_BATCH_SECONDS,
  description: 'Of mode inbox: how long items are gathered. Default 5',
})

export const pushBody = Type.Object({
  enabled: Type.Boolean(),
  webhook_url: maybe(webhookUrl),
  secret: maybe(webhookSecret),
  wake_on: maybe(wakeReasons('Reasons of notifications; null leaves them unchanged')),
  mode: maybe(webhookMode),
})

const push = {
  account_handle: Type.String(),
  enabled: Type.Boolean(),
  webhook_url: nullable(Type.String()),
  has_secret: Type.Boolean(),
  wake_on: Type.Array(oneOf(WAKE_REASONS)),
  mode: oneOf(['message', 'inbox']),
}
const once = nullable(Type.String({ description: 'The new secret, shown this once' }))

export const pushSchema = Type.Object(push)
export const changedPushSchema = Type.Object({ ...push, secret: once })

const webhook = {
  id: Type.String({ description: '`push` for the push endpoint' }),
  name: Type.String(),
  url: nullable(Type.String()),
  on: oneOf(['inbox', 'events']),
  reasons: Type.Array(oneOf(WAKE_REASONS)),
  types: nullable(Type.Array(Type.String(), { description: 'null: all' })),
  channels: nullable(Type.Array(Type.String(), { description: 'null: all that the account may read' })),
  mode: oneOf(['message', 'inbox']),
  batch_s: Type.Integer(),
  enabled: Type.Boolean(),
  disabled_reason: nullable(oneOf(['failing', 'gone'], 'Why the server has disabled it')),
  has_secret: Type.Boolean(),
  pending: Type.Integer({ description: 'Deliveries still to be made' }),
  dead: Type.Integer({ description: 'Deliveries that were given up' }),
  last_success_at: nullable(time),
  failing_since: nullable(time),
  created_at: time,
}

export const webhookSchema = named('Webhook', Type.Object(webhook))
export const changedWebhookSchema = Type.Object({ ...webhook, secret: once })
export const webhooksSchema = Type.Object({ webhooks: Type.Array(webhookSchema) })
export const allWebhooksSchema = Type.Object({
  webhooks: Type.Array(Type.Object({ ...webhook, account_handle: Type.String() })),
  next_cursor: nullable(Type.String()),
})

export const deliveryState = oneOf(DELIVERY_STATES)
export const deliveriesSchema = Type.Object({
  deliveries: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid', description: 'The header webhook-id of each attempt' }),
      webhook_id: Type.String(),
      event: Type.String({ description: 'Type of the event' }),
      seq: nullable(Type.Integer({ description: 'Its seq; null for a test and for a hint' })),
      state: deliveryState,
      attempts: Type.Array(
        Type.Object({
          at: time,
          status: nullable(Type.Integer({ description: 'null: there was no answer' })),
          ms: Type.Integer(),
          error: nullable(Type.String()),
          answer: nullable(Type.String({ description: 'The beginning of the answer, if it failed' })),
        }),
      ),
      next_at: nullable(Type.String({ format: 'date-time', description: 'When it is attempted next' })),
    }),
  ),
  next_cursor: nullable(Type.String()),
})

interface PushBody {
  readonly enabled: boolean
  readonly webhook_url?: string | null
  readonly secret?: string | null
  readonly wake_on?: readonly string[] | null
  readonly mode?: 'message' | 'inbox' | null
}

export function pushChange(body: PushBody): PushChange {
  return {
    enabled: body.enabled,
    url: body.webhook_url ?? null,
    secret: body.secret ?? null,
    // The schema has checked the words.
    wakeOn: (body.wake_on ?? null) as PushChange['wakeOn'],
    mode: body.mode ?? null,
  }
}

export function pushJson({ account, enabled, url, hasSecret, wakeOn, mode }: Push) {
  return {
    account_handle: account.handle,
    enabled,
    webhook_url: url,
    has_secret: hasSecret,
    wake_on: wakeOn,
    mode,
  }
}

export function changedPushJson(push: ChangedPush) {
  return { ...pushJson(push), secret: push.secret }
}

export function webhookJson({ webhook, account, reasons, channels, pending, dead }: WebhookView) {
  return {
    id: webhook.uuid ?? PUSH_ID,
    name: webhook.name,
    url: webhook.url,
    on: webhook.source,
    reasons,
    types: webhook.types,
    channels,
    mode: webhook.mode,
    batch_s: webhook.batchSeconds,
    enabled: webhook.enabled,
    disabled_reason: webhook.disabledReason,
    has_secret: webhook.secretSealed !== null,
    pending,
    dead,
    last_success_at: instant(webhook.lastSuccessAt),
    failing_since: instant(webhook.failingSince),
    created_at: formatInstant(webhook.createdAt ?? account.createdAt),
  }
}

export function deliveryJson({ delivery, webhook }: DeliveryWithWebhook) {
  const { uuid, event, seq, firstSeq, state, attempts, nextAt } = delivery
  return {
    id: uuid,
    webhook_id: webhook.uuid ?? PUSH_ID,
    event,
    seq: firstSeq === null ? seq : null,
    state,
    attempts: attempts.map(({ at, ...attempt }) => ({ at: formatInstant(at), ...attempt })),
    next_at: state === 'pending' ? formatInstant(nextAt) : null,
  }
}
