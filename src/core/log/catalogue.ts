/**
 * The catalogue of events. Each row describes one type: its subject, the rights it changes, its audience, its delivery
 * to live streams, its wire keys and its documentation. All code that treats types differently asks the catalogue.
 * It imports only types. app/ passes it to the store and the core.
 * Start reading at event-kind.ts: what a row says; then the table below, then events.ts: an event and its subject.
 */

import type { About, ChangedPast, EventKind, Rights } from './event-kind'

/** What the events about an approval have in common. They are about its message, and show the approval as it is now. */
const ofApproval = {
  about: 'message',
  rights: 'none',
  audience: 'readers',
  lane: 'room',
  payload: ['approval'],
  hidden: ['approval_id', 'expires_at', 'notified'],
} as const satisfies Partial<EventKind>
const endOfApproval = { ...ofApproval, changesPast: 'subject' } as const

/** What several rows have in common. */
const ofMessage = { about: 'message', rights: 'none', audience: 'readers', lane: 'room' } as const
const ofClaim = { about: 'claim', rights: 'none', audience: 'readers_or_everyone', lane: 'judged' } as const
const ofCredential = { about: 'account', rights: 'credential', audience: 'account', lane: 'judged' } as const
const ofAccount = { about: 'account', rights: 'none', audience: 'account', lane: 'judged' } as const
const ofPause = {
  about: 'pause',
  rights: 'server',
  audience: 'paused',
  lane: 'judged',
  payload: ['pause'],
  hidden: ['paused'],
} as const

