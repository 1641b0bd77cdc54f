import type { Role } from '../kernel/entities'
import { isObject, type JsonObject } from './canonical'
import { creatorOf, type RoomState } from './room-state'
import type { RoomVersion } from './versions'

/** Power levels: which level a user has, which one an act needs, and how levels and roles follow from each other. */

/** The acts with a level of their own. */
export type PowerAct = 'ban' | 'kick' | 'redact' | 'invite'

const DEFAULTS = { ban: 50, kick: 50, redact: 50, invite: 0 } as const

/** What a creator has in versions in which creators are above every level. */
const ABOVE_ALL = Number.POSITIVE_INFINITY

/** The level of an administrator, also of the creator of a room without power levels. */
const ADMIN_LEVEL = 100

/**
 * Reads a level: an integer, and in early versions also a string that holds one. Returns undefined for anything else.
 */
export function parseLevel(version: RoomVersion, value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (version.integerLevels || typeof value !== 'string' || !/^\s*[+-]?\d+\s*$/.test(value)) return undefined
  const level = Number(value)
  return Number.isSafeInteger(level) ? level : undefined
}

/** The power levels of a room. */
export class PowerLevels {
  private readonly creators: ReadonlySet<unknown>
  /** Who has the level of an administrator while the room has no power levels. */
  private readonly firstCreator: string | undefined
  /** Undefined in a room that has no power levels yet. */
  private readonly content: JsonObject | undefined

  constructor(
    private readonly version: RoomVersion,
    state: RoomState,
  ) {
    const create = state.event('m.room.create', '')?.pdu
    this.creators = new Set(create ? creatorsOf(version, create.sender, create.content) : [])
    this.firstCreator = create && creatorOf(version, create)
    this.content = state.event('m.room.power_levels', '')?.pdu.content
  }

  /** A user's level. */
  of(userId: string): number {
    if (this.creators.has(userId)) return ABOVE_ALL
    if (!this.content)
      return !this.version.creatorsAboveLevels && userId === this.firstCreator ? ADMIN_LEVEL : 0
    return this.entry('users', userId) ?? this.number('users_default') ?? 0
  }

  /** The level that an act needs. */
  needed(act: PowerAct): number {
    return this.number(act) ?? DEFAULTS[act]
  }

  /** The level that sending an event of this type needs. */
  neededFor(type: string, isState: boolean): number {
    const own = this.entry('events', type)
    if (own !== undefined) return own
    if (!this.content) return 0
    return isState ? (this.number('state_default') ?? 50) : (this.number('events_default') ?? 0)
  }

  /** The level that a notification of everybody needs, such as that of `room`. */
  neededToNotify(kind: string): number {
    return this.entry('notifications', kind) ?? 50
  }

  /** A user's role on this server. */
  roleOf(userId: string): Role {
    const level = this.of(userId)
    if (level >= ADMIN_LEVEL) return 'admin'
    return level < this.neededFor('m.room.message', false) ? 'read_only' : 'member'
  }

  private number(member: string): number | undefined {
    return this.content && parseLevel(this.version, ownMember(this.content, member))
  }

  private entry(map: 'users' | 'events' | 'notifications', key: string): number | undefined {
    const entries = this.content?.[map]
    return isObject(entries) ? parseLevel(this.version, ownMember(entries, key)) : undefined
  }
}

/** Types and keys come from users, so they may be named like members of every object. */
function ownMember(value: JsonObject, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** Returns the users who are above every level: nobody in early versions. */
export function creatorsOf(version: RoomVersion, sender: string, content: JsonObject): readonly unknown[] {
  if (!version.creatorsAboveLevels) return []
  const further = content['additional_creators']
  return [sender, ...(Array.isArray(further) ? further : [])]
}

/** The level of a user with a role, or undefined if the user has no entry in `users`. */
const ROLE_LEVELS: Readonly<Record<Role, number | undefined>> = {
  admin: ADMIN_LEVEL,
  member: undefined,
  read_only: -1,
}
/** More users are not listed: then roles alone refuse those who may only read. */
const MAX_LISTED = 1000

/** Returns the content of power levels in which a user has a role. Equal to `content` if nothing changes. */
export function withRole(content: JsonObject, userId: string, role: Role): JsonObject {
  const users = isObject(content['users']) ? content['users'] : {}
  const level = ROLE_LEVELS[role]
  if (ownMember(users, userId) === level) return content
  const { [userId]: _, ...others } = users
  if (role === 'read_only' && Object.keys(others).length >= MAX_LISTED) return { ...content, users: others }
  return { ...content, users: level === undefined ? others : { ...others, [userId]: level } }
}

/** A level that no user of a `channel` room but the server itself has. */
const CLOSED = 101
/** The level of `m.room.tombstone` where the creators are above every level. */
export const CREATORS_ONLY = 150

/** Returns the power levels of the room of a channel: only administrators change it, and `system` can do everything. */
export function channelPowerLevels(version: RoomVersion, systemId: string): JsonObject {
  return {
    ban: 100,
    events: {
      'm.room.avatar': 100,
      'm.room.canonical_alias': 100,
      'm.room.encryption': CLOSED,
      'm.room.history_visibility': 100,
      'm.room.name': 100,
      'm.room.power_levels': 100,
      'm.room.server_acl': 100,
      'm.room.tombstone': version.creatorsAboveLevels ? CREATORS_ONLY : CLOSED,
    },
    events_default: 0,
    invite: 100,
    kick: 100,
    notifications: { room: 0 },
    redact: 100,
    state_default: 100,
    users: version.creatorsAboveLevels ? {} : { [systemId]: CLOSED },
    users_default: 0,
  }
}

/** Returns the power levels of an archived channel: nobody but the server writes, and users keep their levels. */
export function archivedPowerLevels(content: JsonObject, isMirror = true): JsonObject {
  const closed = isMirror ? CLOSED : ADMIN_LEVEL
  const entries = Object.entries(content).map(([key, value]) => {
    if (key === 'users' || key === 'users_default') return [key, value]
    if (!isObject(value)) return [key, closed]
    return [key, Object.fromEntries(Object.keys(value).map((entry) => [entry, closed]))]
  })
  return Object.fromEntries(entries)
}

export type RoomPreset = 'private_chat' | 'trusted_private_chat' | 'public_chat'

/** What the power levels of a room made over Matrix follow from. */
export interface NewRoomPower {
  readonly preset: RoomPreset
  readonly creator: string
  readonly invited: readonly string[]
  /** Members that replace those of the default. */
  readonly override?: JsonObject
}

/** Returns the power levels of a room made over Matrix. */
export function newRoomPowerLevels(version: RoomVersion, room: NewRoomPower): JsonObject {
  const { preset, creator, invited, override } = room
  // Creators are above the levels; those invited to a trusted chat are creators as well.
  const trusted = preset === 'trusted_private_chat' ? invited : []
  const admins = version.creatorsAboveLevels ? [] : [creator, ...trusted]
  return {
    ban: 50,
    events: {
      'm.room.avatar': 50,
      'm.room.canonical_alias': 50,
      'm.room.encryption': 100,
      'm.room.history_visibility': 100,
      'm.room.name': 50,
      'm.room.power_levels': 100,
      'm.room.server_acl': 100,
      'm.room.tombstone': version.creatorsAboveLevels ? CREATORS_ONLY : 100,
    },
    events_default: 0,
    invite: preset === 'public_chat' ? 50 : 0,
    kick: 50,
    redact: 50,
    state_default: 50,
    users: Object.fromEntries(admins.map((id) => [id, ADMIN_LEVEL])),
    users_default: 0,
    ...override,
  }
}
