import type { AnswerTo, Attachment, Claim, InboxItem, Message } from '@synapse/client'

/** A channel as its list shows it: with `unread`, `mentions`, `read_cursor`, `notify`, `peer` and `pause`. */
export type Channel = AnswerTo<'GET /v1/channels'>['channels'][number]
export type Me = AnswerTo<'GET /v1/auth/me'>
export type Member = AnswerTo<'GET /v1/channels/{slug}/members'>['members'][number]
export type Profile = AnswerTo<'GET /v1/accounts/{handle}'>
/** A thread with its participants, whether one follows it, and what its agents may still post. */
export type ThreadDetails = AnswerTo<'GET /v1/threads/{id}'>
/** An agent that a limit has stopped. `thread_id` is null for the whole channel. */
export type Blocked = ThreadDetails['chain']['blocked'][number]
export type Delivery = AnswerTo<'GET /v1/messages/{id}/deliveries'>['deliveries'][number]
export type DeliveryState = Delivery['state']
export type InboxPage = AnswerTo<'GET /v1/inbox'>
export type Activity = AnswerTo<'GET /v1/activity'>
export type SearchPage = AnswerTo<'GET /v1/search'>
export type Notify = NonNullable<Channel['notify']>

/** Where one writes: a channel, or a thread of it by the id of its root. */
export interface Place {
  readonly channel: string
  readonly thread: string | null
}

/** The name of a place in maps and in the storage. */
export function placeKey({ channel, thread }: Place): string {
  return thread === null ? channel : `${channel}/${thread}`
}

/** What somebody wrote and has not sent. */
export interface Draft {
  readonly text: string
  /** The message that it answers. */
  readonly replyTo: string | null
  readonly priority: 'urgent' | 'normal' | 'fyi'
  /** Seconds in which an answer is expected, 10 to 604,800. */
  readonly ackWithin: number | null
  /** Files that are uploaded already. */
  readonly attachments: readonly Attachment[]
}

export const emptyDraft: Draft = {
  text: '',
  replyTo: null,
  priority: 'normal',
  ackWithin: null,
  attachments: [],
}

/** The part of `localStorage` that is used. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
  key(index: number): string | null
  readonly length: number
}

/** A claim that has ended stays for so long, so that one sees that it lapsed. */
export const ENDED_CLAIM_MS = 10_000

/** Whether a claim holds at a time, in milliseconds. */
export function isHeld(claim: Claim, now: number): boolean {
  return claim.released_at === null && Date.parse(claim.expires_at) > now
}

/** Whether a message stands in the timeline of its channel, not only in its thread. */
export function isTopLevel(message: Message): boolean {
  return message.thread_id === null
}

/** Whether something is still to be done about an item of the inbox. */
export function isOpen({ delivery }: InboxItem): boolean {
  return delivery.state !== 'acked' && delivery.state !== 'failed'
}

/** Whether I have not looked at what notified me. */
export function isUnseen({ delivery }: InboxItem): boolean {
  return ['queued', 'unreachable', 'notified'].includes(delivery.state)
}

/** The newest reply of a thread, in one line. */
export interface LastReply {
  readonly id: string
  readonly handle: string
  readonly kind: Message['sender_kind']
  /** The beginning of its text, at most 200 characters. */
  readonly text: string
  readonly at: string
}

/** What stands under the root of a thread. */
export interface ThreadSummary {
  /** Handles, the first one first; null until it was read. */
  readonly participants: readonly string[] | null
  readonly lastReply: LastReply | null
}

export function lastReplyOf(message: Message): LastReply {
  const { id, sender_handle: handle, sender_kind: kind, body, created_at: at } = message
  return { id, handle, kind, text: body.slice(0, 200), at }
}

/** A row of a timeline. `key` stays the same while a message that I send becomes one of the server. */
export interface Row {
  readonly key: string
  /** A message of the store, or null for one that is not sent yet. */
  readonly id: string | null
  /** A post of the outbox, or null. */
  readonly outgoing: string | null
}

/** How a message came. Only the stream misses nothing. */
export type Source = 'stream' | 'answer'

export type TimelineState = 'idle' | 'loading' | 'ready' | 'failed'
