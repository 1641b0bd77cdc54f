import type { Core } from '../../core'
import type { Redeemed } from '../../core/identity/pairing'
import { ownOrigin, refuseOtherOrigin } from '../auth'
import { clientOf } from '../client'
import { type Answer, type Endpoint, endpoint } from '../endpoint'
import { maybe, oneOf, Type, text } from '../schema'
import { sessionCookie } from '../session-cookie'
import { redeemedSchema } from './schemas'
import { instantOrNull } from './wire'

const request = Type.Object({
  code: text({
    minLength: 1,
    maxLength: 2048,
    secret: true,
    description: 'The link, the code in it, or the code for typing',
  }),
  device: maybe(
    text({
      minLength: 1,
      maxLength: 64,
      form: 'name',
      description: 'A new label for this device',
    }),
  ),
  as: maybe(
    oneOf(
      ['token', 'session'],
      'Default token; session sets the cookie, for people on the server’s own page',
    ),
  ),
})

/** Exchanges a device's pair code for a credential (docs/contract/pairing.md#redeem). */
export function pairEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/pair/redeem',
      duringDrain: true,
      who: 'anyone',
      tag: 'Login',
      summary: 'Redeem the pair code of a device for its token, once',
      description: '`synapse pair` makes the code, `synapse join` and the page `/pair` redeem it.',
      body: request,
      answers: { 201: { description: 'The credential', schema: redeemedSchema } },
      refusals: [
        'pair_code_invalid',
        'pair_code_used',
        'pair_code_expired',
        'pair_code_revoked',
        'rate_limited',
        'humans_only',
        'scope_escalation',
        'origin_not_allowed',
        'quota_exceeded',
      ],
      handle: async ({ body, request }) => {
        const as = body.as ?? 'token'
        if (as === 'session') refuseOtherOrigin(core, request)
        const code = codeIn(body.code)
        const redeemed = await core.pairing.redeem(
          { code, device: body.device ?? undefined, as },
          clientOf(core, request),
        )
        return answerOf(core, request, redeemed)
      },
    }),
  ]
}

function answerOf(core: Core, request: Request, redeemed: Redeemed): Answer {
  const where = { url: ownOrigin(core, request), instance_did: core.pairing.did }
  if (redeemed.as === 'session') {
    const { account, secret, lifetimeSeconds } = redeemed.login
    const { handle, kind } = account
    const json = { ...where, account: { handle, kind }, scopes: [], expires_at: null }
    const cookie = sessionCookie(core, request, secret, lifetimeSeconds)
    return { status: 201, json, headers: { 'set-cookie': cookie } }
  }
  const { token, account, secret } = redeemed.issued
  const { handle, kind } = account
  const expires = instantOrNull(token.expiresAt)
  const json = {
    ...where,
    token: secret,
    account: { handle, kind },
    scopes: token.scopes,
    expires_at: expires,
  }
  return { status: 201, json }
}

/** Returns the code in a link, after the `#`; other text is the code itself. */
function codeIn(given: string): string {
  const hash = given.indexOf('#')
  if (hash < 0) return given
  try {
    const payload: unknown = JSON.parse(Buffer.from(given.slice(hash + 1), 'base64url').toString())
    const code = typeof payload === 'object' && payload !== null && 'code' in payload ? payload.code : ''
    return typeof code === 'string' ? code : ''
  } catch {
    return ''
  }
}
