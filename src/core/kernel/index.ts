/**
 * The kernel: what all of the core and every surface share. transactions.ts runs every act, retry-keys.ts makes an act
 * happen once, host.ts is the process and machine as surfaces see them, followers.ts are consumers of the log,
 * outbound.ts is the port for outbound calls.
 * Imports only the core. Start reading at transactions.ts.
 */
export type { LogFollowers } from './followers'
export type { BackupMaker, EchoKeys, Host, NearbyServer } from './host'
export { type Outbound, OutboundError, type OutboundRequest } from './outbound'
export { RetryKeys } from './retry-keys'
export { Transactions } from './transactions'
