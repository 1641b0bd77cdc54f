import type { Approval } from './approval-ports'
import type { BlobKey } from './blobs'
import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The entities of the core. `id` is the small internal key, `uuid` the public id. */

export type AccountKind = 'human' | 'agent'
export type ChannelKind = 'public' | 'private' | 'dm'
export type Role = 'admin' | 'member' | 'read_only'
export type Residency = 'continuous' | 'episodic'

export interface Account {
  readonly id: number
  readonly uuid: Uuid
  readonly kind: AccountKind
  readonly handle: string
  readonly displayName: string
  readonly email: string | null
  readonly hasPassword: boolean
  readonly isAdmin: boolean
  readonly chainLimit: number | null
  readonly about: string
  readonly capabilities: readonly string[]
  readonly residency: Residency
  readonly createdAt: Micros
  readonly archivedAt: Micros | null
  /** An erased account is archived for ever. */
  readonly erasedAt: Micros | null
}

export interface Token {
  readonly id: number
  readonly uuid: Uuid
  readonly accountId: number
  readonly hash: string
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly createdAt: Micros
  readonly lastUsedAt: Micros | null
  readonly expiresAt: Micros | null
  readonly revokedAt: Micros | null
  /** Handles that the holder may act as; `*` means everyone except system admins; null = none. */
  readonly actors: readonly string[] | null
  /** Label of the paired device. */
  readonly device: string | null
}

export interface Session {
  readonly id: number
  readonly uuid: Uuid
  readonly accountId: number
  readonly hash: string
  readonly createdAt: Micros
  readonly lastUsedAt: Micros | null
  readonly expiresAt: Micros
  readonly ip: string | null
  readonly userAgent: string | null
  /** The Matrix device of the session; null = a browser's. */
  readonly device: number | null
  /** SHA-256 of the token that renews the session, of those that can be renewed. */
  readonly refreshHash: string | null
  /** SHA-256 of the token that it was renewed with. The session before works until this one is used. */
  readonly refreshBefore: string | null
}

export interface Channel {
  readonly id: number
  readonly uuid: Uuid
  readonly slug: string
  readonly name: string
  readonly description: string | null
  readonly kind: ChannelKind
  readonly createdAt: Micros
  readonly archivedAt: Micros | null
  /** Highest seq of a purged event. Cursors below it have expired. 0 = nothing was purged. */
  readonly floorSeq: Seq
  readonly settings: ChannelSettings
  /** A Matrix space, or a room of another type without messages: not listed. */
  readonly hidden: boolean
}

/** The settings of one channel. An absent one has the value of the server. */
export interface ChannelSettings {
  readonly retentionDays?: number
  readonly retentionMax?: number
  /** While true, no message of the channel is edited, deleted, purged or erased. */
  readonly legalHold?: boolean
  readonly chainLimit?: number
  readonly agentRun?: number
  readonly autoContinueS?: number
  /** Whose `@channel`, `@everyone` and `@here` notify. */
  readonly broadcastBy?: 'all' | 'humans' | 'admins'
  /** `joined`: members see only messages that were posted after they joined. */
  readonly history?: 'all' | 'joined'
  /** `false`: the channel has no room of Matrix. */
  readonly matrix?: boolean
}

/** Handles by alias. `@alias` in the channel mentions those of them who are members. */
export type ChannelAliases = Readonly<Record<string, readonly string[]>>

/** Reasons why a message notifies an account. */
export const WAKE_REASONS = [
  'dm',
  'mention',
  'reply',
  'approval',
  'overdue',
  'thread',
  'group',
  'broadcast',
] as const
export type WakeReason = (typeof WAKE_REASONS)[number]

/** What a member is notified of in a channel: everything, direct mentions, or nothing. */
export type Notify = 'all' | 'mentions' | 'none'

/** How a member wants to be notified in one channel. `wakeOn` null = as in all channels. */
export interface MemberPreferences {
  readonly notify: Notify
  readonly wakeOn: readonly WakeReason[] | null
}

/** A membership of an account in a channel. */
export interface Member {
  readonly role: Role
  /** Seq of the join. Later broadcasts mention the member. */
  readonly joinedSeq: Seq
}

