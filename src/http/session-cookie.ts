import type { Core } from '../core'
import type { Session } from '../core/kernel/entities'
import { isSecure } from './client'

/** The name of the earlier server, and of Synapse up to 1.0: it is read, and never set. */
const EARLIER_NAME = 'synapse_session'
/** Only https can set a cookie of this prefix, for this host and all of its paths. */
const HOST_PREFIX = '__Host-'
/** A request has no more; what else it brings is not looked at. */
const MOST_SECRETS = 4
/** Hexadecimal digits of an instance id (docs/contract/accounts.md#sign-in). */
const ID_LENGTH = 6

const names = new Map<string, string>()

/**
 * The name of this instance alone. Cookies do not know ports: of two servers on one host each would take the cookie of
 * the other for its own, and replace it.
 */
function ownName(core: Core): string {
  const { did } = core.pairing
  const known = names.get(did)
  if (known !== undefined) return known
  const name = `${EARLIER_NAME}_${Bun.SHA256.hash(did, 'hex').slice(0, ID_LENGTH)}`
  names.set(did, name)
  return name
}

/** What a request brings as secrets of sessions, each once: those of the own name first, then those of the earlier one. */
export function sessionSecrets(core: Core, request: Request): readonly string[] {
  const found = cookiesOf(core, request).map(({ secret }) => secret)
  return [...new Set(found)].slice(0, MOST_SECRETS)
}

/** The cookie of a session. */
export function sessionCookie(core: Core, request: Request, secret: string, lifetimeSeconds: number): string {
  const isHttps = isHttpsHere(core, request)
  return cookieText(
    isHttps ? `${HOST_PREFIX}${ownName(core)}` : ownName(core),
    secret,
    lifetimeSeconds,
    isHttps,
  )
}

/** What takes back every cookie that a request brought for this session, and the one that would be set today. */
export function endedCookies(core: Core, request: Request, session: Session): string[] {
  const brought = cookiesOf(core, request)
    .filter(({ secret }) => isSecretOf(session, secret))
    .map(({ name }) => cookieText(name, '', 0, name.startsWith(HOST_PREFIX) || isHttpsHere(core, request)))
  return [...new Set([sessionCookie(core, request, '', 0), ...brought])]
}

/** The secret of a session, if the request brought it. */
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
