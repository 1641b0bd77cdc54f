import type { StoredEvent } from './event-ports'
import type { KeyChange } from './history-ports'
import type { ShownReceipt } from './receipt-ports'
import type { StateKey } from './room-ports'
import type { Membership } from './room-state'
import type { MxSpan } from './sync-ports'

/** A change of a key of the state of a room. */
export interface RoomKeyChange extends KeyChange {
  readonly channelId: number
}

/** What is read of many rooms at once, in one statement for all of them. */
export interface RoomPageReads {
  /** All changes of these keys of the state of these rooms, key by key, by position. */
  keyChangesOf(channelIds: readonly number[], keys: readonly StateKey[]): Promise<RoomKeyChange[]>
  /** The newest events of each room before a position, newest first; at most `limit` of each. */
  newestOfRooms(
    channelIds: readonly number[],
    page: { readonly before: number; readonly limit: number },
  ): Promise<StoredEvent[]>
  /** The state of rooms now, but for their members, in no order. */
  describedState(channelIds: readonly number[]): Promise<StoredEvent[]>
  /** How many users have each membership. */
  countMembersOfRooms(
    channelIds: readonly number[],
  ): Promise<
    readonly { readonly channelId: number; readonly membership: Membership; readonly members: number }[]
  >
  /** For each of these state events the one that it replaced, by the position of the new one. */
  replacedStatesOf(
    events: readonly (StateKey & { readonly channelId: number; readonly pos: number })[],
  ): Promise<ReadonlyMap<number, StoredEvent>>
  /** The receipts in rooms that changed in a stretch of the companion stream. */
  receiptsOfRooms(
    channelIds: readonly number[],
    mx: MxSpan,
  ): Promise<readonly (ShownReceipt & { readonly channelId: number })[]>
}
