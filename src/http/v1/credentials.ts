import type { Core } from '../../core'
import { MAX_GRACE_SECONDS } from '../../core/identity/own-tokens'
import type { Session } from '../../core/kernel/entities'
import { AppError } from '../../core/kernel/errors'
import { parseUuid, type Uuid } from '../../core/kernel/ids'
import { formatInstant } from '../../core/kernel/time'
import { clientOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { renderPage } from '../long-list'
import { tokenName } from '../profile-wire'
import type { RateLimits } from '../rate-limits'
import { list, maybe, Type, text } from '../schema'
import { endOf, issuedAnswer, issuedSchema, tokenJson, tokenSchema } from '../token-wire'
import { sessionsSchema } from './schemas'
import { instantOrNull } from './wire'

/** Seconds that a replaced token continues to work, unless the request says otherwise. */
const GRACE_SECONDS = 300
/** More than the valid tokens an account can have. Expired ones beyond that are not shown. */
const SHOWN_TOKENS = 1000

const personal = ['humans_only', 'missing_scope'] as const

const newToken = Type.Object({
  name: tokenName,
  scopes: list(text(), { description: 'At least one; none beyond your own scopes' }),
  expires_at: maybe(text({ description: 'ISO 8601; absent = never' })),
})

/** What people and agents do with their own credentials (docs/contract/accounts.md#tokens). */
export function credentialEndpoints(core: Core, rates: Pick<RateLimits, 'passOn'>): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/auth/rotate',
      who: 'account',
      tag: 'Login',
      summary: 'Rotate the token of this request; the new one is shown only here',
      description: 'Name, scopes and expiry stay the same. The old token works for `grace_s` more seconds.',
      body: Type.Object({
        grace_s: maybe(
          Type.Integer({
            minimum: 0,
            maximum: MAX_GRACE_SECONDS,
            description: 'Default 300; 0 = ends at once',
          }),
        ),
      }),
      answers: { 201: { description: 'The new token', schema: issuedSchema } },
      refusals: ['rotate_requires_bearer', 'quota_exceeded'],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(async (actor) => {
          const issued = await core.ownTokens.rotate(actor, body.grace_s ?? GRACE_SECONDS)
          rates.passOn(actor, issued.token)
          return issued
        }, issuedAnswer),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/tokens',
      who: 'account',
      tag: 'Login',
      summary: 'List your personal tokens, revoked ones included',
      answers: {
        200: {
          description: 'In order of creation',
          schema: Type.Object({ tokens: Type.Array(tokenSchema) }),
        },
      },
      refusals: personal,
      handle: async ({ actor }) => {
        const page = { after: '', limit: SHOWN_TOKENS }
        const { text } = await renderPage(core.pace, page, {
          read: (page) => core.ownTokens.list(actor, page),
          keyOf: ({ id }) => String(id),
          toJson: (token) => tokenJson(core.usage.ofToken(token), actor.account),
        })
        return { status: 200, text: `{"tokens":${text}}` }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/tokens',
      who: 'account',
      tag: 'Login',
      summary: 'Create a personal token: it acts as you, within its scopes',
      description: 'The token is shown only here. With `human:act` its bearer has all your rights.',
      body: newToken,
      answers: { 201: { description: 'The token', schema: issuedSchema } },
      refusals: [...personal, 'scopes_required', 'invalid_scope', 'scope_escalation', 'quota_exceeded'],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(async (actor) => {
          const issued = await core.ownTokens.issue(actor, {
            name: body.name,
            scopes: body.scopes,
            expiresAt: endOf(body.expires_at),
          })
          rates.passOn(actor, issued.token)
          return issued
        }, issuedAnswer),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/tokens/:id/revoke',
      who: 'account',
      admitsSyncTokens: true,
      tag: 'Login',
      summary: 'Revoke a personal token: its next request fails and its streams close',
      answers: { 200: { description: 'The token', schema: tokenSchema } },
      refusals: [...personal, 'invalid_id', 'token_not_found'],
      handle: ({ actor, params, once }) =>
        once(
          (actor) => core.ownTokens.revoke(actor, idOf(params.id, 'token id')),
          (token) => ({ status: 200, json: tokenJson(core.usage.ofToken(token), actor.account) }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/auth/sessions',
      who: 'account',
      tag: 'Login',
      summary: 'List your login sessions',
      answers: { 200: { description: 'Newest first', schema: sessionsSchema } },
      refusals: personal,
      handle: async ({ actor }) => {
        const sessions = await core.sessions.list(actor)
        const devices = await devicesOf(core, actor.account.id, sessions)
        const current = actor.via === 'session' ? actor.session.id : undefined
        return {
          status: 200,
          json: {
            sessions: sessions.map((one) => ({
              ...sessionJson(core.usage.ofSession(one), current),
              ...(one.device !== null && { device_id: devices.get(one.device) ?? null }),
            })),
          },
        }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/auth/sessions/:id',
      who: 'account',
      tag: 'Login',
      summary: 'End one of your sessions, with its streams',
      answers: { 204: { description: 'Done' } },
      refusals: [...personal, 'invalid_id', 'session_not_found'],
      handle: async ({ actor, params }) => {
        await core.sessions.end(actor, idOf(params.id, 'session id'))
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/password',
      who: 'account',
      tag: 'Login',
      summary: 'Change your password; your other sessions end',
      body: Type.Object({ current: text({ secret: true }), new: text({ secret: true }) }),
      answers: { 204: { description: 'Done' } },
      refusals: [...personal, 'invalid_credentials', 'weak_password', 'login_throttled'],
      handle: ({ body, request, once }) =>
        once(
          (actor) => core.profiles.changePassword(actor, body.current, body.new, clientOf(core, request)),
          () => ({ status: 204 }),
        ),
    }),
  ]
}

/** Returns the ids of the Matrix devices of an account, as clients know them. Asks only if a session has one. */
async function devicesOf(
  core: Core,
  accountId: number,
  sessions: readonly Session[],
): Promise<ReadonlyMap<number, string>> {
  if (sessions.every(({ device }) => device === null)) return new Map()
  const devices = await core.reads.matrix().devices(accountId)
  return new Map(devices.map(({ id, deviceId }) => [id, deviceId]))
}

function sessionJson(session: Session, current: number | undefined) {
  return {
    id: session.uuid,
    created_at: formatInstant(session.createdAt),
    last_used_at: instantOrNull(session.lastUsedAt),
    ip: session.ip,
    user_agent: session.userAgent,
    current: session.id === current,
  }
}

/** @throws invalid_id */
/** @throws invalid_id */
export function idOf(value: string | undefined, what: 'token id' | 'session id' | 'device id'): Uuid {
  const uuid = parseUuid(value ?? '')
  if (!uuid) throw new AppError('invalid', 'invalid_id', `Invalid ${what}`)
  return uuid
}
