import { counted } from '../../lib/text'
import { type Check, type Finding, fail, pass, skip, warn } from '../check'
import { accountOf, type ClientProbe } from './client-probe'

/** The part of a webhook that is checked (docs/contract/webhooks.md#further-webhooks). */
interface Webhook {
  readonly id: string
  readonly name: string
  readonly url: string | null
  readonly enabled: boolean
  readonly disabled_reason: string | null
  readonly failing_since: string | null
}

/** Checks that the webhooks of the account work. */
export const webhook: Check<ClientProbe> = {
  name: 'webhook',
  async look(probe) {
    if (accountOf(probe) === undefined) return [skip('this needs a valid token')]
    const answer = await probe.ask('/v1/me/webhooks')
    if (!('status' in answer) || answer.status !== 200) return [skip('the server does not tell')]
    // The contract says what they are.
    const webhooks = (answer.body['webhooks'] as Webhook[] | undefined) ?? []
    const used = webhooks.filter(({ enabled, url, disabled_reason }) => (enabled && url) || disabled_reason)
    if (used.length === 0) return [skip('the account has no webhook')]
    const findings = used.flatMap((one) => problemOf(one) ?? [])
    return findings.length > 0
      ? findings
      : [pass(`${counted(used.length, 'webhook')} of the account: no failures`)]
  },
}

function problemOf({
  id,
  name,
  enabled,
  disabled_reason: why,
  failing_since: since,
}: Webhook): Finding | undefined {
  const look = `GET /v1/me/webhooks/${id}/deliveries shows what the receiver answered`
  if (!enabled && why !== null) {
    const again = id === 'push' ? 'PUT /v1/me/push' : `PATCH /v1/me/webhooks/${id} {"enabled":true}`
    return fail(`the server has disabled the webhook ${name} (${why})`, `${look}; then ${again}`)
  }
  return since === null ? undefined : warn(`the webhook ${name} has failed since ${since}`, look)
}
