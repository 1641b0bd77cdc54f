/**
 * The catalogue of events. Each row describes one type: its subject, the rights it changes, its audience, its delivery
 * to live streams, its wire keys and its documentation. All code that treats types differently asks the catalogue.
 * It imports nothing. app/ passes it to the store and the core.
 * Start reading at the table below, then events.ts: an event and its subject.
 */

/**
 * The kind of thing that an event's subject id refers to. For a membership it is the account; the channel is separate.
 */
export type About = 'message' | 'channel' | 'membership' | 'account' | 'setting'

/**
 * The cached rights that an event invalidates: none; a channel or a membership; an account; a token or a session; or
 * everything. Rights read before the event are not used after it.
 */
type Rights = 'none' | 'room' | 'account' | 'credential' | 'server'

/** Who sees an event, by current rights. audience.ts has one function for each. */
export type AudienceKind =
  | 'readers'
  | 'readers_and_account'
  | 'members'
  | 'account'
  | 'account_and_peers'
  | 'admins'

/**
 * How an event reaches live streams: `room` publishes it once to each topic of its room; `judged` checks each stream.
 * Only events for a channel's readers that change no rights can use `room`.
 */
type Delivery =
  | {
      readonly about: 'message' | 'channel'
      readonly rights: 'none'
      readonly audience: 'readers'
      readonly lane: 'room'
    }
  | {
      readonly about: About
      readonly rights: Rights
      readonly audience: AudienceKind
      readonly lane: 'judged'
    }

/** Everything the program knows about a type of event. */
export type EventKind = Delivery & {
  /** Its wire keys besides the common ones. Keys that are not facts are derived from the subject. */
  readonly payload: readonly string[]
  /** Set if earlier events read differently after this one, because it changes something that they show. */
  readonly changesPast?: true
  /** What happened, for the documentation. */
  readonly doc: string
}

/** Every type that this program writes. To add a type, add a row. */
export const eventKinds = {
  'message.created': {
    about: 'message',
    rights: 'none',
    audience: 'readers',
    lane: 'room',
    payload: ['message'],
    doc: 'A message was posted.',
  },
  'member.joined': {
    about: 'membership',
    rights: 'room',
    audience: 'readers_and_account',
    lane: 'judged',
    payload: ['account', 'role'],
    doc: 'An account joined the channel.',
  },
  'member.left': {
    about: 'membership',
    rights: 'room',
    audience: 'readers_and_account',
    lane: 'judged',
    payload: ['account', 'by'],
    doc: 'An account left the channel; `by` is `self` or `admin`.',
  },
  'member.role': {
    about: 'membership',
    rights: 'room',
    audience: 'readers_and_account',
    lane: 'judged',
    payload: ['account', 'role', 'previous'],
    doc: 'The role of a member changed.',
  },
  'channel.created': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['info'],
    doc: 'A channel was created.',
  },
  'channel.updated': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['info', 'changed'],
    changesPast: true,
    doc: 'A channel was changed; `changed` lists the keys.',
  },
  'channel.archived': {
    about: 'channel',
    rights: 'room',
    audience: 'members',
    lane: 'judged',
    payload: ['info'],
    doc: 'The channel was archived: reading and posting are refused.',
  },
  'channel.unarchived': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['info'],
    doc: 'The channel was unarchived.',
  },
  'account.created': {
    about: 'account',
    rights: 'account',
    audience: 'account',
    lane: 'judged',
    payload: ['account'],
    doc: 'An account was created.',
  },
  'account.updated': {
    about: 'account',
    rights: 'account',
    audience: 'account_and_peers',
    lane: 'judged',
    payload: ['account', 'changed'],
    changesPast: true,
    doc: 'A profile was changed; `changed` lists the keys, never the values.',
  },
  'account.archived': {
    about: 'account',
    rights: 'account',
    audience: 'account',
    lane: 'judged',
    payload: ['account'],
    doc: 'The account was archived; its sessions and streams end.',
  },
  'account.unarchived': {
    about: 'account',
    rights: 'account',
    audience: 'account',
    lane: 'judged',
    payload: ['account'],
    doc: 'The account was unarchived.',
  },
  // A token that replaces another one sets an expiry on it.
  'account.token_issued': {
    about: 'account',
    rights: 'credential',
    audience: 'account',
    lane: 'judged',
    payload: ['account', 'token_id', 'name', 'scopes'],
    doc: 'A token was issued; the token itself is never in the log. `replaces` is the id of the token it replaces.',
  },
  'account.token_revoked': {
    about: 'account',
    rights: 'credential',
    audience: 'account',
    lane: 'judged',
    payload: ['account', 'token_id', 'name', 'scopes'],
    doc: 'A token was revoked; its streams end.',
  },
  'account.session_ended': {
    about: 'account',
    rights: 'credential',
    audience: 'account',
    lane: 'judged',
    payload: ['account', 'session_id'],
    doc: 'A session ended: by signing out, by a new password, or from another device.',
  },
  'setting.changed': {
    about: 'setting',
    rights: 'server',
    audience: 'admins',
    lane: 'judged',
    payload: ['key', 'by'],
    doc: 'A setting was set or unset; `by` is a handle, or null for the operator. The value is not included.',
  },
} as const satisfies Readonly<Record<string, EventKind>>

export type EventType = keyof typeof eventKinds

/** The types with a given kind of subject. */
export type TypeAbout<Subject extends About> = {
  [Type in EventType]: (typeof eventKinds)[Type]['about'] extends Subject ? Type : never
}[EventType]

/** The types of events by name. A type that is missing here was written by another version of this program. */
export class Catalogue {
  private readonly kinds: ReadonlyMap<string, EventKind>
  /** The types that change no rights. */
  readonly quietTypes: readonly string[]
  /** The types that are published to a room's topics. */
  readonly roomTypes: readonly string[]

  constructor(kinds: Readonly<Record<string, EventKind>>) {
    this.kinds = new Map(Object.entries(kinds))
    const typesWhere = (isWanted: (kind: EventKind) => boolean) =>
      [...this.kinds].filter(([, kind]) => isWanted(kind)).map(([type]) => type)
    this.quietTypes = typesWhere(({ rights }) => rights === 'none')
    this.roomTypes = typesWhere(({ lane }) => lane === 'room')
  }

  entries(): Iterable<readonly [type: string, kind: EventKind]> {
    return this.kinds
  }

  /** Returns the row of a type; undefined for a type that this program does not know. */
  find(type: string): EventKind | undefined {
    return this.kinds.get(type)
  }

  /** Returns the rights that a type changes. An unknown type may have changed anything. */
  rightsOf(type: string): Rights {
    return this.find(type)?.rights ?? 'server'
  }

  changesRights(type: string): boolean {
    return this.rightsOf(type) !== 'none'
  }

  changesPast(type: string): boolean {
    const kind = this.find(type)
    return kind === undefined || kind.changesPast === true
  }
}

/** The catalogue of this program. */
export const eventCatalogue = new Catalogue(eventKinds)
