/**
 * The room versions as data: what differs between them. Rules read these members and never compare versions
 * (spec.matrix.org, "Room Versions").
 */
export interface RoomVersion {
  readonly id: string
  /** The base64 of event ids. */
  readonly eventIdAlphabet: 'standard' | 'url'
  /** Events whose JSON is not canonical are refused. */
  readonly strictJson: boolean
  /** `m.room.aliases` has an authorisation rule of its own, and redaction keeps its aliases. */
  readonly aliasRules: boolean
  /** A change of `notifications` in the power levels is checked like one of `events`. */
  readonly checksNotificationLevels: boolean
  readonly knock: boolean
  /** The join rule `restricted`, and redaction that keeps its `allow`. */
  readonly restrictedJoins: boolean
  /** The join rule `knock_restricted`. */
  readonly knockRestricted: boolean
  /** Redaction of a join keeps `join_authorised_via_users_server`. */
  readonly keepsAuthorisingUser: boolean
  /** A level is an integer; earlier it may be a string that holds one. */
  readonly integerLevels: boolean
  /** The creator stands in the content of `m.room.create`; later it is the sender alone. */
  readonly creatorInContent: boolean
  /** Where `redacts` of a redaction stands. */
  readonly redacts: 'event' | 'content'
  /** Redaction as of version 11: it keeps all of create, and fewer members at the top level. */
  readonly updatedRedaction: boolean
  /** The room id is the hash of the create event, which no event names among its auth events. */
  readonly roomIdIsHash: boolean
  /** The creators are above every power level. */
  readonly creatorsAboveLevels: boolean
  readonly stateResolution: 'v2' | 'v2.1'
}

const ids = ['3', '4', '5', '6', '7', '8', '9', '10', '11', '12'] as const

const versions: ReadonlyMap<string, RoomVersion> = new Map(
  ids.map((id) => {
    const n = Number(id)
    return [
      id,
      {
        id,
        eventIdAlphabet: n >= 4 ? 'url' : 'standard',
        strictJson: n >= 6,
        aliasRules: n < 6,
        checksNotificationLevels: n >= 6,
        knock: n >= 7,
        restrictedJoins: n >= 8,
        knockRestricted: n >= 10,
        keepsAuthorisingUser: n >= 9,
        integerLevels: n >= 10,
        creatorInContent: n < 11,
        redacts: n < 11 ? 'event' : 'content',
        updatedRedaction: n >= 11,
        roomIdIsHash: n >= 12,
        creatorsAboveLevels: n >= 12,
        stateResolution: n >= 12 ? 'v2.1' : 'v2',
      },
    ]
  }),
)

/** The versions in which rooms can be made and joined, oldest first. */
export const ROOM_VERSIONS: readonly string[] = ids

/** Returns the rules of a room version, or undefined if this server does not know it. */
export function roomVersion(id: string): RoomVersion | undefined {
  return versions.get(id)
}
