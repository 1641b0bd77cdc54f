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
  readonly mentions: Mentions
  readonly metadata: Readonly<Record<string, unknown>>
  readonly clientMessageId: string | null
  /** The token of another account that wrote the message in the sender's name. Never shown with the message. */
  readonly actingTokenId: number | null
  readonly createdAt: Micros
  readonly editedAt: Micros | null
  readonly deletedAt: Micros | null
  readonly replyCount: number
  readonly lastReplyAt: Micros | null
}

/** A message with the names shown to readers. */
export interface MessageView {
  readonly message: Message
  readonly channel: Channel
  readonly sender: Account
  /** Handles of the listed mentions, in the same order. */
  readonly mentioned: readonly string[]
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
