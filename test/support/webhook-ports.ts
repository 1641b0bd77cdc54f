import { webhookSecrets } from '../../src/platform/webhook-secrets'

const never = () => {
  throw new Error('nothing is called here')
}

/** The ports of webhooks for a core that calls nothing. */
export const webhookPorts = {
  outbound: { call: never, check: never, isListed: never },
  secrets: webhookSecrets(new Uint8Array(32)),
  wire: { event: never, pending: never, test: never },
  chance: () => 0.5,
}
