import { isIP, isIPv4 } from 'node:net'

/** Where an address can be reached from. Text that is not an address counts as public. */
export type AddressClass = 'loopback' | 'private' | 'public'

/**
 * Classifies an address. Loopback: 127/8 and ::1. Private: the private, link-local, carrier-grade NAT and unique-local
 * ranges. Public: all others. A mapped IPv4 address (`::ffff:`) counts as IPv4.
 */
export function addressClass(address: string): AddressClass {
  const fast = v4Class(address)
  if (fast !== undefined) return fast
  const canonical = canonicalAddress(address)
  if (canonical === '::1') return 'loopback'
  return v4Class(canonical) ?? (/^f[cd][0-9a-f]{2}:/.test(canonical) ? 'private' : 'public')
}

/** Reports whether only programs of this machine can reach a URL. */
export function isLoopbackUrl(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return host === 'localhost' || addressClass(host.replace(/^\[|\]$/g, '')) === 'loopback'
}

/** Formats an address for a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Replaces a wildcard address in a URL by loopback, for connections from this machine. */
export function urlFromHere(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]')
}

/**
 * Returns the canonical spelling of an address: IPv6 compressed, in lower case, without brackets; a mapped IPv4 address
 * as IPv4. Returns other text unchanged.
 */
export function canonicalAddress(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (isIP(bare) !== 6) return isIPv4(bare) ? bare : text
  // An address with a zone (fe80::1%eth0) is not normalized.
  if (bare.includes('%')) return bare
  const compressed = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed)
  if (mapped?.[1] === undefined || mapped[2] === undefined) return compressed
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function v4Class(address: string): AddressClass | undefined {
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : address
  if (!isIPv4(mapped)) return undefined
  const [a = 0, b = 0] = mapped.split('.', 2).map(Number)
  if (a === 127) return 'loopback'
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  return isPrivate ? 'private' : 'public'
}
