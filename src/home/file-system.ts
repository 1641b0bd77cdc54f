import { statfsSync } from 'node:fs'

/** Kinds of file systems, as statfs numbers them, on which neither locks nor a write-ahead log are safe. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
])

/** The name of the network file system that a path lies on; undefined where it lies on a disk of this machine. */
export function networkFileSystem(path: string): string | undefined {
  // A negative number is one above 2^31.
  return NETWORK.get(Number(statfsSync(path).type) >>> 0)
}
