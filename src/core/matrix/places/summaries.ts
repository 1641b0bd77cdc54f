import { isObject, type JsonObject } from '../canonical'
import { parsedRoomEvent, type RoomEvent } from '../events'
import { isRoomId } from '../ids'
import { isKeptOut, KEPT_OUT } from '../kept-out'
import type { MatrixReads } from '../ports'
import type { Reader, Readers } from '../reading/readers'
import type { MatrixRoom } from '../room-ports'
import { joinRuleOf, type Membership, type RoomState } from '../room-state'
import { roomVersion } from '../versions'

/** The state that describes a room to those who are not in it. */
const DESCRIBING = [
  'm.room.create',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.canonical_alias',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.encryption',
  KEPT_OUT,
] as const

/** What describes a room. */
export interface RoomFacts {
  readonly room: MatrixRoom
  /** The state of DESCRIBING alone. */
  readonly state: RoomState
  readonly joined: number
  readonly isArchived: boolean
}

/** Reads what describes rooms, in a few statements however many they are. */
export async function roomFacts(reads: MatrixReads, rooms: readonly MatrixRoom[]): Promise<RoomFacts[]> {
  const ids = rooms.map(({ channelId }) => channelId)
  const [states, joined, archived] = await Promise.all([
    statesOf(reads, ids, DESCRIBING),
    reads.countJoined(ids),
    reads.archivedAmong(ids),
  ])
  const closed = new Set(archived)
  return rooms.map((room) => {
    return {
      room,
      state: states.get(room.channelId) ?? NOTHING,
      joined: joined.get(room.channelId) ?? 0,
      isArchived: closed.has(room.channelId),
    }
  })
}

/** Reads a part of the state of rooms, by channel: the events of these types and without a state key. */
export async function statesOf(
  reads: MatrixReads,
  channelIds: readonly number[],
  types: readonly string[],
): Promise<ReadonlyMap<number, RoomState>> {
  const byRoom = new Map<number, Map<string, RoomEvent>>()
  for (const event of await reads.describingStates(channelIds, types)) {
    const known = byRoom.get(event.channelId) ?? new Map<string, RoomEvent>()
    known.set(event.type, parsedRoomEvent(event))
    byRoom.set(event.channelId, known)
  }
  const states = [...byRoom].map(([channelId, events]): [number, RoomState] => [
    channelId,
    { event: (type, stateKey) => (stateKey === '' ? events.get(type) : undefined) },
  ])
  return new Map(states)
}

const NOTHING: RoomState = { event: () => undefined }

/** Returns a room as the directory lists it. */
export function directoryEntry({ room, state, joined }: RoomFacts): JsonObject {
  const text = (type: string, key: string): JsonObject => {
    const value = contentOf(state, type)[key]
    return typeof value === 'string' && value !== '' ? { [NAMES[type] ?? key]: value } : {}
  }
  return {
    room_id: room.roomId,
    num_joined_members: joined,
    world_readable: isWorldReadable(state),
    guest_can_join: contentOf(state, 'm.room.guest_access')['guest_access'] === 'can_join',
    join_rule: joinRuleOf(state),
    ...text('m.room.name', 'name'),
    ...text('m.room.topic', 'topic'),
    ...text('m.room.avatar', 'url'),
    ...text('m.room.canonical_alias', 'alias'),
    ...text('m.room.create', 'type'),
  }
}

/** What the summary calls members of state events. */
const NAMES: Readonly<Record<string, string>> = {
  'm.room.avatar': 'avatar_url',
  'm.room.canonical_alias': 'canonical_alias',
  'm.room.create': 'room_type',
}

/** Returns the summary of a room. */
export function roomSummary(facts: RoomFacts): JsonObject {
  const { room, state } = facts
  const { algorithm } = contentOf(state, 'm.room.encryption')
  const allowed = allowedRooms(state)
  return {
    ...directoryEntry(facts),
    ...(allowed.length === 0 ? {} : { allowed_room_ids: allowed }),
    ...(typeof algorithm === 'string' ? { encryption: algorithm } : {}),
    room_version: room.version,
  }
}

/** Returns the type of a room, such as `m.space`; null for a room of messages. */
export function typeOf({ state }: Pick<RoomFacts, 'state'>): string | null {
  const { type } = contentOf(state, 'm.room.create')
  return typeof type === 'string' ? type : null
}

/** Decides which rooms somebody may learn of: those that it could join or read. */
export class KnownRooms {
  constructor(
    private readonly reads: () => MatrixReads,
    private readonly readers: Pick<Readers, 'hasScope'>,
  ) {}

  /** Returns those rooms that a reader may learn of, with its membership. */
  async among(
    reader: Reader,
    facts: readonly RoomFacts[],
  ): Promise<{ readonly facts: RoomFacts; readonly membership: Membership | undefined }[]> {
    const ids = facts.flatMap(({ room }) => room.channelId)
    const allowing = facts.flatMap(({ state }) => allowedRooms(state))
    const reads = this.reads()
    const allowed = allowing.length === 0 ? [] : await reads.roomsById([...new Set(allowing)])
    const members = await reads.membershipsIn(reader.userId, [
      ...new Set([...ids, ...allowed.map(({ channelId }) => channelId)]),
    ])
    const membershipIn = new Map(members.map(({ channelId, membership }) => [channelId, membership]))
    const joined = new Set(
      allowed.flatMap(({ channelId, roomId }) => (membershipIn.get(channelId) === 'join' ? [roomId] : [])),
    )
    const known = []
    for (const one of facts) {
      const membership = membershipIn.get(one.room.channelId)
      const isKnown = mayKnow(one, membership, (roomId) => joined.has(roomId))
      if (isKnown && (await this.readers.hasScope(reader, one.room.channelId)))
        known.push({ facts: one, membership })
    }
    return known
  }
}

function mayKnow(
  { room, state, isArchived }: RoomFacts,
  membership: Membership | undefined,
  isIn: (roomId: string) => boolean,
): boolean {
  if (isKeptOut(state.event(KEPT_OUT, ''))) return false
  if (membership === 'join' || isWorldReadable(state)) return true
  if (isArchived || room.blocked || membership === 'ban') return false
  if (membership === 'invite') return true
  const version = roomVersion(room.version)
  switch (joinRuleOf(state)) {
    case 'public':
      return true
    case 'knock':
      return version?.knock === true
    case 'knock_restricted':
      return version?.knockRestricted === true
    case 'restricted':
      return version?.restrictedJoins === true && allowedRooms(state).some(isIn)
    default:
      return false
  }
}

/** The rooms whose members may join a room. */
function allowedRooms(state: RoomState): string[] {
  const rule = joinRuleOf(state)
  const { allow } = contentOf(state, 'm.room.join_rules')
  if ((rule !== 'restricted' && rule !== 'knock_restricted') || !Array.isArray(allow)) return []
  return allow.flatMap((entry) =>
    isObject(entry) && entry['type'] === 'm.room_membership' && isRoomId(entry['room_id'])
      ? [entry['room_id']]
      : [],
  )
}

function isWorldReadable(state: RoomState): boolean {
  return contentOf(state, 'm.room.history_visibility')['history_visibility'] === 'world_readable'
}

/** Returns the content of a state event; nothing without one. */
export function contentOf(state: RoomState, type: string): JsonObject {
  return state.event(type, '')?.pdu.content ?? {}
}
