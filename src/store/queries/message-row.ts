import type { Approval } from '../../core/kernel/approval-ports'
import type {
  Attachment,
  BodyFormat,
  Message,
  MessageKind,
  MessageRef,
  Priority,
  Via,
} from '../../core/kernel/entities'
import type { Seq, Uuid } from '../../core/kernel/ids'
import type { Micros } from '../../core/kernel/time'
import type { DraftMessage } from '../../core/messages/post-plan'

/**
 * The layout of a message in its row. `flags`, from the lowest bit: format (1), kind (2), priority (2), way in (3),
 * broadcast (1), has mentions (1), unattended (1), passes over
 * members (1). `extra` is null for most messages.
 */
const formats = ['markdown', 'plaintext'] as const satisfies readonly BodyFormat[]
const kinds = ['message', 'correction', 'approval', 'system'] as const satisfies readonly MessageKind[]
const priorities = ['normal', 'urgent', 'fyi'] as const satisfies readonly Priority[]
const ways = ['session', 'token', 'mcp', 'a2a', 'bridge'] as const satisfies readonly Via[]

const KIND_SHIFT = 1
const PRIORITY_SHIFT = 3
const VIA_SHIFT = 5
/** Also stands in the index messages_broadcast. */
export const BROADCAST = 1 << 8
export const HAS_MENTIONS = 1 << 9
/** Set on messages of people that a program wrote in their name. */
export const UNATTENDED = 1 << 10
/** Set on broadcasts that do not notify all members. */
export const PASSES_OVER = 1 << 11
/** The flags that a tombstone keeps. */
export const LASTING_FLAGS = (BROADCAST - 1) | UNATTENDED
export const KIND_MASK = 3 << KIND_SHIFT
export const VIA_MASK = 7 << VIA_SHIFT
/** What stands under VIA_MASK for messages sent over A2A. Also stands in the index messages_a2a. */
export const A2A = ways.indexOf('a2a') << VIA_SHIFT

export interface Extra {
  /** Listed mentions. */
  readonly m?: readonly number[]
  /** Unlisted mentions. */
  readonly u?: readonly number[]
  /** Members that were dormant. */
  readonly d?: readonly number[]
  /** 1 if the list was truncated. */
  readonly t?: 1
  readonly meta?: Readonly<Record<string, unknown>>
  /** client_msg_id */
  readonly c?: string
  /** ack_within_s */
  readonly w?: number
  /** acting_token_id */
  readonly a?: number
  /** Attachments in the order of the post. */
  readonly f?: readonly Attachment[]
  readonly p?: Approval
  /** Reactions in order of first use, each with its count and the first accounts. */
  readonly r?: readonly (readonly [emoji: string, count: number, first: readonly number[]])[]
}

export interface MessageRow {
  readonly seq: Seq
  readonly uuid: Uuid
  readonly channelId: number
  readonly senderId: number
  readonly threadSeq: Seq | null
  readonly replySeq: Seq | null
  readonly at: Micros
  readonly editedAt: Micros | null
  readonly deletedAt: Micros | null
  readonly flags: number
  readonly body: string
  readonly extra: string | null
}

/** Data of a message from other tables. */
export interface MessageSurroundings {
  readonly threadUuid: Uuid | null
  readonly replyUuid: Uuid | null
  readonly replyCount: number | null
  readonly lastReplyAt: Micros | null
}

const none: readonly never[] = []

export function kindFlags(kind: MessageKind): number {
  return kinds.indexOf(kind) << KIND_SHIFT
}

export function kindOf(flags: number): MessageKind {
  return kinds[(flags >> KIND_SHIFT) & 3] ?? 'message'
}

export function flagsOf(message: DraftMessage): number {
  const { mentions } = message
  let flags = formats.indexOf(message.format as (typeof formats)[number]) | kindFlags(message.kind)
  flags |= priorities.indexOf(message.priority) << PRIORITY_SHIFT
  flags |= ways.indexOf(message.via) << VIA_SHIFT
  if (mentions.broadcast) flags |= BROADCAST
  if (mentions.broadcast && mentions.dormant.length > 0) flags |= PASSES_OVER
  if (mentions.broadcast || mentions.listed.length > 0) flags |= HAS_MENTIONS
  if (message.isUnattended) flags |= UNATTENDED
  return flags
}

/** A new message has no reactions. */
export function extraOf(message: DraftMessage & Partial<Pick<Message, 'reactions'>>): string | null {
  const { listed, unlisted, truncated, dormant } = message.mentions
  const { reactions } = message
  const extra: { -readonly [Key in keyof Extra]: Extra[Key] } = {}
  if (listed.length > 0) extra.m = listed
  if (unlisted.length > 0) extra.u = unlisted
  if (truncated) extra.t = 1
  if (dormant.length > 0) extra.d = dormant
  if (Object.keys(message.metadata).length > 0) extra.meta = message.metadata
  if (message.clientMessageId !== null) extra.c = message.clientMessageId
  if (message.ackWithinSeconds !== null) extra.w = message.ackWithinSeconds
  if (message.actingTokenId !== null) extra.a = message.actingTokenId
  if (message.attachments.length > 0) extra.f = message.attachments
  if (message.approval) extra.p = message.approval
  if (reactions && reactions.length > 0)
    extra.r = reactions.map(({ emoji, count, first }) => [emoji, count, first] as const)
  return Object.keys(extra).length === 0 ? null : JSON.stringify(extra)
}

export function toMessage(row: MessageRow, beside: MessageSurroundings): Message {
  const { flags } = row
  // Written by extraOf only.
  const extra: Extra = row.extra === null ? {} : (JSON.parse(row.extra) as Extra)
  return {
    seq: row.seq,
    uuid: row.uuid,
    channelId: row.channelId,
    senderId: row.senderId,
    thread: ref(row.threadSeq, beside.threadUuid),
    replyTo: ref(row.replySeq, beside.replyUuid),
    body: row.body,
    format: formats[flags & 1] ?? 'markdown',
    kind: kindOf(flags),
    priority: priorities[(flags >> PRIORITY_SHIFT) & 3] ?? 'normal',
    via: ways[(flags >> VIA_SHIFT) & 7] ?? 'token',
    ...((flags & UNATTENDED) === 0 ? {} : { isUnattended: true }),
    mentions: {
      listed: extra.m ?? [],
      unlisted: extra.u ?? [],
      broadcast: (flags & BROADCAST) !== 0,
      truncated: extra.t === 1,
      dormant: extra.d ?? none,
    },
    metadata: extra.meta ?? {},
    clientMessageId: extra.c ?? null,
    ackWithinSeconds: extra.w ?? null,
    actingTokenId: extra.a ?? null,
    createdAt: row.at,
    editedAt: row.editedAt,
    deletedAt: row.deletedAt,
    replyCount: beside.replyCount ?? 0,
    lastReplyAt: beside.lastReplyAt,
    reactions: extra.r?.map(([emoji, count, first]) => ({ emoji, count, first })) ?? none,
    attachments: extra.f ?? none,
    ...(extra.p ? { approval: extra.p } : {}),
  }
}

/** Returns the members that a message passes over. */
export function dormantIn(extra: string | null): readonly number[] | undefined {
  return extra === null ? undefined : (JSON.parse(extra) as Extra).d
}

function ref(seq: Seq | null, uuid: Uuid | null): MessageRef | null {
  return seq === null || uuid === null ? null : { seq, uuid }
}
