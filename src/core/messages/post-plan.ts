/**
 * A post on its way to the log: the plan made by a verb, the draft that the plan decides on, and the event of the
 * draft.
 * Imports only the core. Start reading here; judge-post.ts has the order of the checks, and which plans fit in one
 * group.
 */

import type { ChainDraft, FoundThread } from '../chain/chain'
import type { Notified } from '../inbox/notified'
import type {
  Account,
  ApprovalNames,
  Attachment,
  Channel,
  Message,
  MessageKind,
  MessageRef,
} from '../kernel/entities'
import type { Seq, Uuid } from '../kernel/ids'
import type { RetryKey } from '../kernel/retry-keys'
import { later, type Micros } from '../kernel/time'
import { type MessageEvent, postedEvent } from '../log/events'

/**
 * A post that waits for the writer. Many plans share one commit (and, on Postgres, one statement). `admit` and `decide`
 * are synchronous, refuse by throwing an AppError, and may run again: only the last run counts.
 */
export interface PostPlan {
  readonly uuid: Uuid
  readonly idempotency: RetryKey | null
  readonly replyTo: Uuid | null
  readonly threadId: Uuid | null
  /** The uploads to attach. */
  readonly attachments: readonly Uuid[]
  /** UTF-16 units of the body, which count towards the size of a group. */
  readonly bodyLength: number
  readonly touches: Touches
  /** Checks whether the sender may post there now. Runs before the retry key is looked up. */
  admit(): void
  /** Decides what to write, given what was found. */
  decide(found: PostLookups): PostDraft
}

/**
 * Keys of what a plan reads and writes. Two plans are judged together only if neither reads what the other one writes.
 */
export interface Touches {
  readonly reads: readonly string[]
  readonly writes: readonly string[]
}

const nothing: readonly string[] = []
const none: readonly never[] = []

/** A post reads its retry key, reply target, thread and attachments. It writes its message, key and attachments. */
export function touchesOf(
  post: Pick<PostPlan, 'uuid' | 'idempotency' | 'replyTo' | 'threadId' | 'attachments'>,
): Touches {
  const { uuid, idempotency, replyTo, threadId, attachments } = post
  if (!idempotency && replyTo === null && threadId === null && attachments.length === 0)
    return { reads: nothing, writes: [uuid] }
  const keys = idempotency ? [`${idempotency.accountId} ${idempotency.key}`] : nothing
  const messages = [replyTo, threadId].filter((name) => name !== null)
  return { reads: [...keys, ...messages, ...attachments], writes: [uuid, ...keys, ...attachments] }
}

/** What the store looked up for a post before it is decided. */
export interface PostLookups {
  /** The message that `replyTo` names, in any channel. */
  readonly target: FoundMessage | undefined
  /** The message that `threadId` names, in any channel. */
  readonly thread: FoundMessage | undefined
  /** The thread that the post belongs to; undefined if it is no reply. */
  readonly inThread: FoundThread | undefined
  /** The posts that are judged before in the same group. */
  readonly earlier?: readonly PostDraft[] | undefined
  /** The named uploads, in the same order. */
  readonly attachments: readonly (FoundAttachment | undefined)[]
}

export interface FoundAttachment extends Attachment {
  readonly id: number
  readonly accountId: number
  /** Whether a message has it. */
  readonly isUsed: boolean
}

export interface FoundMessage extends MessageRef {
  readonly channelId: number
  readonly senderId: number
  readonly kind: MessageKind
  readonly thread: MessageRef | null
  readonly deleted: boolean
}

/** What a post writes, as plain data. The store assigns its seq and instant. */
export interface PostDraft {
  readonly message: DraftMessage
  /** What readers are shown with the message. */
  readonly channel: Channel
  readonly sender: Account
  readonly mentioned: readonly string[]
  /** The handles in the approval of the message. */
  readonly approval?: ApprovalNames
  /** Ids of the attachments of the message. */
  readonly attached: readonly number[]
  /** The accounts that the message notifies. Each gets an item in its inbox. */
  readonly notified: readonly Notified[]
  /** What it changes of the budgets in its thread, if anything. */
  readonly chain: ChainDraft | null
}

/** A message without its position in the log and its later changes. */
export type DraftMessage = Omit<
  Message,
  'seq' | 'createdAt' | 'editedAt' | 'deletedAt' | 'replyCount' | 'lastReplyAt' | 'reactions'
>

/** A position in the log. */
export interface LogPosition {
  readonly seq: Seq
  readonly at: Micros
}

/**
 * Returns the position of the `n`th draft of a group. Positions follow each other without gaps, a microsecond apart.
 */
export function nthPosition(first: LogPosition, n: number): LogPosition {
  return { seq: first.seq + n, at: later(first.at, n) }
}

/** Returns the event of a draft at its position. */
export function eventOfDraft(
  { message, channel, sender, mentioned, notified, approval }: PostDraft,
  place: LogPosition,
): MessageEvent {
  const placedMessage: Message = {
    ...message,
    seq: place.seq,
    createdAt: place.at,
    editedAt: null,
    deletedAt: null,
    replyCount: 0,
    lastReplyAt: null,
    reactions: none,
  }
  const view = { message: placedMessage, channel, sender, mentioned, reactions: none }
  return postedEvent(approval ? { ...view, approval } : view, notified)
}
