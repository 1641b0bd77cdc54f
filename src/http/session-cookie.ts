import type { Core } from '../core'
import type { Session } from '../core/kernel/entities'
import { isSecure } from './client'

/** The cookie name of the earlier server and of Synapse up to 1.0. It is read but never set. */
const EARLIER_NAME = 'synapse_session'
/** Browsers accept a cookie with this prefix only over https, for this host and all of its paths. */
const HOST_PREFIX = '__Host-'
/** The most session secrets examined in one request. */
const MOST_SECRETS = 4
/** Hexadecimal digits of an instance id (docs/contract/accounts.md#sign-in). */
const ID_LENGTH = 6

const names = new Map<string, string>()

/**
 * Returns the cookie name of this instance. Cookies ignore ports: with a common name, two servers on one host would
 * overwrite each other's cookie.
 */
function ownName(core: Core): string {
  const { did } = core.pairing
  const known = names.get(did)
  if (known !== undefined) return known
  const name = `${EARLIER_NAME}_${Bun.SHA256.hash(did, 'hex').slice(0, ID_LENGTH)}`
  names.set(did, name)
  return name
}

/**
 * Returns the session secrets in a request, without repeats: those under the instance's name first, then those under
 * the earlier one.
 */
export function sessionSecrets(core: Core, request: Request): readonly string[] {
  const found = cookiesOf(core, request).map(({ secret }) => secret)
  return [...new Set(found)].slice(0, MOST_SECRETS)
}

/** Returns the `Set-Cookie` of a session. */
export function sessionCookie(core: Core, request: Request, secret: string, lifetimeSeconds: number): string {
  const isHttps = isHttpsHere(core, request)
  return cookieText(
    isHttps ? `${HOST_PREFIX}${ownName(core)}` : ownName(core),
    secret,
    lifetimeSeconds,
    isHttps,
  )
}

/**
 * Returns the `Set-Cookie` headers that remove every cookie the request sent for this session, and the one that would
 * be set today.
 */
export function endedCookies(core: Core, request: Request, session: Session): string[] {
  const brought = cookiesOf(core, request)
    .filter(({ secret }) => isSecretOf(session, secret))
    .map(({ name }) => cookieText(name, '', 0, name.startsWith(HOST_PREFIX) || isHttpsHere(core, request)))
  return [...new Set([sessionCookie(core, request, '', 0), ...brought])]
}

/** Returns the secret of a session if the request sent it. */
export function secretOf(core: Core, request: Request, session: Session): string | undefined {
  return sessionSecrets(core, request).find((secret) => isSecretOf(session, secret))
}

function isSecretOf(session: Session, secret: string): boolean {
  return Bun.SHA256.hash(secret, 'hex') === session.hash
}

function cookieText(name: string, secret: string, lifetimeSeconds: number, isHttps: boolean): string {
  const secure = isHttps ? '; Secure' : ''
  return `${name}=${secret}; HttpOnly; Max-Age=${lifetimeSeconds}; Path=/; SameSite=lax${secure}`
}

function cookiesOf(core: Core, request: Request): { name: string; secret: string }[] {
  const header = request.headers.get('cookie')
  if (header === null) return []
  const own = ownName(core)
  const wanted = [`${HOST_PREFIX}${own}`, own, EARLIER_NAME]
  return header
    .split(';')
    .flatMap((part) => {
      const [name = '', secret] = part.trim().split('=', 2)
      return secret !== undefined && wanted.includes(name) ? [{ name, secret }] : []
    })
    .sort((one, other) => wanted.indexOf(one.name) - wanted.indexOf(other.name))
}

function isHttpsHere(core: Core, request: Request): boolean {
  const own = core.settings.get('base_url')
  return own?.startsWith('https:') || isSecure(request, core.settings.get('trusted_proxies'))
}
