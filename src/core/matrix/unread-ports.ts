import type { PositionRange, StoredEvent } from './event-ports'

/** Up to which event a user has read a room or a thread, in public or in private. */
export interface ReadReceipt {
  readonly channelId: number
  /** Empty: without a thread; `main`; or the event id of a root. */
  readonly thread: string
  /** The position of the root of a thread; null if it is none, or unknown. */
  readonly rootPos: number | null
  readonly pos: number
}

export interface UnreadReads {
  /** The read receipts of an account in these rooms, in no order. */
  readReceipts(accountId: number, channelIds: readonly number[]): Promise<ReadReceipt[]>
  /** The rooms in which receipts of an account changed after a position of the companion stream. */
  channelsWithReceiptsOf(
    accountId: number,
    after: number,
  ): Promise<{ readonly channelId: number; readonly mx: number }[]>
  /** Which of these users are in a room. */
  joinedAmong(channelId: number, userIds: readonly string[]): Promise<string[]>
  /** The position of the newest event of each of these rooms. */
  newestEvents(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /**
   * The events of a room between two positions, newest first: messages, and state events of all types or of those that
   * the predefined push rules notify of.
   */
  notifiableEvents(
    channelId: number,
    page: PositionRange & { readonly limit: number; readonly states: 'all' | 'predefined' },
  ): Promise<StoredEvent[]>
}
