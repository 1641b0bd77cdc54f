import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { canonicalAddress } from '../home'
import { InvalidValue } from './config-error'
import type { PathBase } from './declare'

/** Parses the addresses to listen on and removes duplicates. @throws InvalidValue for names other than `localhost` */
export function parseHosts(hosts: readonly string[]): string[] {
  const canonical = hosts.map((host) => {
    if (host.toLowerCase() === 'localhost') return 'localhost'
    const address = canonicalAddress(host)
    if (isIP(address) !== 0) return address
    throw new InvalidValue(
      `'${host}' is not an address`,
      'write literal addresses or localhost, for example 127.0.0.1,100.64.0.7',
    )
  })
  return [...new Set(canonical)]
}

/** Parses `host:port`, the form of `SYNAPSE_BIND`. @throws InvalidValue */
export function parseBind(text: string): { host: string; port: string } {
  const [, host, port] = /^(\[[^\]]+\]|[^:[\]]+):(\d+)$/.exec(text) ?? []
  if (host !== undefined && port !== undefined) return { host, port }
  throw new InvalidValue(
    'is not host:port',
    'write for example 127.0.0.1:8080, or set SYNAPSE_HOST and SYNAPSE_PORT',
  )
}

/** Parses networks of the form `address/bits`; an address alone is a network of one address. @throws InvalidValue */
export function parseNetworks(entries: readonly string[]): string[] {
  // The refusals below quote an entry, and the address of a proxy may contain a password.
  if (entries.some((entry) => entry.includes('@')))
    throw new InvalidValue('names a user or a password', 'write address/bits, for example 10.0.0.0/8')
  return [...new Set(entries.map(parseNetwork))]
}

function parseNetwork(text: string): string {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  const widest = version === 4 ? 32 : 128
  const length = bits === undefined ? widest : Number(bits)
  // The canonical form of a mapped address (::ffff:a.b.c.d) is IPv4, where the bits would mean something else.
  const canonical = canonicalAddress(address)
  if (version !== 0 && isIP(canonical) === version && !canonical.includes('%') && length <= widest) {
    return `${canonical}/${length}`
  }
  throw new InvalidValue(
    `'${text}' is not a network`,
    'write address/bits, for example 10.0.0.0/8 or fd00::/8',
  )
}

/** Parses a list of host names and networks; names become lower case. @throws InvalidValue */
export function parseTargets(entries: readonly string[]): string[] {
  const isName = (text: string) => HOST_NAME.test(text) && !/(?:^|\.)\d+$/.test(text)
  const names = entries.map((entry) => entry.toLowerCase().replace(/\.$/, '')).filter(isName)
  const rest = entries.filter((entry) => !isName(entry.toLowerCase().replace(/\.$/, '')))
  return [...new Set([...names, ...parseNetworks(rest)])]
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/

/** The kernel's limit on the path of a Unix socket, in bytes. */
const SOCKET_PATH_BYTES = 107

/** Returns an absolute path, or `off`. @throws InvalidValue if the path is too long for a Unix socket */
export function parseSocket(text: string, { cwd }: PathBase): string {
  if (text.trim().toLowerCase() === 'off') return 'off'
  const path = resolve(cwd, text)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path
  throw new InvalidValue(
    `the path of the socket has more than ${SOCKET_PATH_BYTES} bytes: ${path}`,
    'set SYNAPSE_SOCKET to a shorter path, or to off',
  )
}

/** Returns the absolute path; a relative one is resolved against `cwd`. */
export function parseFile(text: string, { cwd }: PathBase): string {
  return resolve(cwd, text)
}
