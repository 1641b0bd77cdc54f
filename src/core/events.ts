import type { Account, Channel, MessageView, SettingValue } from './entities'
import type { Seq } from './ids'
import type { Micros } from './time'

/** What the log can say, and what each event is about. Each type is described in Table D of the v1 contract. */
const subjects = {
  'message.created': 'message',
  'member.joined': 'account',
  'member.left': 'account',
  'member.role': 'account',
  'channel.created': 'channel',
  'channel.updated': 'channel',
  'channel.archived': 'channel',
  'channel.unarchived': 'channel',
  'account.created': 'account',
  'account.updated': 'account',
  'account.archived': 'account',
  'account.unarchived': 'account',
  'account.token_issued': 'account',
  'account.token_revoked': 'account',
  'account.session_ended': 'account',
  'setting.changed': 'setting',
} as const

export type EventType = keyof typeof subjects

/** A type as it is read from the log: `unknown` is one that another version of this program has written. */
export type StoredType = EventType | 'unknown'

export const eventTypes = Object.keys(subjects) as readonly EventType[]

/** Small facts of an event, stored with it and shown as they are: ids and words, never bodies, addresses or secrets. */
export type Facts = Readonly<Record<string, unknown>>

/** What happened, before it has a place in the log. Which of the four it is about follows from the type. */
export interface EventBody {
  readonly type: EventType
  readonly channel: Channel | null
  readonly account: Account | null
  readonly message: MessageView | null
  /** For the servers alone: no reader is shown the value. */
  readonly setting: SettingValue | null
  readonly facts: Facts
}

/** An event with its place in the log. `actor` is null for the operator and for the server itself. */
export interface LogEvent extends EventBody {
  readonly seq: Seq
  readonly at: Micros
  readonly actor: Account | null
}

/** An event as stored. `subject` is the inner id of what it is about: an account's, a channel's, or the seq of a message or of a setting's change. */
export interface EventRecord {
  readonly seq: Seq
  readonly at: Micros
  readonly type: StoredType
  readonly channelId: number | null
  readonly subject: number
  readonly actorId: number | null
  readonly facts: Facts | null
}

const noFacts: Facts = {}

/** The event of a message, which takes the message's own place in the log. */
export function postedEvent(view: MessageView): LogEvent {
  const { seq, createdAt: at } = view.message
  const { channel, sender } = view
  return {
    type: 'message.created',
    seq,
    at,
    channel,
    account: null,
    message: view,
    setting: null,
    facts: noFacts,
    actor: sender,
  }
}

export function memberEvent(
  type: 'member.joined' | 'member.left' | 'member.role',
  channel: Channel,
  account: Account,
  facts: Facts,
): EventBody {
  return { type, channel, account, message: null, setting: null, facts }
}

export function channelEvent(
  type: EventType & `channel.${string}`,
  channel: Channel,
  facts: Facts = noFacts,
): EventBody {
  return { type, channel, account: null, message: null, setting: null, facts }
}

export function accountEvent(
  type: EventType & `account.${string}`,
  account: Account,
  facts: Facts = noFacts,
): EventBody {
  return { type, channel: null, account, message: null, setting: null, facts }
}

/** That a setting was set or, without a value, unset. Its change takes the event's own place in the log. */
export function settingEvent(setting: SettingValue): EventBody {
  return {
    type: 'setting.changed',
    channel: null,
    account: null,
    message: null,
    setting,
    facts: noFacts,
  }
}

/** What of an event is stored: the rest is looked up again by whoever reads it. */
export function toRecord(event: LogEvent): EventRecord {
  const subject = {
    message: event.message?.message.seq,
    account: event.account?.id,
    channel: event.channel?.id,
    setting: event.setting ? event.seq : undefined,
  }
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    channelId: event.channel?.id ?? null,
    subject: subject[subjects[event.type]] ?? 0,
    actorId: event.actor?.id ?? null,
    facts: event.facts === noFacts ? null : event.facts,
  }
}

/** What reading a record again needs; undefined means that the thing is gone. */
export interface EventLookups {
  account(id: number): Account | undefined
  channel(id: number): Channel | undefined
  message(seq: Seq): MessageView | undefined
  setting(seq: Seq): SettingValue | undefined
}

/**
 * A stored event as it reads today: with the names, profiles and bodies of now, except that a message is shown without
 * the replies it has had since. Undefined if what it is about is gone, or of an unknown type.
 */
export function fromRecord(record: EventRecord, look: EventLookups): LogEvent | undefined {
  if (record.type === 'unknown') return undefined
  const about = subjects[record.type]
  const channel = record.channelId === null ? null : look.channel(record.channelId)
  const account = about === 'account' ? look.account(record.subject) : null
  const message = about === 'message' ? look.message(record.subject) : null
  const setting = about === 'setting' ? look.setting(record.subject) : null
  if (channel === undefined || account === undefined) return undefined
  if (message === undefined || setting === undefined) return undefined
  return {
    seq: record.seq,
    at: record.at,
    type: record.type,
    actor: record.actorId === null ? null : (look.account(record.actorId) ?? null),
    channel,
    account,
    message: message && { ...message, message: { ...message.message, replyCount: 0, lastReplyAt: null } },
    setting,
    facts: record.facts ?? noFacts,
  }
}

/** Whether the subject of such an event is an account. */
export function isAboutAccount(type: StoredType): boolean {
  return type !== 'unknown' && subjects[type] === 'account'
}

/** Whether the event changes who may do what: rights remembered from before it must not be used after it. */
export function changesRights(type: StoredType): boolean {
  return type !== 'message.created' && type !== 'account.token_issued'
}

/** Whether events of before it read differently after it: whatever a rendering shows and this changes. */
const changing: Readonly<Record<EventType, boolean>> = {
  'message.created': false,
  'member.joined': false,
  'member.left': false,
  'member.role': false,
  'channel.created': false,
  'channel.updated': true,
  'channel.archived': false,
  'channel.unarchived': false,
  'account.created': false,
  'account.updated': true,
  'account.archived': false,
  'account.unarchived': false,
  'account.token_issued': false,
  'account.token_revoked': false,
  'account.session_ended': false,
  'setting.changed': false,
}

export function changesReading(type: StoredType): boolean {
  return type === 'unknown' || changing[type]
}
