import type { BodyFormat, Message, MessageRef, Reaction } from '../../core/kernel/entities'
import { parseUuid, type Uuid } from '../../core/kernel/ids'
import { MAX_LISTED_MENTIONS, MAX_LISTED_REACTORS } from '../../core/kernel/limits'
import type { Micros } from '../../core/kernel/time'
import { mentionTokens } from '../../core/messages/mentions'
import { INBOX_FROM } from '../../store/queries/inbox'
import { extraOf, flagsOf } from '../../store/queries/message-row'
import { type StoreAdapter, valueIn } from '../store-adapter'
import { tableNamed } from '../table-meta'
import type { People } from './people'
import { dateOf, type Fields, type ImportParts, insertEvents, insertFields } from './rows'
import { idOf, type Raw, timeOrNull, wordOf } from './source'

const messages = tableNamed('messages')

export interface MessageDeps extends ImportParts {
  readonly people: People
  /** For finding the target of a reply. */
  readonly to: StoreAdapter
}

/** A message that others may reply to. */
interface Target extends MessageRef {
  readonly channelId: number
  readonly thread: MessageRef | null
}

/** Imports messages in the order of time and id, with their mentions and reactions. */
export async function importMessages(deps: MessageDeps): Promise<void> {
  let last: Micros | undefined
  for await (const page of deps.source.rows('messages', 'messages.created_at, messages.id')) {
    const ids = page.map((raw) => raw.id ?? '')
    const mentions = byMessage(await deps.source.ofMessages('mentions', ids))
    const reactions = byMessage(await deps.source.ofMessages('reactions', ids))
    const fields: Fields[] = []
    const reacted: Fields[] = []
    const inPage = new Map<Uuid, Target>()
    for (const raw of page) {
      const message = await messageOf(raw, mentions.get(raw.id ?? '') ?? [], deps, inPage)
      if (message === undefined) continue
      if (last !== undefined && message.createdAt < last)
        deps.warnings.count('messages whose time is written so that it sorts wrongly; check their order')
      last = message.createdAt
      inPage.set(message.uuid, message)
      const uses = usesOf(message, reactions.get(raw.id ?? '') ?? [], deps)
      fields.push(fieldsOf({ ...message, reactions: reactionsOf(uses) }))
      for (const { accountId, emoji } of uses)
        reacted.push({ message_seq: message.seq, account_id: accountId, emoji, at: message.createdAt })
    }
    await insertFields(deps, 'messages', fields)
    await insertFields(deps, 'reactions', reacted)
    await insertEvents(deps)
  }
  // Counts the replies of each thread, without deleted ones, which cannot be read.
  await deps.write.run(
    `INSERT INTO threads (root_seq, reply_count, last_reply_seq) SELECT thread_seq, count(*), max(seq) FROM messages
      WHERE thread_seq IS NOT NULL AND deleted_at IS NULL GROUP BY thread_seq`,
  )
  deps.wrote('threads', await deps.to.count(tableNamed('threads')))
  await deps.write.run(
    `INSERT INTO thread_members (root_seq, account_id, last_seq) SELECT thread_seq, sender_id, max(seq) FROM messages
      WHERE thread_seq IS NOT NULL GROUP BY thread_seq, sender_id`,
  )
  // What agents have spent since the last reply of a person. Imported messages have no kinds.
  await deps.write.run(
    `UPDATE threads SET reset_seq = (SELECT max(m.seq) FROM messages m JOIN accounts a ON a.id = m.sender_id
      WHERE m.thread_seq = threads.root_seq AND a.kind = 'human')`,
  )
  await deps.write.run(
    `UPDATE thread_members SET spent_seq = last_seq, spent = (SELECT count(*) FROM messages m
      WHERE m.thread_seq = thread_members.root_seq AND m.sender_id = thread_members.account_id AND m.seq > coalesce(
        (SELECT reset_seq FROM threads WHERE threads.root_seq = thread_members.root_seq), 0))
      WHERE account_id IN (SELECT id FROM accounts WHERE kind = 'agent')`,
  )
  deps.wrote('thread_members', await deps.to.count(tableNamed('thread_members')))
  // Imported messages count as read.
  await deps.write.run(`UPDATE memberships SET read_seq = ${deps.log.seq}`)
  await deps.write.setFact(INBOX_FROM, `${deps.log.seq}`)
}

