import type { BodyFormat, Message, MessageKind, MessageRef, Priority, Via } from '../../core/kernel/entities'
import type { Seq, Uuid } from '../../core/kernel/ids'
import type { Micros } from '../../core/kernel/time'
import type { DraftMessage } from '../../core/messages/post-plan'

/**
 * The layout of a message in its row. `flags`, from the lowest bit: format (1), kind (2), priority (2), way in (3),
 * broadcast (1), has mentions (1). `extra` is null for most messages.
 */
const formats = ['markdown', 'plaintext'] as const satisfies readonly BodyFormat[]
const kinds = ['message', 'correction', 'approval', 'system'] as const satisfies readonly MessageKind[]
const priorities = ['normal', 'urgent', 'fyi'] as const satisfies readonly Priority[]
const ways = ['session', 'token', 'mcp', 'a2a', 'bridge'] as const satisfies readonly Via[]

const KIND_SHIFT = 1
const PRIORITY_SHIFT = 3
const VIA_SHIFT = 5
const BROADCAST = 1 << 8
export const HAS_MENTIONS = 1 << 9
export const KIND_MASK = 3 << KIND_SHIFT

export interface Extra {
  /** Listed mentions. */
  readonly m?: readonly number[]
  /** Unlisted mentions. */
  readonly u?: readonly number[]
  /** 1 if the list was truncated. */
  readonly t?: 1
  readonly meta?: Readonly<Record<string, unknown>>
  /** client_msg_id */
  readonly c?: string
  /** acting_token_id */
  readonly a?: number
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

export function kindFlags(kind: MessageKind): number {
  return kinds.indexOf(kind) << KIND_SHIFT
}

export function flagsOf(message: DraftMessage): number {
  const { mentions } = message
  let flags = formats.indexOf(message.format as (typeof formats)[number]) | kindFlags(message.kind)
  flags |= priorities.indexOf(message.priority) << PRIORITY_SHIFT
  flags |= ways.indexOf(message.via) << VIA_SHIFT
  if (mentions.broadcast) flags |= BROADCAST
  if (mentions.broadcast || mentions.listed.length > 0) flags |= HAS_MENTIONS
  return flags
}

export function extraOf(message: DraftMessage): string | null {
  const { listed, unlisted, truncated } = message.mentions
  const extra: Extra = {
    ...(listed.length > 0 ? { m: listed } : {}),
    ...(unlisted.length > 0 ? { u: unlisted } : {}),
    ...(truncated ? { t: 1 } : {}),
    ...(Object.keys(message.metadata).length > 0 ? { meta: message.metadata } : {}),
    ...(message.clientMessageId === null ? {} : { c: message.clientMessageId }),
    ...(message.actingTokenId === null ? {} : { a: message.actingTokenId }),
  }
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
    kind: kinds[(flags >> KIND_SHIFT) & 3] ?? 'message',
    priority: priorities[(flags >> PRIORITY_SHIFT) & 3] ?? 'normal',
    via: ways[(flags >> VIA_SHIFT) & 7] ?? 'token',
    mentions: {
      listed: extra.m ?? [],
      unlisted: extra.u ?? [],
      broadcast: (flags & BROADCAST) !== 0,
      truncated: extra.t === 1,
    },
    metadata: extra.meta ?? {},
    clientMessageId: extra.c ?? null,
    actingTokenId: extra.a ?? null,
    createdAt: row.at,
    editedAt: row.editedAt,
    deletedAt: row.deletedAt,
    replyCount: beside.replyCount ?? 0,
    lastReplyAt: beside.lastReplyAt,
  }
}

function ref(seq: Seq | null, uuid: Uuid | null): MessageRef | null {
  return seq === null || uuid === null ? null : { seq, uuid }
}
