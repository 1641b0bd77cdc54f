import type { Core } from '../core'
import type { Policy } from '../core/access/policy'
import type { Credential } from '../core/identity'
import type { Principal } from '../core/identity/actor'
import type { Session } from '../core/kernel/entities'
import { AppError, refusal } from '../core/kernel/errors'
import { actorOf, claimOf, namesActor, refuseAnonymousClaim } from './actor-header'
import { isSecure, originClass, peerOf } from './client'
import type { Credentials } from './credentials'
import { HttpError } from './errors'
import { secretOf, sessionCookie, sessionSecrets } from './session-cookie'

/** The prefix by which a browser's WebSocket sends a token as a subprotocol. */
export const TOKEN_PROTOCOL = 'bearer.'

/** The error codes of a credential, wherever one is required. */
export const credentialRefusals = [
  'not_authenticated',
  'missing_token',
  'invalid_token',
  'token_expired',
  'invalid_session',
  'session_expired',
  'account_unavailable',
] as const

/** How v1 reads credentials. */
export const headerCredentials: Credentials = {
  read: credentialOf,
  namesActor,
  checkAnonymous: checkAnonymousClaim,
  renew: prolongSession,
}

const operator: Principal = { via: 'operator' }
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Returns the credential of a request in v1: a bearer token, which takes precedence over a cookie even if it is
 * invalid; a session cookie; or the local socket. `X-Synapse-Actor` names the account to act as.
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
  refuseAnonymousClaim(core, request)
  if (peer.rescue !== true) throw refusal('not_authenticated')
  // Rescue mode requires no credential, so a page of another site could send this request.
  if (!safeMethods.has(request.method)) refuseForeignPage(core, request)
  return (policy) => actorOf(policy, request, operator)
}

/** @throws missing_token; for an invalid token: invalid_token, token_expired, account_unavailable */
export function ofToken(request: Request, token: string): Credential {
  if (token === '') throw refusal('missing_token')
  const hash = Bun.SHA256.hash(token, 'hex')
  return (policy) => actorOf(policy, request, policy.byToken(hash))
}

/**
 * Returns the principal of the first secret with a valid session. A cookie with the earlier name may belong to another
 * server, so all are tried.
 * @throws invalid_session, session_expired, account_unavailable: the error of the first secret
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
function checkAnonymousClaim(core: Core, request: Request): void {
  // A socket endpoint checks its credential itself; the token may be among the subprotocols.
  const isInProtocols = request.headers.get('sec-websocket-protocol')?.includes(TOKEN_PROTOCOL) ?? false
  if (!isInProtocols && !presentsCredential(core, request)) refuseAnonymousClaim(core, request)
  claimOf(request)
}

function presentsCredential(core: Core, request: Request): boolean {
  if (bearerIn(request) !== undefined) return true
  return sessionSecrets(core, request).length > 0 || peerOf(request).transport === 'local'
}

/** Returns the text after `Bearer`; undefined without the header or for another scheme. */
export function bearerIn(request: Request): string | undefined {
  const header = request.headers.get('authorization')
  if (header === null) return undefined
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  if (scheme !== 'Bearer' && scheme.toLowerCase() !== 'bearer') return undefined
  return space < 0 ? '' : header.slice(space + 1).trim()
}

/** Extends an aging session and its cookie, unless the answer sets the cookie itself. */
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

/** The origin under which the request reached the server. */
export function ownOrigin(core: Core, request: Request): string {
  const { settings } = core
  const scheme = isSecure(request, settings.get('trusted_proxies')) ? 'https' : 'http'
  return settings.get('base_url') ?? `${scheme}://${request.headers.get('host') ?? 'localhost'}`
}

/** Allows only this server's own pages to start a session. @throws origin_not_allowed */
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

/** @throws origin_not_allowed unless the Origin is absent, the server's own or listed */
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

/** Rejects cookies sent by pages of other sites. Browsers send the origin of a request. */
function refuseForeignPage(core: Core, request: Request): void {
  const site = request.headers.get('sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return
  if (site !== null && request.headers.get('origin') === null)
    throw new HttpError(403, 'origin_not_allowed', 'Another site may not act with your session')
  refuseForeignOrigin(core, request)
}