/** Converts a message and appends its event. Returns undefined if its account or channel is missing. */
async function messageOf(
  raw: Raw,
  mentions: readonly Raw[],
  deps: MessageDeps,
  inPage: ReadonlyMap<Uuid, Target>,
): Promise<Message | undefined> {
  const { people, log, warnings } = deps
  const channel = people.channels.get(idOf('messages', raw, 'channel_id'))
  const sender = people.accounts.get(idOf('messages', raw, 'sender_id'))
  if (!channel || !sender) {
    warnings.count('messages of an account or in a channel that is missing: left out')
    return undefined
  }
  const uuid = idOf('messages', raw)
  const createdAt = dateOf(deps, 'messages', raw, 'created_at')
  const deletedAt = timeOrNull('messages', raw, 'deleted_at')
  const target = raw.reply_to == null ? undefined : await targetOf(raw.reply_to, inPage, deps.to)
  const answered = target?.channelId === channel.id ? target : undefined
  if (raw.reply_to != null && !answered)
    warnings.count(
      'replies to a message that is missing, later, or in another channel: kept as plain messages',
    )
  const body = deletedAt === null ? (raw.body ?? '') : ''
  const seq = log.append('message.created', createdAt, { channelId: channel.id, actorId: sender.id })
  const named = deletedAt === null ? mentionsOf(body, mentions, channel.id, deps) : []
  return {
    seq,
    uuid,
    channelId: channel.id,
    senderId: sender.id,
    thread: answered ? (answered.thread ?? { seq: answered.seq, uuid: answered.uuid }) : null,
    replyTo: answered ? { seq: answered.seq, uuid: answered.uuid } : null,
    body,
    format: wordOf<BodyFormat>('messages', raw, 'body_format', ['markdown', 'plaintext']),
    kind: 'message',
    priority: 'normal',
    via: sender.kind === 'human' ? 'session' : 'token',
    mentions: {
      listed: named.slice(0, MAX_LISTED_MENTIONS),
      unlisted: named.slice(MAX_LISTED_MENTIONS),
      // The mentions already list everybody whom a broadcast reached.
      broadcast: false,
      truncated: named.length > MAX_LISTED_MENTIONS,
      dormant: [],
    },
    metadata: {},
    clientMessageId: null,
    ackWithinSeconds: null,
    actingTokenId: null,
    createdAt,
    editedAt: timeOrNull('messages', raw, 'edited_at'),
    deletedAt,
    replyCount: 0,
    lastReplyAt: null,
    attachments: [],
    reactions: [],
  }
}

async function targetOf(
  text: string,
  inPage: ReadonlyMap<Uuid, Target>,
  to: StoreAdapter,
): Promise<Target | undefined> {
  const uuid = parseUuid(text)
  if (uuid === undefined) return undefined
  const near = inPage.get(uuid)
  if (near) return near
  const row = await to.find(messages, 'uuid', uuid)
  if (!row) return undefined
  const threadSeq = valueIn(messages, row, 'thread_seq')
  return {
    seq: Number(valueIn(messages, row, 'seq')),
    uuid,
    channelId: Number(valueIn(messages, row, 'channel_id')),
    // The row of a reply contains the seq of its root, not its id.
    thread: threadSeq === null ? null : { seq: Number(threadSeq), uuid },
  }
}

/**
 * Returns internal ids in the order in which the body mentions them. Accounts from an expanded mention take the place
 * of the first word that is not a handle.
 */
function mentionsOf(
  body: string,
  rows: readonly Raw[],
  channelId: number,
  { people, warnings }: MessageDeps,
): number[] {
  if (rows.length === 0) return []
  const tokens = mentionTokens(body)
  const found = rows.flatMap((raw) => {
    const account = people.accounts.get(idOf('mentions', raw, 'account_id'))
    if (!account) {
      warnings.count('mentions of an account that is missing: left out')
      return []
    }
    if (!people.members.has(`${channelId}:${account.id}`))
      warnings.count('mentions of an account that is not a member of the channel: kept')
    return [account]
  })
  const handles = new Set(found.map(({ handle }) => handle))
  const expansion = tokens.findIndex((token) => !handles.has(token))
  const positionOf = (handle: string) => {
    const place = tokens.indexOf(handle)
    if (place >= 0) return place
    return expansion < 0 ? tokens.length : expansion
  }
  return found
    .map(({ id, handle }) => ({ id, handle, place: positionOf(handle) }))
    .sort((a, b) => a.place - b.place || (a.handle < b.handle ? -1 : 1))
    .map(({ id }) => id)
}

/** The use of an emoji by an account. */
interface Use {
  readonly accountId: number
  readonly emoji: string
}

/** Returns the reactions to a message. The earlier server did not store their times, so they are in order of account. */
function usesOf(message: Message, rows: readonly Raw[], { people, warnings }: MessageDeps): Use[] {
  const uses = rows.flatMap((raw) => {
    const account = people.accounts.get(idOf('reactions', raw, 'account_id'))
    if (!account || message.deletedAt !== null || !raw.emoji) {
      warnings.count('reactions to a deleted message, or of an account that is missing: left out')
      return []
    }
    return [{ accountId: account.id, emoji: raw.emoji }]
  })
  return uses.sort((one, other) => one.accountId - other.accountId)
}

function reactionsOf(uses: readonly Use[]): Reaction[] {
  const accounts = new Map<string, number[]>()
  for (const { emoji, accountId } of uses) accounts.set(emoji, [...(accounts.get(emoji) ?? []), accountId])
  return [...accounts].map(([emoji, ids]) => {
    return { emoji, count: ids.length, first: ids.slice(0, MAX_LISTED_REACTORS) }
  })
}

function fieldsOf(message: Message): Fields {
  return {
    seq: message.seq,
    uuid: message.uuid,
    channel_id: message.channelId,
    sender_id: message.senderId,
    thread_seq: message.thread?.seq ?? null,
    reply_seq: message.replyTo?.seq ?? null,
    at: message.createdAt,
    edited_at: message.editedAt,
    deleted_at: message.deletedAt,
    flags: flagsOf(message),
    body: message.body,
    extra: extraOf(message),
  }
}

function byMessage(rows: readonly Raw[]): Map<string, Raw[]> {
  const grouped = new Map<string, Raw[]>()
  for (const raw of rows) {
    const id = raw.message_id ?? ''
    const known = grouped.get(id)
    if (known) known.push(raw)
    else grouped.set(id, [raw])
  }
  return grouped
}
