import { AppError } from '../kernel/errors'
import { type Outbound, OutboundError } from '../kernel/outbound'
import { later, MICROS_PER_DAY, type Micros } from '../kernel/time'
import type { Webhook } from '../kernel/webhook-ports'
import type { WebhookSecrets } from './ports'

/** Checks that an address may be called. @throws webhook_target_blocked */
export async function checkTarget(
  outbound: Pick<Outbound, 'check'>,
  url: string,
  isVouched: boolean,
): Promise<void> {
  try {
    await outbound.check({ url, isVouched })
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw new AppError('invalid', 'webhook_target_blocked', error.message)
  }
}

/** A secret, which is shown once. */
export interface NewSecret {
  readonly secret: string
  readonly sealed: string
}

/** Returns a given secret, or a new one. */
export function newSecret(secrets: WebhookSecrets, given: string | null | undefined): NewSecret {
  const secret = given ?? secrets.generate()
  return { secret, sealed: secrets.seal(secret) }
}

/** Returns the change that replaces the secret of a webhook. The former one goes on signing for a day. */
export function replacedSecret(webhook: Webhook | undefined, { sealed }: NewSecret, now: Micros) {
  const former = webhook?.secretSealed ?? null
  return {
    secretSealed: sealed,
    formerSecretSealed: former,
    formerUntil: former === null ? null : later(now, MICROS_PER_DAY),
  }
}

/** The state of a webhook that was enabled anew: nothing of before counts. */
export const AFRESH = {
  enabled: true,
  disabledReason: null,
  disabledAt: null,
  deadInARow: 0,
  failingSince: null,
} as const
