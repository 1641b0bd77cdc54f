/**
 * A post on its way to the log: the plan a verb makes, the draft the plan comes to, and the event of the draft.
 * Imports core only. Start here; judge-post.ts says in which order a plan is judged, and which plans fit in one group.
 */
import type { Account, Channel, Message, MessageRef } from '../kernel/entities'
import type { Seq, Uuid } from '../kernel/ids'
import type { RetryKey } from '../kernel/retry-keys'
import { later, type Micros } from '../kernel/time'
import { type MessageEvent, postedEvent } from '../log/events'

/**
 * A post that waits for the writer. Many share one commit (and, on Postgres, one statement). `admit` and `decide` are
 * synchronous, refuse by throwing an AppError, and may run again: only their last run counts.
 */
export interface PostPlan {
  readonly uuid: Uuid
  readonly idempotency: RetryKey | null
  readonly replyTo: Uuid | null
  readonly threadId: Uuid | null
  /** UTF-16 units of the body, which count towards the size of a group. */
  readonly bodyLength: number
  readonly touches: Touches
  /** Whether the sender may post there now: gates 1 to 7. Comes before the idempotency key is looked at. */
  admit(): void
  /** What to write, given what was found. */
  decide(found: PostLookups): PostDraft
}

/** Names of what a plan reads and writes. A plan that reads what another one writes is not judged together with it. */
export interface Touches {
  readonly reads: readonly string[]
  readonly writes: readonly string[]
}

const nothing: readonly string[] = []

/** A post reads its key, its reply target and its thread. It writes its own message and its key. */
export function touchesOf(post: Pick<PostPlan, 'uuid' | 'idempotency' | 'replyTo' | 'threadId'>): Touches {
  const { uuid, idempotency, replyTo, threadId } = post
  if (!idempotency && replyTo === null && threadId === null) return { reads: nothing, writes: [uuid] }
  const keys = idempotency ? [`${idempotency.accountId} ${idempotency.key}`] : nothing
  const messages = [replyTo, threadId].filter((name) => name !== null)
  return { reads: [...keys, ...messages], writes: [uuid, ...keys] }
}

/** What the store looked up for a post before it is decided. */
export interface PostLookups {
  /** The message that `replyTo` names, wherever it is. */
  readonly target: FoundMessage | undefined
  /** The message that `threadId` names. */
  readonly thread: FoundMessage | undefined
}

export interface FoundMessage extends MessageRef {
  readonly channelId: number
  readonly thread: MessageRef | null
  readonly deleted: boolean
}

/** What a post writes: plain data. It knows neither its seq nor its instant, which the store gives it. */
export interface PostDraft {
  readonly message: DraftMessage
  /** With the message, what readers are shown of it. */
  readonly channel: Channel
  readonly sender: Account
  readonly mentioned: readonly string[]
}

/** A message without its place in the log, and without what happens to it later. */
export type DraftMessage = Omit<
  Message,
  'seq' | 'createdAt' | 'editedAt' | 'deletedAt' | 'replyCount' | 'lastReplyAt'
>

/** A place in the log. */
export interface LogPosition {
  readonly seq: Seq
  readonly at: Micros
}

/** The place of the `n`th draft of a group: they follow the first without a gap, a microsecond apart. */
export function nthPosition(first: LogPosition, n: number): LogPosition {
  return { seq: first.seq + n, at: later(first.at, n) }
}

/** The event of a draft that has got its place. */
export function placed({ message, channel, sender, mentioned }: PostDraft, place: LogPosition): MessageEvent {
  const placedMessage: Message = {
    ...message,
    seq: place.seq,
    createdAt: place.at,
    editedAt: null,
    deletedAt: null,
    replyCount: 0,
    lastReplyAt: null,
  }
  return postedEvent({ message: placedMessage, channel, sender, mentioned })
}
