import type { AnswerTo, Attachment, Claim, Message } from '@synapse/client'

/** A channel as its list shows it: with `unread`, `mentions`, `read_cursor`, `notify`, `peer` and `pause`. */
export type Channel = AnswerTo<'GET /v1/channels'>['channels'][number]
/** One channel with its settings and who is stopped there. */
export type ChannelDetails = AnswerTo<'GET /v1/channels/{slug}'>
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