/** Every type that this program writes. To add a type, add a row. */
export const eventKinds = {
  'message.created': {
    ...ofMessage,
    payload: ['message'],
    hidden: ['notified', 'broadcast', 'dormant', 'asks'],
    doc: 'A message was posted.',
  },
  'message.edited': {
    ...ofMessage,
    payload: ['message', 'mentions_added', 'mentions_removed'],
    hidden: ['notified', 'broadcast'],
    changesPast: 'subject',
    doc: 'A message was edited; the handles are those that it began and ceased to mention.',
  },
  'message.deleted': {
    ...ofMessage,
    payload: ['message_id', 'thread_id', 'by'],
    changesPast: 'subject',
    doc: 'A message was deleted; `by` is `author`, `admin`, `retention` or `erase`.',
  },
  'reaction.added': {
    ...ofMessage,
    payload: ['message_id', 'emoji', 'account'],
    changesPast: 'subject',
    doc: 'An account reacted to a message.',
  },
  'reaction.removed': {
    ...ofMessage,
    payload: ['message_id', 'emoji', 'account'],
    changesPast: 'subject',
    doc: 'An account took its reaction to a message back.',
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
    changesPast: 'everything',
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
  'channel.purged': {
    about: 'channel',
    rights: 'room',
    audience: 'readers',
    lane: 'judged',
    payload: ['through_cursor', 'count'],
    changesPast: 'everything',
    doc: 'Messages of the channel were purged: `count` of them, the last at `through_cursor`. Cursors before it have expired.',
  },
  'thread.continued': {
    about: 'channel',
    rights: 'none',
    audience: 'readers',
    lane: 'room',
    payload: ['thread_id', 'extra'],
    doc: 'A person let agents go on: `extra` times their limit, in a thread, or in the channel if `thread_id` is null.',
  },
  'chain.blocked': {
    about: 'membership',
    rights: 'none',
    audience: 'readers',
    lane: 'judged',
    payload: ['account', 'thread_id', 'code', 'limit', 'used'],
    doc: 'A limit has stopped an agent until a person acts; `code` is `chain_limit` or `loop_guard`.',
  },
  'pause.started': {
    ...ofPause,
    doc: 'Agents were paused, or a pause was replaced. The pause is shown as it is now.',
  },
  'pause.ended': { ...ofPause, doc: 'A pause was ended, or has run out.' },
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
    changesPast: 'everything',
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
  'account.erased': {
    about: 'account',
    rights: 'account',
    audience: 'account_and_former_peers',
    lane: 'judged',
    payload: ['account_id'],
    hidden: ['channels'],
    changesPast: 'everything',
    doc: 'The account was erased: its name, profile, credentials and memberships are gone. Its messages are being anonymized or deleted.',
  },
  // A token that replaces another one sets an expiry on it.
  'account.token_issued': {
    ...ofCredential,
    payload: ['account', 'token_id', 'name', 'scopes'],
    doc: 'A token was issued; the token itself is never in the log. `replaces` is the id of the token it replaces.',
  },
  'account.token_revoked': {
    ...ofCredential,
    payload: ['account', 'token_id', 'name', 'scopes'],
    doc: 'A token was revoked; its streams end.',
  },
  'account.session_ended': {
    ...ofCredential,
    payload: ['account', 'session_id'],
    doc: 'A session ended: by signing out, by a new password, or from another device.',
  },
  'account.push_changed': {
    ...ofAccount,
    payload: ['account', 'enabled'],
    doc: 'The push endpoint of an account was set, or disabled.',
  },
  'account.webhook_changed': {
    ...ofAccount,
    payload: ['account', 'webhook_id', 'enabled'],
    doc: 'An account has made, changed or deleted a webhook; `enabled` is false for a deleted one.',
  },
  'account.webhook_disabled': {
    ...ofAccount,
    payload: ['account', 'webhook_id', 'reason'],
    doc: 'The server has disabled a webhook, because it kept `failing` or is `gone`. `webhook_id` is `push` for the push endpoint.',
  },
  'ack.position': {
    about: 'account',
    rights: 'none',
    audience: 'only_account',
    lane: 'judged',
    payload: ['account', 'consumer', 'position', 'count'],
    doc: 'The account acknowledged its inbox up to `position`; `count` items were open until then, 1,000 standing for more.',
  },
  'ack.delivery': {
    about: 'message',
    rights: 'none',
    audience: 'sender_and_recipient',
    lane: 'judged',
    payload: ['message_id', 'account', 'state', 'note'],
    hidden: ['sender', 'recipient'],
    doc: 'What became of a notification: `state` is `acked`, `failed` or `unreachable`; `account` was notified.',
  },
  'ack.overdue': {
    about: 'message',
    rights: 'none',
    audience: 'sender_and_recipient',
    lane: 'judged',
    payload: ['message_id', 'accounts'],
    hidden: ['sender', 'notified'],
    doc: 'A message was not answered within its `ack_within_s`; `accounts` have neither acknowledged it nor replied.',
  },
  'claim.acquired': {
    ...ofClaim,
    payload: ['claim'],
    doc: 'An account claimed a resource. The claim is shown as it is now.',
  },
  'claim.released': {
    ...ofClaim,
    payload: ['claim', 'forced'],
    doc: 'A claim was released; `forced`: not by its holder.',
  },
  'claim.expired': {
    ...ofClaim,
    payload: ['claim'],
    doc: 'A claim has expired.',
  },
  'approval.created': {
    ...ofApproval,
    doc: 'An account asked people for a decision. The approval is shown as it is now.',
  },
  'approval.decided': {
    ...endOfApproval,
    doc: 'A person decided. A reply in the thread tells it, too.',
  },
  'approval.expired': { ...endOfApproval, doc: 'An approval has expired without a decision.' },
  'approval.cancelled': {
    ...endOfApproval,
    doc: 'An approval was cancelled, or its message was deleted.',
  },
  'matrix.event': {
    about: 'channel',
    rights: 'none',
    audience: 'nobody',
    lane: 'judged',
    payload: [],
    hidden: ['type', 'account'],
    doc: 'An event of the Matrix room of the channel for which there is no other type. Only clients of Matrix see it.',
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
  /** The types whose subject is a message. */
  readonly messageTypes: readonly string[]

  constructor(kinds: Readonly<Record<string, EventKind>>) {
    this.kinds = new Map(Object.entries(kinds))
    const typesWhere = (isWanted: (kind: EventKind) => boolean) =>
      [...this.kinds].filter(([, kind]) => isWanted(kind)).map(([type]) => type)
    this.quietTypes = typesWhere(({ rights }) => rights === 'none')
    this.roomTypes = typesWhere(({ lane }) => lane === 'room')
    this.messageTypes = typesWhere(({ about }) => about === 'message')
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

  /** Returns which earlier events read differently after one of this type; undefined = none. */
  changesPast(type: string): ChangedPast | undefined {
    const kind = this.find(type)
    return kind === undefined ? 'everything' : kind.changesPast
  }
}

/** The catalogue of this program. */
export const eventCatalogue = new Catalogue(eventKinds)
