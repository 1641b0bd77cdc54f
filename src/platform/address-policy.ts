import { BlockList, isIP } from 'node:net'

/** What permits one call to a private network. */
export interface Exemption {
  /** The operator vouches for the target, or lists its name. */
  readonly isVouched: boolean
  /** Networks that the operator lists, as `address/bits`. */
  readonly networks: readonly string[]
}

/** Services that give credentials to machines in a cloud. */
const metadata = listOf([
  '169.254.169.254/32',
  '169.254.170.2/32',
  '169.254.170.23/32',
  '100.100.100.200/32',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
])

const linkLocal = listOf(['169.254.0.0/16', 'fe80::/10'])

/** Everything else outside the public internet (https://www.iana.org/assignments/iana-ipv4-special-registry). */
const notPublic = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Within the global range of IPv6: special purposes (including Teredo), and documentation.
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
])
/** The only range of IPv6 for public addresses. */
const global6 = listOf(['2000::/3'])

/** Reports whether one of these networks contains an address. */
export function isInNetworks(text: string, networks: readonly string[]): boolean {
  return networks.length > 0 && isIP(text) !== 0 && has(listOf(networks), embeddedIPv4(text))
}

/**
 * Reports whether an address may be called. An IPv6 address that contains an IPv4 address counts as that one. Services
 * that give out credentials are never called, and link-local addresses only if a listed network contains them.
 */
export function mayCall(text: string, { isVouched, networks }: Exemption): boolean {
  const address = embeddedIPv4(text.split('%')[0] ?? '')
  const family = isIP(address)
  if (family === 0 || has(metadata, address)) return false
  if (networks.length > 0 && has(listOf(networks), address)) return true
  if (has(linkLocal, address)) return false
  if (isVouched) return true
  return !has(notPublic, address) && (family === 4 || has(global6, address))
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Returns the IPv4 address inside an IPv6 one: mapped (::ffff:), translated (64:ff9b::/96) or 6to4 (2002::/16). */
function embeddedIPv4(address: string): string {
  if (isIP(address) !== 6) return address
  const groups = groupsOf(address)
  const [first = 0, second = 0, third = 0] = groups
  const [high = 0, low = 0] = groups.slice(6)
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  if (zeros(0, 5) && groups[5] === 0xffff) return dotted(high, low)
  if (first === 0x64 && second === 0xff9b && zeros(2, 6)) return dotted(high, low)
  if (first === 0x2002) return dotted(second, third)
  return address
}

/** Returns the eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser normalizes the address to its short form, without dots.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (part = '') =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [head, tail] = [numbers(before), numbers(after)]
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
