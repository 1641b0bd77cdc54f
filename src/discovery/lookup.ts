import { field, manifestIn } from './manifest'
import { factsOf, originOf } from './records'

const WELL_KNOWN = '/.well-known/synapse'
const DID_DOCUMENT = '/.well-known/did.json'
const ANSWER_WITHIN_MS = 5000
const MOST_BYTES = 65_536

/** A server that answered as Synapse. */
export interface Found {
  /** Null if it publishes no manifest. */
  readonly did: string | null
  readonly name: string | null
  readonly url: string
  readonly features: readonly string[]
  /** Whether the manifest is signed by its DID, and the hint that led here named the same DID. */
  readonly verified: boolean
  /** Why it is not trusted; null if nothing is wrong. */
  readonly problem: string | null
}

/** The DNS queries used. */
export interface NameServer {
  resolveSrv(name: string): Promise<readonly { name: string; port: number }[]>
  resolveTxt(name: string): Promise<readonly (readonly string[])[]>
}

export interface LookupOptions {
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  readonly now?: () => number
}

/** Asks a URL: its own path, or `/.well-known/synapse`. Undefined if no Synapse answers. */
export async function findAt(
  url: string,
  { hintedDid, ...options }: LookupOptions & { readonly hintedDid?: string } = {},
): Promise<Found | undefined> {
  const parsed = new URL(url)
  const address = parsed.pathname === '/' ? `${parsed.origin}${WELL_KNOWN}` : parsed.href
  const answer = await readJson(address, options)
  if (field(field(answer, 'capabilities'), 'api') !== 'v1') return undefined
  const features = field(field(answer, 'capabilities'), 'features')
  const manifest = manifestIn(answer, parsed.origin, (options.now ?? Date.now)())
  const isRead = typeof manifest === 'object'
  const differs = isRead && hintedDid !== undefined && manifest.did !== hintedDid
  return {
    did: isRead ? manifest.did : null,
    name: isRead ? manifest.name : null,
    url: parsed.origin,
    features: Array.isArray(features) ? features.filter((one) => typeof one === 'string') : [],
    verified: isRead && !differs,
    problem: differs ? `it was announced as ${hintedDid}` : typeof manifest === 'string' ? manifest : null,
  }
}

/**
 * Finds the server of a domain: at the domain itself, through its did:web document, and through DNS. Returns the first
 * verified one, else the first that answers.
 */
export async function findByDomain(
  domain: string,
  dns: NameServer,
  options: LookupOptions = {},
): Promise<Found | undefined> {
  const ways = [
    () => findAt(`https://${domain}`, options),
    () => byDidDocument(domain, options),
    () => byDns(domain, dns, options),
  ]
  let first: Found | undefined
  for (const way of ways) {
    const found = await way()
    if (found?.verified === true) return found
    first ??= found
  }
  return first
}

async function byDidDocument(domain: string, options: LookupOptions): Promise<Found | undefined> {
  const services = field(await readJson(`https://${domain}${DID_DOCUMENT}`, options), 'service')
  const service = Array.isArray(services)
    ? services.find((one) => field(one, 'type') === 'Synapse')
    : undefined
  const url = field(service, 'serviceEndpoint')
  const origin = typeof url === 'string' ? originOf(url) : undefined
  return origin === undefined ? undefined : await findAt(origin, options)
}

async function byDns(domain: string, dns: NameServer, options: LookupOptions): Promise<Found | undefined> {
  const name = `_synapse._tcp.${domain}`
  const [records, texts] = await Promise.all([
    dns.resolveSrv(name).catch(() => []),
    dns.resolveTxt(name).catch(() => []),
  ])
  const [service] = records
  // The facts may be in one string, or one in each.
  const facts = factsOf(texts.flatMap((parts) => parts.flatMap((part) => part.split(' '))))
  if (service === undefined || facts === undefined) return undefined
  const scheme = facts.get('tls') === '0' ? 'http' : 'https'
  const hintedDid = facts.get('did')
  const path = facts.get('path') ?? WELL_KNOWN
  const origin = originOf(`${scheme}://${service.name}:${service.port}`)
  if (origin === undefined || !path.startsWith('/')) return undefined
  return await findAt(`${origin}${path}`, { ...options, ...(hintedDid === undefined ? {} : { hintedDid }) })
}

/**
 * Fetches JSON; undefined for anything else and beyond the size limit. Follows no redirects, because a result must come
 * from the address that was asked.
 */
async function readJson(url: string, { fetch: ask = fetch }: LookupOptions): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await ask(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
    if (!response.ok || response.body === null) return undefined
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body) {
      length += chunk.length
      if (length > MOST_BYTES) return undefined
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}
