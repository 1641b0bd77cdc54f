import type { Account, Channel, MessageView, SettingValue } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Micros } from '../kernel/time'
import type { About, EventKind, TypeAbout } from './catalogue'

/** Small facts of an event, stored with it and shown as they are: ids and words, never bodies, addresses or secrets. */
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
  /** For the servers alone: no reader is shown the value. */
  readonly setting: SettingValue
}

/** What happened, before it has a place in the log. */
export type EventBody = MessageBody | ChannelBody | MembershipBody | AccountBody | SettingBody

interface InLog {
  readonly seq: Seq
  readonly at: Micros
  /** Null for the operator and for the server itself. */
  readonly actor: Account | null
}

/** An event with its place in the log. */
export type LogEvent = EventBody & InLog

/** The event of a message, or of something that happened to one. */
export type MessageEvent = MessageBody & InLog
export type MembershipEvent = MembershipBody & InLog

/** An event as stored. `subject` is the inner id of what it is about: an account's, a channel's, or the seq of a message or of a setting's change. */
export interface EventRecord {
  readonly seq: Seq
  readonly at: Micros
  /** As it was written, which may be a type that this program does not know. */
  readonly type: string
  readonly channelId: number | null
  readonly subject: number
  readonly actorId: number | null
  readonly facts: EventData | null
}

const noFacts: EventData = {}

/** The event of a message, which takes the message's own place in the log. */
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

/** That a setting was set or, without a value, unset. Its change takes the event's own place in the log. */
export function settingEvent(setting: SettingValue): EventBody {
  return { type: 'setting.changed', about: 'setting', setting, facts: noFacts }
}

/** The channel that an event happened in. */
export function channelOf(event: EventBody): Channel | undefined {
  return 'channel' in event ? event.channel : undefined
}

/** The account that an event is about, or whose membership. */
export function concernedBy(event: EventBody): Account | undefined {
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

/** What of an event is stored: the rest is looked up again by whoever reads it. */
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

/** What reading a record again needs; undefined means that the thing is gone. */
export interface EventLookups {
  account(id: number): Account | undefined
  channel(id: number): Channel | undefined
  message(seq: Seq): MessageView | undefined
  setting(seq: Seq): SettingValue | undefined
}

/**
 * A stored event as it reads today: with the names, profiles and bodies of now, except that a new message is shown
 * without the replies it has had since. Undefined if what it is about is gone.
 */
export function fromRecord(
  record: EventRecord,
  { about }: EventKind,
  look: EventLookups,
): LogEvent | undefined {
  const { seq, at, subject, actorId, channelId } = record
  const body = <Subject extends About>(about: Subject) => ({
    // The catalogue says that the types of this kind are about such a thing.
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
