import { OperatorError } from '../core/kernel/operator-error'
import { addressClass, canonicalAddress } from './address'
import { ownAddresses, privateAddresses } from './interfaces'

/** Who may connect to a listener: every peer (`loopback`, `open`), or only peers that are not public (`private`). */
export type BindClass = 'loopback' | 'private' | 'open'

/** One address to listen on. */
export interface Listener {
  readonly host: string
  readonly bindClass: BindClass
  /** The addresses at which it is reached, if they differ from `host`. */
  readonly reachedAt?: readonly string[]
}

/** The decision of the bind guard. `notices` are lines for the log; `refusal` says what is wrong and how to fix it. */
export type BindDecision =
  | { readonly ok: true; readonly listeners: readonly Listener[]; readonly notices: readonly string[] }
  | { readonly ok: false; readonly refusal: OperatorError }

/**
 * Decides whether the server may listen on these addresses. Loopback and private addresses are allowed; wildcard and
 * public ones only with `allowPublic` (`--allow-public-bind`).
 */
export function checkBind(hosts: readonly string[], allowPublic: boolean): BindDecision {
  if (allowPublic) {
    const notice = `the bind guard is off (--allow-public-bind): anyone who can reach ${hosts.join(', ')} may connect`
    return { ok: true, listeners: hosts.map((host) => ({ host, bindClass: 'open' })), notices: [notice] }
  }
  const listeners: Listener[] = []
  for (const host of hosts) {
    const kind = host === 'localhost' ? 'loopback' : addressClass(host)
    if (kind === 'public') return { ok: false, refusal: refusal(host) }
    listeners.push({ host, bindClass: kind })
  }
  const reachable = listeners.filter(({ bindClass }) => bindClass === 'private').map(({ host }) => host)
  const notices =
    reachable.length === 0 ? [] : [`listening on ${reachable.join(', ')}: only private addresses may connect`]
  return { ok: true, listeners, notices }
}

/**
 * Decides whether the server may listen for the local network (`--lan`). It then listens on every IPv4 address, so that
 * it also serves addresses assigned later. Refused if one of `addresses`, those of this machine, is public, unless
 * `allowPublic`.
 */
export function checkLan(allowPublic: boolean, addresses: readonly string[] = ownAddresses()): BindDecision {
  const exposed = addresses.filter((address) => addressClass(address) === 'public')
  if (exposed.length > 0 && !allowPublic) return { ok: false, refusal: exposedRefusal(exposed) }
  const own = privateAddresses(addresses)
  const host = '0.0.0.0'
  if (allowPublic) {
    const reachedAt = ['127.0.0.1', ...addresses.filter((address) => addressClass(address) !== 'loopback')]
    const notice =
      'the bind guard is off (--allow-public-bind): anyone who can reach this machine may connect'
    return { ok: true, listeners: [{ host, bindClass: 'open', reachedAt }], notices: [notice] }
  }
  const reachedAt = ['127.0.0.1', ...own]
  const where = own.join(', ') || 'no private address yet'
  const notice = `listening for the local network (${where}): only private addresses may connect`
  return { ok: true, listeners: [{ host, bindClass: 'private', reachedAt }], notices: [notice] }
}

/**
 * Reports whether a listener of this class accepts a connection from this address. The address must be that of the
 * socket, never one from a header. Cheap enough for every request.
 */
export function acceptsPeer(bindClass: BindClass, peerAddress: string): boolean {
  return bindClass !== 'private' || addressClass(peerAddress) !== 'public'
}

const LAN = '  --lan       take every private network of this machine, and no other'
const SAFE_WAYS = [
  'the safe ways to reach Synapse from elsewhere are',
  '  tailnet     bind the private address of your VPN: --host 127.0.0.1,<address, such as 100.x.y.z>',
  '  TLS proxy   keep 127.0.0.1 and put Caddy or nginx in front',
  '  tunnel      keep 127.0.0.1 and run cloudflared or ssh -L',
  LAN,
  'Behind a firewall of its own, or in a container: --allow-public-bind (SYNAPSE_ALLOW_PUBLIC_BIND=1).',
]

function exposedRefusal(exposed: readonly string[]): OperatorError {
  return new OperatorError(
    'refused',
    `will not listen for the local network, because this machine has a public address (${exposed.join(', ')})`,
    ['name one private address with --host, or', ...SAFE_WAYS.filter((way) => way !== LAN)].join('\n'),
  )
}

function refusal(host: string): OperatorError {
  const wildcard = ['0.0.0.0', '::'].includes(canonicalAddress(host))
  const why = wildcard ? 'it means every address of this machine' : 'it is a public address'
  return new OperatorError('refused', `will not listen on ${host}, because ${why}`, SAFE_WAYS.join('\n'))
}
