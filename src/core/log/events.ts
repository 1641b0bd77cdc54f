import type { ClaimView } from '../coordination/claim-view'
import type { PauseView } from '../coordination/pause-view'
import type { Notified } from '../inbox/notified'
import type { Reasons } from '../inbox/reasons'
import type { Account, Channel, Mentions, MessageView, SettingValue } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Micros } from '../kernel/time'
import type { TypeAbout } from './catalogue'
import type { About, EventKind } from './event-kind'

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
  /** The accounts to which the facts refer by inner id. */
  readonly named: readonly Account[]
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

interface ClaimBody extends BodyAbout<'claim'> {
  readonly claim: ClaimView
}

interface PauseBody extends BodyAbout<'pause'> {
  readonly pause: PauseView
}

/** An event before it has a position in the log. */
export type EventBody =
  | MessageBody
  | ChannelBody
  | MembershipBody
  | AccountBody
  | SettingBody
  | ClaimBody
  | PauseBody

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
 * An event as stored. `subject` is an inner id: of an account or a channel, the seq of a message or of a change of a
 * setting, the epoch of a claim, or the seq of a pause.
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
const nobody: readonly Account[] = []

/** The accounts that an event notifies, as facts for the servers only. */
export interface NotifiedFacts {
  /** Inner ids of accounts with their reasons. */
  readonly notified?: readonly (readonly [accountId: number, reasons: Reasons])[]
  /** Whether it also notifies all other members that had joined before. */
  readonly broadcast?: true
  /** Inner ids of members that this broadcast does not notify. */
  readonly dormant?: readonly number[]
  /** Whether it asks all people among these members for a decision, who may post. */
  readonly asks?: true
}

/** Returns the accounts that an event notifies, as facts; undefined if there are none. */
export function notifiedFacts(
  notified: readonly Notified[],
  mentions: Pick<Mentions, 'broadcast' | 'dormant'> | null,
  asks = false,
): EventData | undefined {
  const { broadcast = false, dormant = [] } = mentions ?? {}
  if (notified.length === 0 && !broadcast && !asks) return undefined
  const facts: NotifiedFacts = {
    ...(notified.length > 0
      ? { notified: notified.map((one) => [one.accountId, one.reasons] as const) }
      : {}),
    ...(broadcast ? { broadcast } : {}),
    ...(broadcast && dormant.length > 0 ? { dormant } : {}),
    ...(asks ? { asks: true } : {}),
  }
  return { ...facts }
}

/** Returns the accounts that an event notifies. */
export function notifiedIn(facts: EventData | null): NotifiedFacts {
  // Written by notifiedFacts only.
  return (facts ?? noFacts) as NotifiedFacts
}

/** Reports whether an event notifies accounts by their membership, besides those that it lists. */
export function notifiesMembers(facts: EventData | null): boolean {
  const { broadcast, asks } = notifiedIn(facts)
  return broadcast === true || asks === true
}

/** Facts about the delivery of a message to an account, for the servers only: inner ids of both ends. */
export type DeliveryFacts = { readonly sender: number; readonly recipient: number }

/** Facts about those who have not answered a message in time, by inner id; its author is notified. */
export function overdueFacts(
  { message }: MessageView,
  accounts: readonly number[],
  notified: readonly Notified[],
): EventData {
  return { sender: message.senderId, accounts, ...notifiedFacts(notified, null) }
}

export function deliveryFacts({ message }: MessageView, recipient: number): DeliveryFacts {
  return { sender: message.senderId, recipient }
}

/** Reports whether an event is about the delivery of a message from or to this account. */
export function isDeliveryOf(accountId: number, facts: EventData | null): boolean {
  const { sender, recipient } = (facts ?? {}) as Partial<DeliveryFacts>
  return accountId === sender || accountId === recipient || idsIn(facts, 'accounts').includes(accountId)
}

