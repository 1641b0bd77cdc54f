import { BlockList, isIP } from 'node:net'
import type { Settings } from '../core/governance/settings'
import type { Origin, Through } from '../core/identity/actor'
import type { Client } from '../core/identity/sessions'
import { printable } from '../core/kernel/text'

/**
 * Idle time of a connection between requests. It is longer than that of the proxies in docs/operating.md, so that they
 * do not send a request into a closing connection.
 */
export const KEEP_ALIVE_SECONDS = 150

/** The origin of a request, recorded by the listener that accepted it. */
export interface Peer {
  /** `local`: the Unix socket or the program itself, that is, the operator. */
  readonly transport: 'tcp' | 'local'
  /** Null on the Unix socket, and over TCP if the client disconnected before the address was first asked for. */
  readonly address: string | null
  /** Whether the listener itself speaks TLS. */
  readonly secure: boolean
  /** Whether a caller without a credential is the operator in this run. */
  readonly rescue?: boolean
  /** Upgrades the request to a WebSocket; absent if that is not possible. */
  upgrade?(data: object, headers: Record<string, string>): boolean
  /** Sets the idle time of the connection in seconds instead of the listener's; 0, the default, means no limit. */
  hold?(seconds?: number): void
  /** Whether the request was held, so that its long duration is expected. */
  readonly held?: boolean
  /** The protocol of the request within which this one is made. */
  readonly through?: Through | undefined
}

const peers = new WeakMap<Request, Peer>()
const unknown: Peer = { transport: 'tcp', address: null, secure: false }

export function notePeer(request: Request, peer: Peer): void {
  peers.set(request, peer)
}

/** Returns the peer of a request. A request that no listener recorded has an unknown peer, never the operator. */
export function peerOf(request: Request): Peer {
  return peers.get(request) ?? unknown
}

/** Normalizes an address: an IPv4 peer on an IPv6 listener appears as `::ffff:a.b.c.d`. */
function plain(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address
}

/** Reports whether the client disconnected before its address was known. */
export function isDisconnected(request: Request): boolean {
  const { transport, address } = peerOf(request)
  return transport === 'tcp' && address === null
}

let compiled: { source: readonly string[]; list: BlockList } | undefined

function isTrusted(address: string, proxies: readonly string[]): boolean {
  if (compiled?.source !== proxies) compiled = { source: proxies, list: compile(proxies) }
  const family = isIP(address)
  return family !== 0 && compiled.list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

function compile(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of proxies) {
    const [network = '', bits] = entry.split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(network, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family)
  }
  return list
}

/**
 * Returns the address of the client: the peer, or, while that is a trusted proxy, the next entry from the right in
 * `X-Forwarded-For`. Entries that a client wrote itself are further left and never reached.
 */
export function clientAddress(request: Request, proxies: readonly string[]): string | null {
  let { address } = peerOf(request)
  if (address === null) return null
  address = plain(address)
  const forwarded = (request.headers.get('x-forwarded-for') ?? '')
    .split(',')
    .map((part) => plain(part.trim()))
  for (let next = forwarded.pop(); next && isTrusted(address, proxies); next = forwarded.pop()) {
    if (isIP(next) === 0) break
    address = next
  }
  return address
}

/** Returns the origin of a request, as stored with a session and counted for login attempts. */
export function clientOf({ settings }: { readonly settings: Settings }, request: Request): Client {
  return {
    address: clientAddress(request, settings.get('trusted_proxies')),
    userAgent: printable(request.headers.get('user-agent')?.slice(0, 300) ?? '') || null,
  }
}

/** Reports whether the client uses https: to this server, or to a trusted proxy that says so. */
export function isSecure(request: Request, proxies: readonly string[]): boolean {
  const { secure, address } = peerOf(request)
  if (secure || address === null) return secure
  return (
    isTrusted(plain(address), proxies) &&
    request.headers.get('x-forwarded-proto')?.trim().toLowerCase() === 'https'
  )
}

/** Classifies an `Origin`: this server's own, one listed in `auth.cors_origins`, or another one. */
export function originClass(
  request: Request,
  origin: string,
  settings: Settings,
): 'own' | 'listed' | 'foreign' {
  const wanted = origin.toLowerCase()
  const scheme = isSecure(request, settings.get('trusted_proxies')) ? 'https' : 'http'
  if (wanted === `${scheme}://${(request.headers.get('host') ?? '').toLowerCase()}`) return 'own'
  if (wanted === settings.get('base_url')) return 'own'
  return settings.get('auth.cors_origins').includes(wanted) ? 'listed' : 'foreign'
}

const COMMAND = /^[a-z][a-z -]{0,63}$/

/**
 * Where a request came from, for the audit log. Created when the request begins, because the address is unknown after
 * the client disconnects.
 */
export class RequestOrigin implements Origin {
  private readonly from: string | null

  constructor(
    private readonly request: Request,
    settings: Settings,
    readonly what: string,
    readonly duringDrain: boolean,
  ) {
    this.from = clientAddress(request, settings.get('trusted_proxies'))
  }

  address(): string | null {
    return this.from
  }

  command(): string | null {
    const command = this.request.headers.get('x-synapse-command')
    return command !== null && COMMAND.test(command) ? command : null
  }
}
