import { hostname, networkInterfaces } from 'node:os'
import { OperatorError } from '../core/kernel/operator-error'
import { addressClass } from './address'

/** Returns the IPv4 addresses of this machine. @throws OperatorError if the system does not list them */
export function ownAddresses(): string[] {
  try {
    const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    return found.flatMap(({ family, address }) => (family === 'IPv4' ? [address] : []))
  } catch (cause) {
    throw new OperatorError(
      'refused',
      'the addresses of this machine cannot be listed',
      'under systemd add AF_NETLINK to RestrictAddressFamilies, or name an address with --host',
      { cause },
    )
  }
}

/** Returns the private addresses among these, at which the local network reaches this machine. */
export function privateAddresses(addresses: readonly string[]): string[] {
  return addresses.filter((address) => addressClass(address) === 'private')
}

/** Returns the name of this machine in multicast DNS. */
export function localName(): string {
  const [first = 'synapse'] = hostname().split('.')
  return `${first}.local`
}
