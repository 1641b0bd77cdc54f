/**
 * Signatures of webhooks (docs/contract/webhooks.md#signatures): those of the earlier server, and those of Standard Webhooks.
 */

import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookSecrets } from '../core/webhooks/ports'
import { encryptionFor } from './encryption'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** Makes and keeps the secrets of webhooks, sealed under a key derived from the seed of the instance key. */
export function webhookSecrets(seed: Uint8Array): WebhookSecrets {
  const { seal, open } = encryptionFor(seed, 'synapse-webhook-secret')
  return {
    generate: () => PREFIX + randomBytes(SECRET_BYTES).toString('base64'),
    seal,
    open,
    sign: (secrets, { id, timestamp, body }) => {
      const [current] = secrets
      const common = { 'webhook-timestamp': String(timestamp) }
      if (current === undefined) return common
      const signatures = secrets.map((secret) => {
        const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`)
        return `v1,${mac.digest('base64')}`
      })
      const plain = createHmac('sha256', current).update(body).digest('hex')
      return {
        ...common,
        'webhook-signature': signatures.join(' '),
        'x-synapse-signature': `sha256=${plain}`,
      }
    },
  }
}

/** The bytes of a secret: after `whsec_` it is base64. */
function keyOf(secret: string): Uint8Array {
  return secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8')
}
