import { addressClass, canonicalAddress } from './address'
import { HomeError } from './home-error'

/** Who may connect to a listener: `loopback` and `open` take everyone that arrives, `private` its own kind. */
export type BindClass = 'loopback' | 'private' | 'open'

/** One address to listen on. */
export interface Listener {
  readonly host: string
  readonly bindClass: BindClass
}

/** The decision of the bind guard; `notices` are lines to log, `refusal` says what is wrong and what to do. */
export type BindDecision =
  | { readonly ok: true; readonly listeners: readonly Listener[]; readonly notices: readonly string[] }
  | { readonly ok: false; readonly refusal: HomeError }

/**
 * Decides whether these addresses may be listened on: loopback and private ones may, wildcard and public ones only
 * with `allowPublic` (`--allow-public-bind`).
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
 * Whether a listener of this class takes a connection from this address, which must be that of the socket, never one
 * from a header. Cheap enough for every request.
 */
export function acceptsPeer(bindClass: BindClass, peerAddress: string): boolean {
  return bindClass !== 'private' || addressClass(peerAddress) !== 'public'
}

function refusal(host: string): HomeError {
  const wildcard = ['0.0.0.0', '::'].includes(canonicalAddress(host))
  const why = wildcard ? 'it means every address of this machine' : 'it is a public address'
  const ways = [
    'the safe ways to reach Synapse from elsewhere are',
    '  tailnet     bind the private address of your VPN: --host 127.0.0.1,<address, such as 100.x.y.z>',
    '  TLS proxy   keep 127.0.0.1 and put Caddy or nginx in front',
    '  tunnel      keep 127.0.0.1 and run cloudflared or ssh -L',
    'Behind a firewall of its own, or in a container: --allow-public-bind (SYNAPSE_ALLOW_PUBLIC_BIND=1).',
  ]
  return new HomeError('refused', `will not listen on ${host}, because ${why}`, ways.join('\n'))
}
