/**
/**
 * The kernel: what all of the core and every surface share, whatever it is about. transactions.ts is what every act goes
 * through, retry-keys.ts makes it happen once, host.ts is what surfaces see of the process and the machine.
 * Imports the core alone. Start reading at transactions.ts.
 */
export type { BackupMaker, EchoKeys, Host, NearbyServer } from './host'
export { RetryKeys } from './retry-keys'
export { Transactions } from './transactions'
