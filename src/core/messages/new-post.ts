import type { BodyFormat, MessageKind, Priority, Via } from '../kernel/entities'

export interface NewPost {
  readonly channel: string
  /** 1 to 16,000 code points, never trimmed. */
  readonly body: string
  readonly format: BodyFormat
  /** A message of the thread to post in, as the client sent it. */
  readonly threadId: string | null
  /** The message to reply to, as the client sent it. */
  readonly replyTo: string | null
  /** Approvals are posted by an act of their own. */
  readonly kind: Exclude<MessageKind, 'system'>
  readonly priority: Priority
  readonly metadata: Readonly<Record<string, unknown>>
  /** Ids of uploads, as the client sent them. One that is named twice is attached once. */
  readonly attachments?: readonly string[]
  /** The names that it mentions, without `@`; absent = those in its body. */
  readonly mentions?: readonly string[]
  readonly clientMessageId: string | null
  /** How the message came, if the credential alone does not tell. */
  readonly via?: Via
  /** Whether it is refused unless it asks an account, see ASKING_REASONS. */
  readonly needsRecipient?: true
  /** Seconds in which those whom it notifies must answer; null or absent = they need not. */
  readonly ackWithinSeconds?: number | null
  /** The retry key, and a hash of everything that identifies the request. */
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null
}