/** Returns the event of a new message. The event has the message's own seq. */
export function postedEvent(view: MessageView, notified: readonly Notified[] = []): MessageEvent {
  const { seq, createdAt: at } = view.message
  const { channel, sender } = view
  const { mentions, approval } = view.message
  return {
    type: 'message.created',
    about: 'message',
    seq,
    at,
    channel,
    message: view,
    named: nobody,
    facts: notifiedFacts(notified, mentions, approval?.approvers === null) ?? noFacts,
    actor: sender,
  }
}

/** Returns the event of a change of a message, which is shown as it is after the change. */
export function messageEvent(
  type: TypeAbout<'message'>,
  message: MessageView,
  facts: EventData,
  named: readonly Account[] = nobody,
): EventBody {
  return { type, about: 'message', channel: message.channel, message, facts, named }
}

/** The facts that are lists of accounts, by inner id, because handles may end. */
export type AccountsFact = 'mentions_added' | 'mentions_removed' | 'accounts'

/** Returns the ids in a fact that is a list of accounts. */
export function idsIn(facts: EventData | null, name: AccountsFact): readonly number[] {
  const ids = facts?.[name]
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'number') : []
}

/** Returns the ids of all accounts to which the facts refer. */
export function accountsIn(facts: EventData | null): number[] {
  const { recipient } = (facts ?? {}) as Partial<DeliveryFacts>
  const lists: readonly AccountsFact[] = ['mentions_added', 'mentions_removed', 'accounts']
  const ids = lists.flatMap((name) => idsIn(facts, name))
  return recipient === undefined ? ids : [...ids, recipient]
}

/** The facts of an erasure: the channels in which the account was, by inner id. */
export type ErasedFacts = { readonly channels: readonly number[] }

/** Returns the channels in the facts of an erasure. */
export function channelsIn(facts: EventData | null): readonly number[] {
  const ids = facts?.['channels' satisfies keyof ErasedFacts]
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'number') : []
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

export function claimEvent(
  type: TypeAbout<'claim'>,
  claim: ClaimView,
  facts: EventData = noFacts,
): EventBody {
  return { type, about: 'claim', claim, facts }
}

/** The fact of a pause of one agent: its inner id, for the servers only. */
export type PausedFacts = { readonly paused?: number }

export function pauseEvent(type: TypeAbout<'pause'>, pause: PauseView): EventBody {
  const facts: PausedFacts = pause.accountId === null ? noFacts : { paused: pause.accountId }
  return { type, about: 'pause', pause, facts }
}

/** Returns the account that an event pauses or resumes; undefined = every agent. */
export function pausedIn(facts: EventData | null): number | undefined {
  return (facts as PausedFacts | null)?.paused
}

/** Returns the channel of an event. */
export function channelOf(event: EventBody): Channel | undefined {
  if (event.about === 'claim') return event.claim.channel ?? undefined
  if (event.about === 'pause') return event.pause.channel ?? undefined
  return 'channel' in event ? event.channel : undefined
}

/** Returns the account that an event, or its membership, is about. */
export function subjectAccount(event: EventBody): Account | undefined {
  return 'account' in event ? event.account : undefined
}

/** Returns the id of what the event is about, as it is stored. */
export function subjectOf(event: LogEvent): number {
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
    case 'claim':
      return event.claim.epoch
    case 'pause':
      return event.pause.seq
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
  claim(epoch: Seq): ClaimView | undefined
  pause(seq: Seq): PauseView | undefined
}

/**
 * Turns a record into an event as it reads today, with current names, profiles and bodies. A new message is shown
 * without its later replies and reactions. Undefined if the subject is gone.
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
      const named = accountsIn(record.facts).flatMap((id) => look.account(id) ?? [])
      return { ...body(about), channel, message: subject === seq ? asPosted(message) : message, named }
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
    case 'claim': {
      const claim = look.claim(subject)
      return claim && { ...body(about), claim }
    }
    case 'pause': {
      const pause = look.pause(subject)
      return pause && { ...body(about), pause }
    }
  }
}

function asPosted(view: MessageView): MessageView {
  const message = { ...view.message, replyCount: 0, lastReplyAt: null, reactions: [] }
  return { ...view, message, reactions: [] }
}
