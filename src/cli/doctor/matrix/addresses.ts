import { type Finding, fail, pass, skip, warn } from '../check'
import { distrust } from '../shown-certificate'
import { type Heard, heard, isObject, type MatrixCheck, NO_ADDRESS, NO_SERVER } from './subject'

const SNIPPET = 'synapse matrix config-snippet caddy, or nginx, prints the lines for the bare domain'
const HTTPS_PORT = '443'
/** A token that no server ever issues: those of devices are longer. */
const GARBAGE = 'mxt_doctor'

/** Checks that clients and other homeservers find this one by the server name. */
export const wellKnown: MatrixCheck = {
  name: 'well_known',
  async look({ serverName, base, diagnosis }) {
    if (base === undefined) return [skip(NO_ADDRESS)]
    if (diagnosis.state.kind !== 'running') return [skip(NO_SERVER)]
    const findings = [
      ...(await clientDocument(serverName, base)),
      ...(await serverDocument(serverName, base, diagnosis.settings.get('matrix.delegate'))),
    ]
    return findings.length > 0 ? findings : [pass(`${serverName} leads clients to ${base}`)]
  },
}

async function clientDocument(serverName: string, base: string): Promise<Finding[]> {
  const url = `https://${serverName}/.well-known/matrix/client`
  const found = await document(url)
  if ('detail' in found) return [found]
  const homeserver = found.json['m.homeserver']
  const said = isObject(homeserver) ? homeserver['base_url'] : undefined
  if (typeof said !== 'string' || withoutSlash(said) !== withoutSlash(base))
    return [fail(`${url} says that the homeserver is at ${String(said)}, not at ${base}`, SNIPPET)]
  if (found.headers.get('access-control-allow-origin') !== '*')
    return [
      fail(
        `${url} has no header Access-Control-Allow-Origin: *, so clients in browsers cannot read it`,
        `pass the path on to this server, which sends the header: ${SNIPPET}`,
      ),
    ]
  return []
}

async function serverDocument(serverName: string, base: string, delegate: unknown): Promise<Finding[]> {
  const url = `https://${serverName}/.well-known/matrix/server`
  const found = await document(url)
  if ('detail' in found) return [found]
  const { hostname, port, protocol } = new URL(base)
  const ofBase = `${hostname}:${port || (protocol === 'https:' ? HTTPS_PORT : '80')}`
  const expected = typeof delegate === 'string' ? delegate : ofBase
  const said = found.json['m.server']
  return said === expected
    ? []
    : [warn(`${url} says that the homeserver is at ${String(said)}, not at ${expected}`, SNIPPET)]
}

/** Returns a JSON document, or what is wrong with it. */
async function document(url: string): Promise<Finding | Found> {
  const found = await heard(url)
  if ('noAnswer' in found)
    return (await distrust(new URL(url).origin, found.noAnswer)) ?? fail(`${url}: ${found.noAnswer}`, SNIPPET)
  if (found.status !== 200) return fail(`${url} is answered with status ${found.status}`, SNIPPET)
  const { json, headers } = found
  return json === undefined ? fail(`${url} is no JSON`, SNIPPET) : { json, headers }
}

interface Found {
  readonly json: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

/** Checks that the server name itself leads here, for clients that do not ask where the homeserver is. */
export const bareDomain: MatrixCheck = {
  name: 'bare_domain',
  async look({ serverName, ask, base }) {
    if (base === undefined) return [skip(NO_ADDRESS)]
    const own = await ask<KeyDocument>('/_matrix/key/v2/server')
    if (own === undefined) return [skip(NO_SERVER)]
    const url = `https://${serverName}`
    const versions = await heard(`${url}/_matrix/client/versions`)
    const there = await heard(`${url}/_matrix/key/v2/server`)
    if (isMatrix(versions, 'versions') && hasKeysOf(there, own))
      return [pass(`${url} leads to this server, also without /.well-known`)]
    const why = 'noAnswer' in versions ? versions.noAnswer : `status ${versions.status}`
    return [
      warn(
        `${url}/_matrix/client/versions is not this server (${why}); clients that do not ask /.well-known do not find it`,
        `let the bare domain pass /_matrix on to this server: ${SNIPPET}`,
      ),
    ]
  },
}

/** The document of a server's keys. */
export interface KeyDocument {
  readonly verify_keys: Readonly<Record<string, { readonly key: string }>>
}

/** Reports whether an answer has every key that signs here. */
export function hasKeysOf(there: Heard, own: KeyDocument): boolean {
  const found = 'noAnswer' in there ? undefined : there.json?.['verify_keys']
  return isObject(found) && Object.entries(own.verify_keys).every(([id, { key }]) => keyIn(found[id]) === key)
}

function keyIn(value: unknown): unknown {
  return isObject(value) ? value['key'] : undefined
}

function isMatrix(found: Heard, member: string): boolean {
  return !('noAnswer' in found) && found.status === 200 && Array.isArray(found.json?.[member])
}

/** Checks that this server itself answers requests with a token: it refuses an unknown one in its own way. */
export const auth: MatrixCheck = {
  name: 'auth',
  async look({ reached }) {
    if (reached === undefined) return [skip(NO_SERVER)]
    const url = `${reached}/_matrix/client/v3/account/whoami`
    const found = await heard(url, { authorization: `Bearer ${GARBAGE}` })
    if ('noAnswer' in found) return [await unreachable(reached, found.noAnswer)]
    const { status, json } = found
    if (status === 401 && json?.['errcode'] === 'M_UNKNOWN_TOKEN') return [pass('unknown tokens are refused')]
    if (status >= 200 && status < 300)
      return [
        fail(
          `${url} lets an unknown token in (status ${status}): something before this server answers for it`,
          'take the cache, or the other program, out of /_matrix',
        ),
      ]
    if (status === 401)
      return [
        fail(
          `${url} asks for credentials of its own: something before this server wants a sign-in`,
          'let the proxy pass /_matrix on without a password; clients of Matrix cannot give one',
        ),
      ]
    const isDown = status >= 502 && status <= 504
    return [
      fail(
        `${url} is answered with status ${status}${isDown ? ': the proxy does not reach this server' : ''}`,
        isDown ? 'correct the address of the server in the proxy' : SNIPPET,
      ),
    ]
  },
}

/** Checks that this server says how people sign in. */
export const login: MatrixCheck = {
  name: 'login',
  async look({ reached, ask }) {
    const path = '/_matrix/client/v3/login'
    const own = await ask<{ flows: readonly { type: string }[] }>(path)
    if (reached === undefined || own === undefined) return [skip(NO_SERVER)]
    const found = await heard(`${reached}${path}`)
    if ('noAnswer' in found) return [await unreachable(reached, found.noAnswer)]
    const shown = own.flows.map(({ type }) => type).join(', ')
    if (found.status === 200 && JSON.stringify(found.json?.['flows']) === JSON.stringify(own.flows))
      return [pass(`clients are offered ${shown || 'no way to sign in'}`)]
    return [
      fail(
        `${reached}${path} is answered by another program (status ${found.status})`,
        `route /_matrix to this server: ${SNIPPET}`,
      ),
    ]
  },
}

export async function unreachable(base: string, code: string): Promise<Finding> {
  return (
    (await distrust(base, code)) ??
    fail(`${base} does not answer (${code})`, 'correct base_url, matrix.base_url, DNS or the proxy')
  )
}
