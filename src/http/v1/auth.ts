import type { Core } from '../../core'
import { accountOf, isAdmin, principalOf } from '../../core/identity/actor'
import { clientOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { Type, text } from '../schema'
import { endedCookies, sessionCookie } from '../session-cookie'
import { meSchema } from './schemas'
import { instantOrNull } from './wire'

const credentials = Type.Object({ handle: text(), password: text({ secret: true }) })
const ok = Type.Object({ status: Type.Literal('ok') })

export function authEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/auth/me',
      who: 'account',
      admitsSyncTokens: true,
      tag: 'Login',
      summary: 'Show the account of this credential',
      answers: { 200: { description: 'The account and what its credential may do', schema: meSchema } },
      handle: ({ actor }) => {
        const { account } = actor
        const principal = principalOf(actor)
        const token = principal.via === 'token' ? principal.token : null
        return {
          status: 200,
          json: {
            id: account.uuid,
            account_id: account.uuid,
            handle: account.handle,
            kind: account.kind,
            display_name: account.displayName,
            via: token ? 'bearer' : 'session',
            scopes: token?.scopes ?? [],
            is_admin: isAdmin(actor, core.settings),
            token_id: token?.uuid ?? null,
            token_name: token?.name ?? null,
            expires_at: instantOrNull(token?.expiresAt ?? null),
            warnings: token && core.tokenReuse.isShared(token.id) ? ['token_shared'] : [],
            ...(actor.via === 'acting' ? { acted_by: accountOf(principal)?.handle ?? 'operator' } : {}),
          },
        }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/login',
      duringDrain: true,
      who: 'anyone',
      tag: 'Login',
      summary: 'Sign in as a human',
      description:
        'Sets the session cookie `synapse_session_<instance id>`; over https its name has the prefix `__Host-`.',
      body: credentials,
      answers: {
        200: {
          description: 'Signed in',
          schema: Type.Composite([ok, Type.Object({ handle: Type.String() })]),
        },
      },
      refusals: ['invalid_credentials', 'login_throttled'],
      handle: async ({ body, request }) => {
        const { account, secret, lifetimeSeconds } = await core.sessions.login(
          body.handle,
          body.password,
          clientOf(core, request),
        )
        const cookie = sessionCookie(core, request, secret, lifetimeSeconds)
        return {
          status: 200,
          json: { status: 'ok', handle: account.handle },
          headers: { 'set-cookie': cookie },
        }
      },
    }),
  ]
}

export function logoutEndpoint(core: Core): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/v1/auth/logout',
    duringDrain: true,
    who: 'account',
    admitsSyncTokens: true,
    tag: 'Login',
    summary: 'Sign out: end the session',
    answers: { 200: { description: 'Signed out', schema: ok } },
    refusals: ['logout_requires_session'],
    handle: ({ actor, request, once }) =>
      once(
        (actor) => core.sessions.logout(actor),
        () => ({
          status: 200,
          json: { status: 'ok' },
          ...(actor.via === 'session' && { cookies: endedCookies(core, request, actor.session) }),
        }),
      ),
  })
}
