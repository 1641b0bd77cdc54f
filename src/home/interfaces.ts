import { hostname, networkInterfaces } from 'node:os'
import { OperatorError } from '../core/kernel/operator-error'
import { addressClass } from './address'

/** The IPv4 addresses of this machine. @throws OperatorError where the system does not tell them */
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

/** Those of the addresses at which others in the same network reach this machine. */
export function privateAddresses(addresses: readonly string[]): string[] {
  return addresses.filter((address) => addressClass(address) === 'private')
}

/** The name of this machine in its network, as multicast DNS knows it. */
export function localName(): string {
  const [first = 'synapse'] = hostname().split('.')
  return `${first}.local`
}
