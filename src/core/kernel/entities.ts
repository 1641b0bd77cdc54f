import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The nouns of Synapse as the core holds them. `id` is the small key inside, `uuid` the id that the world sees. */

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
  /** Handles that its holder may act as, `*` for everybody who is no system admin; null = none. */
  readonly actors: readonly string[] | null
  /** Label of the device that it was paired to. */
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
  /** Highest seq of a purged event; cursors below it have expired. 0 = nothing was ever purged. */
  readonly floorSeq: Seq
}

/** What an account is in a channel. */
export interface Member {
  readonly role: Role
  /** Seq of the join: broadcasts after it concern the member. */
  readonly joinedSeq: Seq
}

export type BodyFormat = 'markdown' | 'plaintext'
export type MessageKind = 'message' | 'correction' | 'approval' | 'system'
export type Priority = 'urgent' | 'normal' | 'fyi'
export type Via = 'session' | 'token' | 'mcp' | 'a2a' | 'bridge'

/** What a message names. `listed` is what readers are shown, `unlisted` what did not fit, `broadcast` everybody. */
export interface Mentions {
  readonly listed: readonly number[]
  readonly unlisted: readonly number[]
  readonly broadcast: boolean
  /** True when an expansion was cut to the listed ones. */
  readonly truncated: boolean
}

/** A message as stored; accounts and channels by their inner ids. */
export interface Message {
  readonly seq: Seq
  readonly uuid: Uuid
  readonly channelId: number
  readonly senderId: number
  /** Root of the thread this message replies in; null for a top-level message. */
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
  /** The token by which somebody else wrote it in the sender's name; never shown with the message. */
  readonly actingTokenId: number | null
  readonly createdAt: Micros
  readonly editedAt: Micros | null
  readonly deletedAt: Micros | null
  readonly replyCount: number
  readonly lastReplyAt: Micros | null
}

/** A message with the names that readers are shown beside it. */
export interface MessageView {
  readonly message: Message
  readonly channel: Channel
  readonly sender: Account
  /** Handles of the listed mentions, in their order. */
  readonly mentioned: readonly string[]
}

/** A setting as it was set, in JSON; null: unset, so that the environment or the default counts. */
export interface SettingValue {
  readonly key: string
  readonly value: string | null
}

/** One change of a setting. */
export interface SettingChange extends SettingValue {
  /** That of its setting.changed event. */
  readonly seq: Seq
  /** Null: the operator. */
  readonly actorId: number | null
  readonly at: Micros
}

export interface MessageRef {
  readonly seq: Seq
  readonly uuid: Uuid
}
