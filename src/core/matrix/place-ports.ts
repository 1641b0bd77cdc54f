import type { StoredEvent } from './event-ports'
import type { MatrixRoom } from './room-ports'

/** What those who look for rooms ask of the store. */

/** A room with the number of its members. */
export interface PublishedRoom {
  readonly channelId: number
  readonly joined: number
}

export interface PlaceReads {
  /** The rooms in the directory that are neither archived nor blocked: that with most members first, then the older one. */
  publishedRooms(): Promise<PublishedRoom[]>
  /** Unknown ids are left out. */
  roomsById(roomIds: readonly string[]): Promise<MatrixRoom[]>
  /** How many have joined each of these rooms. Rooms without members are left out. */
  countJoined(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /** Those of these channels that are archived. */
  archivedAmong(channelIds: readonly number[]): Promise<number[]>
  /** The state events of these types and without a state key in these rooms now, in no order. */
  describingStates(channelIds: readonly number[], types: readonly string[]): Promise<StoredEvent[]>
  /** Inner ids of the rooms that both users have joined, in no order. */
  sharedRooms(one: string, other: string): Promise<number[]>
}
