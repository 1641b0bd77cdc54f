import type { Core } from '../core'
import type { Actor, Person } from '../core/actor'
import { refusal } from '../core/errors'
import { isSecure, originClass, peerOf } from './client'
import { HttpError } from './errors'

const SESSION_COOKIE = 'synapse_session'

const operator: Actor = { via: 'operator' }
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The one place where a credential becomes an actor. A bearer token wins over a cookie, even when it is bad; another
 * scheme is as good as none; a token in the query is never looked at.
 * @throws the 401s of §2.1; origin_not_allowed for a cookie that another site's page sent along
 */
export async function authenticate(core: Core, request: Request): Promise<Actor> {
  const header = request.headers.get('authorization')
  if (header !== null) {
    const bearer = bearerOf(header)
    if (bearer !== undefined) return byBearer(core, bearer)
  }
  const cookie = cookieOf(request)
  if (cookie !== undefined) {
    const actor = await byCookie(core, cookie)
    if (!safeMethods.has(request.method)) refuseForeignPage(core, request)
    return actor
  }
  if (peerOf(request).transport === 'local') return operator
  throw refusal('not_authenticated')
}

/** @throws missing_token, invalid_token, token_expired, account_unavailable */
export function byBearer(core: Core, token: string): Promise<Person> {
  if (token === '') throw refusal('missing_token')
  const hash = Bun.SHA256.hash(token, 'hex')
  return core.directory.settle(() => core.gates.byToken(hash))
}

/** @throws invalid_session, session_expired, account_unavailable */
export function byCookie(core: Core, secret: string): Promise<Person> {
  const hash = Bun.SHA256.hash(secret, 'hex')
  return core.directory.settle(() => core.gates.bySession(hash))
}

/** What stands behind `Bearer`; undefined for another scheme. */
function bearerOf(header: string): string | undefined {
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  if (scheme !== 'Bearer' && scheme.toLowerCase() !== 'bearer') return undefined
  return space < 0 ? '' : header.slice(space + 1).trim()
}

export function cookieOf(request: Request): string | undefined {
  const header = request.headers.get('cookie')
  if (header === null) return undefined
  for (const part of header.split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === SESSION_COOKIE) return value
  }
  return undefined
}

/** The cookie of a session, or (without a secret) the one that takes it back. */
export function sessionCookie(core: Core, request: Request, secret: string, lifetimeSeconds: number): string {
  const secure = isHttps(core, request) ? '; Secure' : ''
  return `${SESSION_COOKIE}=${secret}; HttpOnly; Max-Age=${lifetimeSeconds}; Path=/; SameSite=lax${secure}`
}

/** Gives an aging session its full life again, and the cookie with it, unless the answer sets the cookie itself. */
export async function prolongSession(
  core: Core,
  request: Request,
  actor: Person & { via: 'session' },
  response: Response,
): Promise<void> {
  const secret = cookieOf(request)
  if (secret === undefined || response.headers.has('set-cookie') || !core.sessions.isAging(actor)) return
  const lifetimeSeconds = await core.sessions.renew(actor)
  response.headers.append('set-cookie', sessionCookie(core, request, secret, lifetimeSeconds))
}

function isHttps(core: Core, request: Request): boolean {
  const own = core.settings.get('base_url')
  return own?.startsWith('https:') || isSecure(request, core.settings.get('trusted_proxies'))
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
