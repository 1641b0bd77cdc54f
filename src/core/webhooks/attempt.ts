import type { Settings } from '../governance/settings'
import type { Seq } from '../kernel/ids'
import { type Outbound, OutboundError } from '../kernel/outbound'
import type { Clock, Micros } from '../kernel/time'
import type { DeliveryAttempt, DeliveryWithWebhook, Webhook, WebhookDelivery } from '../kernel/webhook-ports'
import type { WebhookSecrets } from './ports'
import type { EventsOf, Rendering } from './rendering'
import { retryAfterOf } from './retry-plan'

/** Bytes of an answer that are read, and characters of it that are kept. */
const MAX_ANSWER_BYTES = 4096
const MAX_ANSWER_TEXT = 500

export interface AttemptDeps {
  readonly rendering: Rendering
  readonly outbound: Outbound
  readonly secrets: WebhookSecrets
  readonly settings: Settings
  readonly clock: Clock
}

export type AttemptResult =
  /** There is nothing to send: the account may not read it any more, or it is gone. */
  | { readonly outcome: 'dropped' }
  /** The account is paused: the delivery waits, and does not age. */
  | { readonly outcome: 'paused'; readonly isEverywhere: boolean }
  /** The process ends; the attempt does not count. */
  | { readonly outcome: 'aborted' }
  | {
      readonly outcome: 'delivered' | 'failed'
      readonly attempt: DeliveryAttempt
      readonly retryAfter: number | null
      /** The messages of which it notifies the account. */
      readonly messages: readonly Seq[]
    }

/** Makes one attempt to deliver. Never throws because of the receiver. */
export async function attempt(
  deps: AttemptDeps,
  of: DeliveryWithWebhook,
  events: EventsOf,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { clock } = deps
  const rendered = await deps.rendering.render(of, events)
  if (rendered === 'gone') return { outcome: 'dropped' }
  if (rendered === 'paused' || rendered === 'paused_here')
    return { outcome: 'paused', isEverywhere: rendered === 'paused' }
  const at = clock.now()
  const began = clock.steady()
  const answered = await call(deps, of, rendered.body, at, signal)
  if (answered === 'aborted') return { outcome: 'aborted' }
  const { status, error, answer, retryAfter } = answered
  return {
    outcome: error === null ? 'delivered' : 'failed',
    attempt: { at, status, ms: Math.round(clock.steady() - began), error, answer },
    retryAfter,
    messages: rendered.messages,
  }
}

interface Answered extends Pick<DeliveryAttempt, 'status' | 'error' | 'answer'> {
  readonly retryAfter: number | null
}

async function call(
  { outbound, secrets, settings }: AttemptDeps,
  { delivery, webhook }: DeliveryWithWebhook,
  body: string,
  at: Micros,
  signal: AbortSignal,
): Promise<Answered | 'aborted'> {
  const failed = (error: string): Answered => ({ status: null, error, answer: null, retryAfter: null })
  let proof: Readonly<Record<string, string>>
  try {
    const timestamp = Math.floor(at / 1_000_000)
    proof = secrets.sign(secretsOf(secrets, webhook, at), { id: delivery.uuid, timestamp, body })
  } catch {
    return failed('the stored secret cannot be read with the key of this instance; set a new one')
  }
  try {
    const {
      status,
      headers,
      body: bytes,
    } = await outbound.call({
      method: 'POST',
      url: webhook.url ?? '',
      headers: { ...commonHeaders(delivery), ...proof },
      body,
      timeoutMs: settings.get('webhooks.timeout_ms'),
      maxBytes: MAX_ANSWER_BYTES,
      isVouched: webhook.vouched,
      signal,
    })
    const isTaken = status >= 200 && status < 300
    return {
      status,
      error: isTaken ? null : `answered ${status}`,
      answer: isTaken ? null : textOf(bytes),
      retryAfter: retryAfterOf(headers['retry-after'], at),
    }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    return error.problem === 'aborted' ? 'aborted' : failed(error.message)
  }
}

function commonHeaders({ event, uuid }: WebhookDelivery): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'Synapse-Webhook/1.0',
    'x-synapse-event': event,
    'x-synapse-delivery': uuid,
    'webhook-id': uuid,
  }
}

/** Returns the secrets that sign, the current one first. The former one signs for a day after a change. */
function secretsOf(secrets: WebhookSecrets, webhook: Webhook, now: Micros): string[] {
  const { secretSealed, formerSecretSealed, formerUntil } = webhook
  const isFormerValid = formerUntil !== null && formerUntil > now
  const sealed = [secretSealed, isFormerValid ? formerSecretSealed : null]
  return sealed.flatMap((one) => (one === null ? [] : secrets.open(one)))
}

/** Returns the beginning of an answer as text that every store can keep. */
function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).replaceAll('\0', '')
  return [...text].slice(0, MAX_ANSWER_TEXT).join('')
}
