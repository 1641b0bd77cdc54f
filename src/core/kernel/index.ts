/**
 * What every act goes through, whatever it is about: its transaction, and the retry key that makes it happen once.
 * Imports the core alone. Start reading at transactions.ts.
 */
export { RetryKeys } from './retry-keys'
export { Transactions } from './transactions'
