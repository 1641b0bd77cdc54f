import type { Account, Channel, MessageView, SettingValue } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Micros } from '../kernel/time'
import type { About, EventKind, TypeAbout } from './catalogue'

/** Small facts of an event, stored with it and shown unchanged: ids and words, never bodies, addresses or secrets. */
export type EventData = Readonly<Record<string, unknown>>

interface BodyAbout<Subject extends About> {
  readonly type: TypeAbout<Subject>
  readonly about: Subject
  readonly facts: EventData
}

interface MessageBody extends BodyAbout<'message'> {
  readonly channel: Channel
  readonly message: MessageView
}

interface ChannelBody extends BodyAbout<'channel'> {
  readonly channel: Channel
}

interface MembershipBody extends BodyAbout<'membership'> {
  readonly channel: Channel
  readonly account: Account
}

interface AccountBody extends BodyAbout<'account'> {
  readonly account: Account
}

interface SettingBody extends BodyAbout<'setting'> {
  /** For the servers only. Readers never receive the value. */
  readonly setting: SettingValue
}

/** An event before it has a position in the log. */
export type EventBody = MessageBody | ChannelBody | MembershipBody | AccountBody | SettingBody

interface InLog {
  readonly seq: Seq
  readonly at: Micros
  /** Null for the operator and for the server itself. */
  readonly actor: Account | null
}

/** An event with its position in the log. */
export type LogEvent = EventBody & InLog

/** An event whose subject is a message. */
export type MessageEvent = MessageBody & InLog
export type MembershipEvent = MembershipBody & InLog

/**
 * An event as stored. `subject` is an inner id: of an account or a channel, or the seq of a message or of a change of a
 * setting.
 */
export interface EventRecord {
  readonly seq: Seq
  readonly at: Micros
  /** The type as written; this program may not know it. */
  readonly type: string
  readonly channelId: number | null
  readonly subject: number
  readonly actorId: number | null
  readonly facts: EventData | null
}

const noFacts: EventData = {}

/** Returns the event of a new message. The event has the message's own seq. */
export function postedEvent(view: MessageView): MessageEvent {
  const { seq, createdAt: at } = view.message
  const { channel, sender } = view
  return {
    type: 'message.created',
    about: 'message',
    seq,
    at,
    channel,
    message: view,
    facts: noFacts,
    actor: sender,
  }
}

export function memberEvent(
  type: TypeAbout<'membership'>,
  channel: Channel,
  account: Account,
  facts: EventData,
): EventBody {
  return { type, about: 'membership', channel, account, facts }
}

export function channelEvent(
  type: TypeAbout<'channel'>,
  channel: Channel,
  facts: EventData = noFacts,
): EventBody {
  return { type, about: 'channel', channel, facts }
}

export function accountEvent(
  type: TypeAbout<'account'>,
  account: Account,
  facts: EventData = noFacts,
): EventBody {
  return { type, about: 'account', account, facts }
}

/** Returns the event of a setting that was set or, without a value, unset. The change has the event's own seq. */
export function settingEvent(setting: SettingValue): EventBody {
  return { type: 'setting.changed', about: 'setting', setting, facts: noFacts }
}

/** Returns the channel of an event. */
export function channelOf(event: EventBody): Channel | undefined {
  return 'channel' in event ? event.channel : undefined
}

/** Returns the account that an event, or its membership, is about. */
export function subjectAccount(event: EventBody): Account | undefined {
  return 'account' in event ? event.account : undefined
}

function subjectOf(event: LogEvent): number {
  switch (event.about) {
    case 'message':
      return event.message.message.seq
    case 'channel':
      return event.channel.id
    case 'membership':
    case 'account':
      return event.account.id
    case 'setting':
      return event.seq
  }
}

/** Returns the part of an event that is stored. Readers look up the rest again. */
export function toRecord(event: LogEvent): EventRecord {
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    channelId: channelOf(event)?.id ?? null,
    subject: subjectOf(event),
    actorId: event.actor?.id ?? null,
    facts: event.facts === noFacts ? null : event.facts,
  }
}

/** The look-ups that turn a record into an event; undefined if the subject is gone. */
export interface EventLookups {
  account(id: number): Account | undefined
  channel(id: number): Channel | undefined
  message(seq: Seq): MessageView | undefined
  setting(seq: Seq): SettingValue | undefined
}

/**
 * Turns a record into an event as it reads today, with current names, profiles and bodies. A new message is shown
 * without its later replies. Undefined if the subject is gone.
 */
export function fromRecord(
  record: EventRecord,
  { about }: EventKind,
  look: EventLookups,
): LogEvent | undefined {
  const { seq, at, subject, actorId, channelId } = record
  const body = <Subject extends About>(about: Subject) => ({
    // The catalogue guarantees the subject of this type.
    type: record.type as TypeAbout<Subject>,
    about,
    seq,
    at,
    actor: actorId === null ? null : (look.account(actorId) ?? null),
    facts: record.facts ?? noFacts,
  })
  const channel = channelId === null ? undefined : look.channel(channelId)
  switch (about) {
    case 'message': {
      const message = look.message(subject)
      if (!channel || !message) return undefined
      return { ...body(about), channel, message: subject === seq ? asPosted(message) : message }
    }
    case 'channel':
      return channel && { ...body(about), channel }
    case 'membership': {
      const account = look.account(subject)
      return channel && account && { ...body(about), channel, account }
    }
    case 'account': {
      const account = look.account(subject)
      return account && { ...body(about), account }
    }
    case 'setting': {
      const setting = look.setting(subject)
      return setting && { ...body(about), setting }
    }
  }
}

function asPosted(view: MessageView): MessageView {
  return { ...view, message: { ...view.message, replyCount: 0, lastReplyAt: null } }
}
