import type { Seq } from '../kernel/ids'
import type { StoredEvent } from './event-ports'
import type { RoomMember, StateKey } from './room-ports'
import type { Membership } from './room-state'

/** What readers of rooms ask of their history. */

/** A change of a key of the state, with its event. */
export interface KeyChange extends StateKey {
  readonly pos: number
  /** Undefined where the key was removed. */
  readonly event: StoredEvent | undefined
}

/** The replies of a thread. */
export interface ThreadSummary {
  /** Position of the root. */
  readonly root: number
  /** How many replies it has, without redacted ones and those of ignored users. */
  readonly count: number
  /** Position of the newest of them. */
  readonly latest: number
  /** Whether the reader wrote one of them. */
  readonly participated: boolean
}

/** Whose replies count, and who reads them. */
export interface ThreadReader {
  readonly userId: string
  readonly ignored: readonly string[]
}

export interface HistoryReads {
  /** The channels in which something was logged after a seq up to another, in no order. */
  changedChannels(after: Seq, upTo: Seq): Promise<number[]>
  /** The newest memberships of a user in these channels, in no order. */
  membershipsIn(userId: string, channelIds: readonly number[]): Promise<RoomMember[]>
  /** All changes of these keys of the state of a room, key by key, by position. */
  keyChanges(channelId: number, keys: readonly StateKey[]): Promise<KeyChange[]>
  /** The members of a room in the order of their member events. */
  firstMembers(
    channelId: number,
    memberships: readonly Membership[],
    not: readonly string[],
    limit: number,
  ): Promise<RoomMember[]>
  /** Which of these events have others that relate to them, and by which types of relations. */
  relationTypes(
    positions: readonly number[],
  ): Promise<readonly { readonly pos: number; readonly relType: string }[]>
  /** The newest edit of each of these events by its sender, by the position of the edited event. */
  newestEdits(positions: readonly number[]): Promise<ReadonlyMap<number, StoredEvent>>
  /** The threads of these roots, in no order; roots without replies are left out. */
  threadsOf(roots: readonly number[], reader: ThreadReader): Promise<ThreadSummary[]>
  /** The threads of a room whose newest reply is before a position, newest first. */
  threadsIn(
    channelId: number,
    page: ThreadReader & { readonly before: number; readonly limit: number; readonly onlyOwn: boolean },
  ): Promise<ThreadSummary[]>
  /** The events that relate to any of these, by position, at most `limit`. */
  relatedToAny(positions: readonly number[], limit: number): Promise<StoredEvent[]>
  /** The events of a room that are closest to a moment, at or after it (`f`) or at or before it (`b`). */
  eventsNear(
    channelId: number,
    moment: { readonly ts: number; readonly direction: 'f' | 'b'; readonly limit: number },
  ): Promise<StoredEvent[]>
}
