/**
 * The catalogue of events: one row for each type says what it is about, which rights it changes, who sees it, how it
 * reaches live streams, and how it is shown and described. Everything that treats events differently by type asks it.
 * Imports nothing. It is handed to the store and to the core where they are put together.
 * Start reading at the table below, then events.ts: an event with what it is about.
 */

/** What the subject of an event is an id of: of a membership the account, beside the channel. */
export type About = 'message' | 'channel' | 'membership' | 'account' | 'setting'

/**
 * What an event makes invalid of that by which rights are judged: nothing; a channel or a membership; an account; a
 * token or a session; or what every judgement depends on. Rights that were read before it are not used after it.
 */
type Rights = 'none' | 'room' | 'account' | 'credential' | 'server'

/** Who sees an event, by the rights of now. Each is judged by one function of audience.ts. */
export type AudienceKind =
  | 'readers'
  | 'readers_and_account'
  | 'members'
  | 'account'
  | 'account_and_peers'
  | 'admins'

/**
 * How an event reaches live streams: by one publish to each topic of its room, or judged stream by stream. Only what is
 * for the readers of a channel and changes nobody's rights can be published.
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

/** All that the rest of the program knows of a type of event. */
export type EventKind = Delivery & {
  /** Keys that it has on the wire beside the common ones; those that are no facts are made from what it is about. */
  readonly payload: readonly string[]
  /** Whether events before it read differently after it: it changes something that they show. */
  readonly changesPast?: true
  /** What happened, for the documentation. */
  readonly doc: string
}

/** Every type that this program writes. A new one is a row here. */
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
    doc: 'An account came into the channel.',
  },
  'member.left': {
    about: 'membership',
    rights: 'room',
    audience: 'readers_and_account',
    lane: 'judged',
    payload: ['account', 'by'],
    doc: 'An account went out; `by` is `self` or `admin`.',
  },
  'member.role': {
    about: 'membership',
    rights: 'room',
    audience: 'readers_and_account',
    lane: 'judged',
    payload: ['account', 'role', 'previous'],
    doc: 'What a member may do has changed.',
  },
  'channel.created': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['info'],
    doc: 'A channel was made.',
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
    doc: 'Reading and posting there are refused from then on.',
  },
  'channel.unarchived': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['info'],
    doc: 'The channel is open again.',
  },
  'account.created': {
    about: 'account',
    rights: 'account',
    audience: 'account',
    lane: 'judged',
    payload: ['account'],
    doc: 'An account was made.',
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
    doc: 'The account was shut; its sessions and streams end.',
  },
  'account.unarchived': {
    about: 'account',
    rights: 'account',
    audience: 'account',
    lane: 'judged',
    payload: ['account'],
    doc: 'The account is open again.',
  },
  // One that takes the place of another gives that one an end.
  'account.token_issued': {
    about: 'account',
    rights: 'credential',
    audience: 'account',
    lane: 'judged',
    payload: ['account', 'token_id', 'name', 'scopes'],
    doc: 'A token was issued; the token itself is never in the log. With `replaces` when it took the place of another.',
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
    doc: 'Somebody signed out, or was signed out: by a new password, or from another device.',
  },
  'setting.changed': {
    about: 'setting',
    rights: 'server',
    audience: 'admins',
    lane: 'judged',
    payload: ['key', 'by'],
    doc: 'A setting was set or unset; `by` is a handle, or null for the operator. The value is not told.',
  },
} as const satisfies Readonly<Record<string, EventKind>>

export type EventType = keyof typeof eventKinds

/** The types that are about one kind of thing. */
export type TypeAbout<Subject extends About> = {
  [Type in EventType]: (typeof eventKinds)[Type]['about'] extends Subject ? Type : never
}[EventType]

/** The types of events by name. A type that is not in it was written by another version of this program. */
export class Catalogue {
  private readonly kinds: ReadonlyMap<string, EventKind>
  /** Types that change nobody's rights. */
  readonly quietTypes: readonly string[]
  /** Types that are published to a room's topics. */
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

  /** Undefined for a type that this program does not know. */
  find(type: string): EventKind | undefined {
    return this.kinds.get(type)
  }

  /** A type that this program does not know may have changed anything. */
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

/** What this program's log can say. */
export const eventCatalogue = new Catalogue(eventKinds)
