/** What `/sync` asks of the store beside rooms and their history. */

import type { Seq } from '../kernel/ids'
import type { StoredEvent } from './event-ports'

/** A stretch of the companion stream: after one position, up to another. */
export interface MxSpan {
  readonly after: number
  readonly upTo: number
}

/** A value of account data. `channelId` is 0 for the whole account. */
export interface AccountDatum {
  readonly channelId: number
  readonly type: string
  readonly json: string
}

export interface SyncReads {
  /** The events of all rooms that log rows after a seq up to another own, by position; at most `limit`. */
  eventsOfRows(after: Seq, upTo: Seq, limit: number): Promise<StoredEvent[]>
  /** The JSON of account data; undefined if it was never set. */
  accountDatum(accountId: number, channelId: number, type: string): Promise<string | undefined>
  /** The account data that changed in a stretch, in the order of the changes. */
  changedAccountData(accountId: number, mx: MxSpan): Promise<AccountDatum[]>
  /** The JSON of a stored filter. */
  storedFilter(accountId: number, n: number): Promise<string | undefined>
  /** How many one-time keys of each algorithm a device has. */
  oneTimeKeyCounts(device: number): Promise<ReadonlyMap<string, number>>
  /** The algorithms of the fallback keys of a device that nobody has used. */
  unusedFallbackKeys(device: number): Promise<string[]>
}
