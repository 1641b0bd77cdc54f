import type { Core } from '../core'
import type { Policy } from '../core/access/policy'
import type { Credential } from '../core/identity'
import type { Principal } from '../core/identity/actor'
import type { Session } from '../core/kernel/entities'
import { AppError, refusal } from '../core/kernel/errors'
import { actorOf, claimOf, namesActor, refuseBareClaim } from './actor-header'
import { isSecure, originClass, peerOf } from './client'
import type { Credentials } from './credentials'
import { HttpError } from './errors'
import { secretOf, sessionCookie, sessionSecrets } from './session-cookie'

/** How a WebSocket of a browser names its token among the subprotocols. */
export const TOKEN_PROTOCOL = 'bearer.'

/** Reasons for which a credential is refused, wherever one is asked for. */
export const credentialRefusals = [
  'not_authenticated',
  'missing_token',
  'invalid_token',
  'token_expired',
  'invalid_session',
  'session_expired',
  'account_unavailable',
] as const

/** How v1 reads who calls. */
export const headerCredentials: Credentials = {
  read: credentialOf,
  namesActor,
  checkUnasked: checkBareClaim,
  renew: prolongSession,
}

const operator: Principal = { via: 'operator' }
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The credential of a request, as v1 reads it: a bearer token, which wins over a cookie even when it is bad; a session's
 * cookie; the local socket. `X-Synapse-Actor` says as whom it acts.
 * @throws missing_token, not_authenticated, actor_header_unauthenticated
 */
export function credentialOf(core: Core, request: Request): Credential {
  const bearer = bearerIn(request)
  if (bearer !== undefined) return ofToken(request, bearer)
  const secrets = sessionSecrets(core, request)
  if (secrets.length > 0)
    return (policy) => {
      const principal = ofSessions(policy, secrets)
      if (!safeMethods.has(request.method)) refuseForeignPage(core, request)
      return actorOf(policy, request, principal)
    }
  const peer = peerOf(request)
  if (peer.transport === 'local') return (policy) => actorOf(policy, request, operator)
  refuseBareClaim(core, request)
  if (peer.rescue !== true) throw refusal('not_authenticated')
  // There is no credential that a page of another site would lack.
  if (!safeMethods.has(request.method)) refuseForeignPage(core, request)
  return (policy) => actorOf(policy, request, operator)
}

/** @throws missing_token; of the credential: invalid_token, token_expired, account_unavailable */
export function ofToken(request: Request, token: string): Credential {
  if (token === '') throw refusal('missing_token')
  const hash = Bun.SHA256.hash(token, 'hex')
  return (policy) => actorOf(policy, request, policy.byToken(hash))
}

/**
 * By the first of these secrets that is one of a session now: a cookie of the earlier name may be that of another server.
 * @throws invalid_session, session_expired, account_unavailable: what is wrong with the first
 */
export function ofSessions(policy: Policy, secrets: readonly string[]): Principal & { via: 'session' } {
  let refused: unknown
  for (const secret of secrets)
    try {
      return policy.bySession(Bun.SHA256.hash(secret, 'hex'))
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unauthenticated') throw error
      refused ??= error
    }
  throw refused ?? refusal('not_authenticated')
}

/** @throws actor_header_invalid, actor_header_unauthenticated */
function checkBareClaim(core: Core, request: Request): void {
  // A socket looks at its credential itself, which may lie among the subprotocols.
  const isInProtocols = request.headers.get('sec-websocket-protocol')?.includes(TOKEN_PROTOCOL) ?? false
  if (!isInProtocols && !presentsCredential(core, request)) refuseBareClaim(core, request)
  claimOf(request)
}

function presentsCredential(core: Core, request: Request): boolean {
  if (bearerIn(request) !== undefined) return true
  return sessionSecrets(core, request).length > 0 || peerOf(request).transport === 'local'
}

/** What stands behind `Bearer`; undefined without one, and for another scheme. */
export function bearerIn(request: Request): string | undefined {
  const header = request.headers.get('authorization')
  if (header === null) return undefined
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  if (scheme !== 'Bearer' && scheme.toLowerCase() !== 'bearer') return undefined
  return space < 0 ? '' : header.slice(space + 1).trim()
}

/** Gives an aging session its full life again, and the cookie with it, unless the answer sets the cookie itself. */
async function prolongSession(
  core: Core,
  request: Request,
  session: Session,
  response: Response,
): Promise<void> {
  if (response.headers.has('set-cookie') || !core.sessions.isAging(session)) return
  const secret = secretOf(core, request, session)
  if (secret === undefined) return
  const lifetimeSeconds = await core.sessions.renew(session)
  response.headers.append('set-cookie', sessionCookie(core, request, secret, lifetimeSeconds))
}

/** The origin at which the request reached us. */
export function ownOrigin(core: Core, request: Request): string {
  const { settings } = core
  const scheme = isSecure(request, settings.get('trusted_proxies')) ? 'https' : 'http'
  return settings.get('base_url') ?? `${scheme}://${request.headers.get('host') ?? 'localhost'}`
}

/** A page may begin a session only if it is our own. @throws origin_not_allowed */
export function refuseOtherOrigin(core: Core, request: Request): void {
  const { settings } = core
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const isOwn =
    origin === null
      ? site === null || site === 'same-origin' || site === 'none'
      : originClass(request, origin, settings) === 'own'
  if (!isOwn) throw new HttpError(403, 'origin_not_allowed', 'Only a page of this server may begin a session')
}

/** @throws origin_not_allowed unless the Origin is absent, our own or listed */
export function refuseForeignOrigin(core: Core, request: Request): void {
  const origin = request.headers.get('origin')
  if (origin === null) return
  if (originClass(request, origin, core.settings) !== 'foreign') return
  throw new HttpError(
    403,
    'origin_not_allowed',
    'This origin may not use a session here; list it in auth.cors_origins',
  )
}

/** A browser says where a request comes from; a cookie counts only for our own pages. */
function refuseForeignPage(core: Core, request: Request): void {
  const site = request.headers.get('sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return
  if (site !== null && request.headers.get('origin') === null)
    throw new HttpError(403, 'origin_not_allowed', 'Another site may not act with your session')
  refuseForeignOrigin(core, request)
}
