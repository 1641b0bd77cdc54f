/**
 * The kernel: what all of the core and every surface share, whatever it is about. transactions.ts is what every act goes
 * through, retry-keys.ts makes it happen once, host.ts is what surfaces see of the process and the machine, followers.ts
 * is what follows the log, outbound.ts how the outside is called.
 * Imports the core alone. Start reading at transactions.ts.
 */
export type { LogFollowers } from './followers'
export type { BackupMaker, EchoKeys, Host, NearbyServer } from './host'
export { type Outbound, OutboundError, type OutboundRequest } from './outbound'
export { RetryKeys } from './retry-keys'
export { Transactions } from './transactions'
