import type { PositionRange, StoredEvent } from './event-ports'
import type { Membership } from './room-state'

/** What only Matrix knows of a channel. */
export interface MatrixRoom {
  readonly channelId: number
  readonly roomId: string
  readonly version: string
  /** Where the channel was made. */
  readonly born: 'channel' | 'matrix'
  readonly federate: boolean
  /** Whether it is in the room directory. */
  readonly published: boolean
  /** An admin has blocked it: nobody comes in. */
  readonly blocked: boolean
  /** Id of the newest event, to which the next one refers. */
  readonly tipEvent: string
  /** Depth of that event. */
  readonly depth: number
}

/** The newest membership of a user in a room. */
export interface RoomMember {
  readonly userId: string
  readonly channelId: number
  readonly membership: Membership
  /** Position of its member event. */
  readonly pos: number
  readonly forgotten: boolean
}

/** A key of the state of a room. */
export interface StateKey {
  readonly type: string
  readonly stateKey: string
}

/** The event of a key of the state now, by its position. */
export interface StateRow extends StateKey {
  readonly channelId: number
  readonly pos: number
}

/** A change of the state of a room. */
export interface StateChange extends StateKey {
  readonly pos: number
  /** Position of the event of the key from then on; null where the key was removed. */
  readonly eventPos: number | null
}

/** Which part of a state is wanted; absent members = any. */
export interface StateFilter {
  readonly types?: readonly string[]
  readonly notTypes?: readonly string[]
  /** Only with exactly one type. */
  readonly stateKeys?: readonly string[]
}

export interface RoomReads {
  room(by: { readonly channelId: number } | { readonly roomId: string }): Promise<MatrixRoom | undefined>
  /** The rooms with these ids, in no order. */
  roomsNamed(roomIds: readonly string[]): Promise<MatrixRoom[]>
  roomsOfChannels(channelIds: readonly number[]): Promise<MatrixRoom[]>
  /** The events of the state of a room now, in no order. */
  stateNow(channelId: number, filter?: StateFilter): Promise<StoredEvent[]>
  /**
   * The events of the state of a room after the event at a position, in no order: for each key the newest change at or
   * below it.
   */
  stateAt(channelId: number, pos: number, filter?: StateFilter): Promise<StoredEvent[]>
  /** The changes of the state of a room between two positions, by position. */
  stateChanges(channelId: number, range: PositionRange): Promise<StateChange[]>
  member(userId: string, channelId: number): Promise<RoomMember | undefined>
  /** The member events of these users in these rooms, as the state is now. */
  memberEvents(
    keys: readonly { readonly channelId: number; readonly userId: string }[],
  ): Promise<StoredEvent[]>
  /** Every member event of a user in a room, by position. */
  memberEventsOf(channelId: number, userId: string): Promise<StoredEvent[]>
  /** The members of a room by user id; `after` is the last one of the previous page. */
  membersOf(
    channelId: number,
    page: { readonly memberships: readonly Membership[]; readonly after: string; readonly limit: number },
  ): Promise<RoomMember[]>
  countMembersOf(channelId: number): Promise<Readonly<Partial<Record<Membership, number>>>>
  /** The rooms of a user, forgotten ones included, in no order. */
  roomsOf(userId: string, memberships: readonly Membership[]): Promise<RoomMember[]>
  /** The channel of an alias. */
  alias(alias: string): Promise<RoomAlias | undefined>
  aliasesOfRoom(channelId: number): Promise<RoomAlias[]>
  countRooms(born: MatrixRoom['born']): Promise<number>
  /** In how many rooms a user is. */
  countRoomsOf(userId: string): Promise<number>
  /** By channel; `after` is the channel of the last one of the previous page. */
  listRooms(page: { readonly after: number; readonly limit: number }): Promise<MatrixRoom[]>
  /** Positions of the newest event of each of these rooms. */
  newestPositions(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
}

export interface RoomAlias {
  /** The whole alias. */
  readonly alias: string
  readonly channelId: number
  /** Null for the alias of a channel, which nobody can delete. */
  readonly creatorId: number | null
}

export interface RoomWrites {
  /** Inserts rooms, or replaces what can change: `published`, `tipEvent`, `depth`. One statement. */
  writeRooms(rooms: readonly MatrixRoom[]): Promise<void>
  /** Replaces the newest event of rooms, and nothing else that their rows say. */
  moveTips(rooms: readonly Pick<MatrixRoom, 'channelId' | 'tipEvent' | 'depth'>[]): Promise<void>
  /** Sets keys of the state, and notes each change in the log of the state. */
  setState(rows: readonly StateRow[]): Promise<void>
  /** Sets the newest membership of users, none of whom has forgotten the room then. */
  setMembers(members: readonly Omit<RoomMember, 'forgotten'>[]): Promise<void>
  /** Notes that a user has forgotten a room that it is not in. */
  forgetRoom(userId: string, channelId: number): Promise<void>
  /** The alias must be free. */
  insertAlias(alias: RoomAlias): Promise<void>
  deleteAlias(alias: string): Promise<void>
  /** Gives the aliases of a room to another one, except that of a channel. */
  moveAliases(from: number, to: number): Promise<void>
  setBlocked(channelId: number, blocked: boolean): Promise<void>
  /**
   * Deletes up to `limit` events of a room; once none is left, also its state, members, aliases and row. Returns whether
   * nothing is left.
   */
  deleteRoomRows(channelId: number, limit: number): Promise<boolean>
}