export type BodyFormat = 'markdown' | 'plaintext'
export type MessageKind = 'message' | 'correction' | 'approval' | 'system'
export type Priority = 'urgent' | 'normal' | 'fyi'
export type Via = 'session' | 'token' | 'mcp' | 'a2a' | 'bridge'

/** The mentions of a message. `listed` is shown to readers, `unlisted` did not fit, `broadcast` means every member. */
export interface Mentions {
  readonly listed: readonly number[]
  readonly unlisted: readonly number[]
  readonly broadcast: boolean
  /** True if an expansion was cut to the listed ones. */
  readonly truncated: boolean
  /** Members that its broadcasts and aliases do not notify, because they were dormant; readers are not shown it. */
  readonly dormant: readonly number[]
}

/** The use of one emoji on a message. `first` are the accounts that used it first, at most 20, in order. */
export interface Reaction {
  readonly emoji: string
  readonly count: number
  readonly first: readonly number[]
}

/** An uploaded file, as messages show it. */
export interface Attachment {
  readonly uuid: Uuid
  /** `image` if the bytes are a PNG, JPEG, GIF or WebP, whatever was declared. */
  readonly kind: 'file' | 'image'
  readonly filename: string
  readonly mime: string
  readonly size: number
  /** Of the bytes, in hex. */
  readonly sha256: string
  /** In pixels; null for a file. */
  readonly width: number | null
  readonly height: number | null
}

/** An uploaded file and where it belongs. */
export interface StoredAttachment extends Attachment {
  readonly id: number
  /** The account that uploaded it. */
  readonly accountId: number
  readonly blob: BlobKey
  /** The channel of its message; null until it has one. */
  readonly channelId: number | null
  /** Seq of that message. */
  readonly messageSeq: Seq | null
}

/** A message as stored; accounts and channels by inner ids. */
export interface Message {
  readonly seq: Seq
  readonly uuid: Uuid
  readonly channelId: number
  readonly senderId: number
  /** Root of the thread; null for a top-level message. */
  readonly thread: MessageRef | null
  readonly replyTo: MessageRef | null
  readonly body: string
  readonly format: BodyFormat
  readonly kind: MessageKind
  readonly priority: Priority
  readonly via: Via
  /** Set on a message of a person that a program wrote in its name: it does not count as the person's presence. */
  readonly isUnattended?: true
  readonly mentions: Mentions
  readonly metadata: Readonly<Record<string, unknown>>
  readonly clientMessageId: string | null
  /** Seconds in which those whom it notifies must answer; null = they need not. */
  readonly ackWithinSeconds: number | null
  /** The token of another account that wrote the message in the sender's name. Never shown with the message. */
  readonly actingTokenId: number | null
  readonly createdAt: Micros
  readonly editedAt: Micros | null
  readonly deletedAt: Micros | null
  readonly replyCount: number
  readonly lastReplyAt: Micros | null
  /** In order of first use. */
  readonly reactions: readonly Reaction[]
  readonly attachments: readonly Attachment[]
  /** Of a message of kind approval that is not deleted. */
  readonly approval?: Approval
}

/** A message with the names shown to readers. */
export interface MessageView {
  readonly message: Message
  readonly channel: Channel
  readonly sender: Account
  /** Handles of the listed mentions, in the same order. */
  readonly mentioned: readonly string[]
  /** The reactions with the handles of the first accounts. */
  readonly reactions: readonly ReactionView[]
  /** The handles in the approval of the message. */
  readonly approval?: ApprovalNames
}

export interface ApprovalNames {
  /** Null: every person among the members who may post. */
  readonly approvers: readonly string[] | null
  readonly decidedBy: string | null
}

export interface ReactionView {
  readonly emoji: string
  readonly count: number
  readonly handles: readonly string[]
}

/** A setting as JSON; null = unset, so that the environment or the default applies. */
export interface SettingValue {
  readonly key: string
  readonly value: string | null
}

/** A change of a setting. */
export interface SettingChange extends SettingValue {
  /** Seq of its setting.changed event. */
  readonly seq: Seq
  /** Null for the operator. */
  readonly actorId: number | null
  readonly at: Micros
}

export interface MessageRef {
  readonly seq: Seq
  readonly uuid: Uuid
}
