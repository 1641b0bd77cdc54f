import { BlockList, isIP } from 'node:net'
import type { Settings } from '../core/governance/settings'
import type { Origin } from '../core/identity/actor'

/**
 * How long a connection may wait for its next request: longer than the proxies of docs/operating.md keep theirs, so that
 * none of them sends a request into one that is being closed.
 */
export const KEEP_ALIVE_SECONDS = 150

/** How a request reached us, noted by the listener that accepted it. */
export interface Peer {
  /** `local`: the Unix socket or the program itself, which is the operator. */
  readonly transport: 'tcp' | 'local'
  /** Null on the Unix socket, and over TCP where it is first asked for when the client has gone. */
  readonly address: string | null
  /** Whether the listener itself speaks TLS. */
  readonly secure: boolean
  /** Whether this run asks for no credential: who has none is the operator. */
  readonly rescue?: boolean
  /** Turns the request into a WebSocket; absent where none is possible. */
  upgrade?(data: object, headers: Record<string, string>): boolean
  /** How long the connection may stand still, instead of the listener's idle timeout; 0, the default: for ever. */
  hold?(seconds?: number): void
  /** Whether it was held: that it takes long is then what was asked for. */
  readonly held?: boolean
}

const peers = new WeakMap<Request, Peer>()
const unknown: Peer = { transport: 'tcp', address: null, secure: false }

export function notePeer(request: Request, peer: Peer): void {
  peers.set(request, peer)
}

/** Where a request came from. One that no listener noted is nobody, never the operator. */
export function peerOf(request: Request): Peer {
  return peers.get(request) ?? unknown
}

/** Plain form of an address: an IPv4 peer on an IPv6 listener appears as `::ffff:a.b.c.d`. */
function plain(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address
}

/** Whether the connection was cut before it could be seen where it came from. Nobody waits for the answer. */
export function hasGone(request: Request): boolean {
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
 * The address of the client: the peer, or, while that is a trusted proxy, the next one from the right of
 * `X-Forwarded-For`. What a client wrote into that header itself lies further left and is never reached.
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

/** Whether the client speaks https: to us, or to a trusted proxy that says so. */
export function isSecure(request: Request, proxies: readonly string[]): boolean {
  const { secure, address } = peerOf(request)
  if (secure || address === null) return secure
  return (
    isTrusted(plain(address), proxies) &&
    request.headers.get('x-forwarded-proto')?.trim().toLowerCase() === 'https'
  )
}

/** Whose page an `Origin` means: our own, one that the operator listed in `auth.cors_origins`, or any other. */
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
 * Where a request came from, for what is written down. Made when the request begins: once its client has gone, nobody can
 * say any more where that was.
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
