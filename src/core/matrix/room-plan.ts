import { isObject, type JsonObject } from './canonical'
import { newRoomPowerLevels, type RoomPreset } from './power'
import type { RoomVersion } from './versions'

/** What a client asks for when it makes a room (client-server API, "POST /createRoom"). */
export interface RoomRequest {
  readonly visibility: 'public' | 'private'
  /** Absent: as the visibility says. */
  readonly preset?: RoomPreset
  readonly name?: string
  readonly topic?: string
  /** User ids, each once, without the creator. */
  readonly invite: readonly string[]
  readonly isDirect: boolean
  readonly creationContent: JsonObject
  readonly initialState: readonly NewState[]
  readonly powerOverride: JsonObject
}

export interface NewState {
  readonly type: string
  readonly stateKey: string
  readonly content: JsonObject
}

/** What the server decides about a new room. */
export interface RoomTerms {
  readonly version: RoomVersion
  readonly creator: string
  /** The whole alias; null = none. */
  readonly alias: string | null
  /** The content of the creator's member event, without its membership. */
  readonly profile: JsonObject
}

/** The contents that belong to each preset. */
const PRESETS: Readonly<Record<RoomPreset, { joinRule: string; guestAccess: string }>> = {
  private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  trusted_private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  public_chat: { joinRule: 'public', guestAccess: 'forbidden' },
}

/**
 * Returns the state events of a new room in the order in which they are sent; the invites follow them. What
 * `initialState` sets takes the place of what the preset would set, and name and topic come last.
 */
export function plannedState(request: RoomRequest, terms: RoomTerms): readonly NewState[] {
  const { version, creator, alias, profile } = terms
  const preset = request.preset ?? (request.visibility === 'public' ? 'public_chat' : 'private_chat')
  const { joinRule, guestAccess } = PRESETS[preset]
  const trusted = preset === 'trusted_private_chat' ? request.invite : []
  const given = new Set(request.initialState.map(keyOf))
  const ofPreset = [
    state('m.room.join_rules', { join_rule: joinRule }),
    state('m.room.history_visibility', { history_visibility: 'shared' }),
    state('m.room.guest_access', { guest_access: guestAccess }),
  ].filter((event) => !given.has(keyOf(event)))
  const named = [
    ...(request.name === undefined ? [] : [state('m.room.name', { name: request.name })]),
    ...(request.topic === undefined ? [] : [state('m.room.topic', topicContent(request.topic))]),
  ]
  const replaced = new Set(named.map(keyOf))
  return [
    state('m.room.create', createContent(request.creationContent, version, creator, trusted)),
    state('m.room.member', { ...profile, membership: 'join' }, creator),
    state(
      'm.room.power_levels',
      newRoomPowerLevels(version, { preset, creator, invited: trusted, override: request.powerOverride }),
    ),
    ...(alias === null ? [] : [state('m.room.canonical_alias', { alias })]),
    ...ofPreset,
    ...request.initialState.filter((event) => !replaced.has(keyOf(event))),
    ...named,
  ]
}

/** The server decides version and creator; a creator may add others who are above every level. */
function createContent(
  { room_version: _, creator: __, ...given }: JsonObject,
  version: RoomVersion,
  creator: string,
  trusted: readonly string[],
): JsonObject {
  const named = given.additional_creators
  const further = [...new Set([...(Array.isArray(named) ? named : []), ...trusted])]
  return {
    ...given,
    ...(version.creatorInContent ? { creator } : {}),
    ...(version.creatorsAboveLevels && further.length > 0 ? { additional_creators: further } : {}),
    room_version: version.id,
  }
}

/** A topic with its form for clients that show more than one (client-server API v1.15, "m.room.topic"). */
function topicContent(topic: string): JsonObject {
  return { topic, 'm.topic': { 'm.text': [{ body: topic }] } }
}

/** Returns the type of a room, such as `m.space`; null for a room of messages. */
export function roomTypeOf(createContent: JsonObject): string | null {
  return typeof createContent.type === 'string' ? createContent.type : null
}

/** Reads `initial_state`. Returns undefined if an entry is no state event that a client may set. */
export function parseInitialState(value: unknown): readonly NewState[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value)) return undefined
  const events: NewState[] = []
  for (const entry of value) {
    if (!isObject(entry) || typeof entry.type !== 'string' || !isObject(entry.content)) return undefined
    const { type, state_key: stateKey = '', content } = entry
    if (typeof stateKey !== 'string' || REFUSED.has(type)) return undefined
    events.push({ type, stateKey, content })
  }
  return events
}

/** The types that the request has words of their own for. */
const REFUSED: ReadonlySet<string> = new Set(['m.room.create', 'm.room.member'])

function state(type: string, content: JsonObject, stateKey = ''): NewState {
  return { type, stateKey, content }
}

function keyOf({ type, stateKey }: NewState): string {
  return JSON.stringify([type, stateKey])
}
