import type { Account, Channel, Message } from '../../kernel/entities'
import type { Seq } from '../../kernel/ids'
import type { Reads } from '../../kernel/ports'
import type { EventType } from '../../log/catalogue'
import { type EventRecord, type MessageEvent, toRecord } from '../../log/events'
import type { MatrixUser } from '../user-ports'

/** Rows of the log from which events of rooms follow, with what they refer to. */
export interface LogRows {
  /** The rows after this position, up to the other. */
  readonly after: Seq
  readonly upTo: Seq
  readonly records: readonly EventRecord[]
  readonly messages: ReadonlyMap<Seq, Message>
  readonly accounts: ReadonlyMap<number, Account>
  readonly channels: ReadonlyMap<number, Channel>
  /** The users of these accounts, except those that have none yet. */
  readonly users: readonly MatrixUser[]
}

/** What the subject of a row is, for the types from which events follow. */
const SUBJECTS: Readonly<Partial<Record<EventType, 'message' | 'account' | 'channel'>>> = {
  'message.created': 'message',
  'message.edited': 'message',
  'message.deleted': 'message',
  'reaction.added': 'message',
  'reaction.removed': 'message',
  'member.joined': 'account',
  'member.left': 'account',
  'member.role': 'account',
  'account.created': 'account',
  'account.updated': 'account',
  'account.archived': 'account',
  'account.unarchived': 'account',
  'account.erased': 'account',
  'channel.created': 'channel',
  'channel.updated': 'channel',
  'channel.archived': 'channel',
  'channel.unarchived': 'channel',
  'channel.purged': 'channel',
  'matrix.event': 'channel',
}

function subjectKind(type: string): 'message' | 'account' | 'channel' | undefined {
  return Object.hasOwn(SUBJECTS, type) ? SUBJECTS[type as EventType] : undefined
}

/** The hidden facts of a row `matrix.event` that is a consequence of another row. */
export type ConsequenceFacts = {
  readonly type: 'm.room.member'
  /** Inner id of the account whose member event has to follow its account. */
  readonly account: number
  /** In the last row of several: the channel after which further ones follow. */
  readonly after?: number
  /** Of an erased account: the position up to which the events that it has sent are redacted. */
  readonly eventsAfter?: number
}

/** Returns the account whose member event a row renews, if it does. */
export function renewedAccount({ type, facts }: EventRecord): number | undefined {
  const { account } = (facts ?? {}) as Partial<ConsequenceFacts>
  return type === 'matrix.event' ? account : undefined
}

/** Returns the position up to which the events of an erased account are redacted before a row. */
export function forgottenUpTo({ facts }: EventRecord): number {
  return ((facts ?? {}) as Partial<ConsequenceFacts>).eventsAfter ?? 0
}

/** Returns the channel after which the rooms of that account are renewed next, if the row is the last of several. */
export function renewedAfter({ facts }: EventRecord): number | undefined {
  return ((facts ?? {}) as Partial<ConsequenceFacts>).after
}

/**
 * Reads up to `limit` rows after a position, with what they refer to as it is now. `isWanted` leaves rows out.
 * `upTo` is the last row that was looked at.
 */
export async function readRows(
  reads: Reads,
  after: Seq,
  limit: number,
  isWanted: (record: EventRecord) => boolean = () => true,
): Promise<LogRows> {
  const read = await reads.events(after, limit)
  const records = read.filter((record) => subjectKind(record.type) !== undefined && isWanted(record))
  const upTo = read.at(-1)?.seq ?? after
  return { after, upTo, records, ...(await referredTo(reads, records)) }
}

/** Returns posts as rows, with what they refer to. They follow the position without a gap. */
export async function rowsOfPosts(
  reads: Reads,
  after: Seq,
  posts: readonly MessageEvent[],
): Promise<LogRows> {
  const messages = new Map<Seq, Message>()
  const accounts = new Map<number, Account>()
  const channels = new Map<number, Channel>()
  const mentioned = new Set<number>()
  for (const { seq, message, channel } of posts) {
    messages.set(seq, message.message)
    accounts.set(message.sender.id, message.sender)
    channels.set(channel.id, channel)
    for (const id of message.message.mentions.listed) mentioned.add(id)
    for (const id of message.message.mentions.unlisted) mentioned.add(id)
  }
  const missing = [...mentioned].filter((id) => !accounts.has(id))
  if (missing.length > 0)
    for (const account of await reads.accountsByIds(missing)) accounts.set(account.id, account)
  const users = await reads.matrix().usersOfAccounts([...accounts.keys()])
  const upTo = after + posts.length
  return { after, upTo, records: posts.map(toRecord), messages, accounts, channels, users }
}

async function referredTo(
  reads: Reads,
  records: readonly EventRecord[],
): Promise<Pick<LogRows, 'messages' | 'accounts' | 'channels' | 'users'>> {
  const accountIds = new Set<number>()
  const channelIds = new Set<number>()
  const seqs = new Set<Seq>()
  for (const record of records) {
    const { type, subject, channelId, actorId } = record
    const kind = subjectKind(type)
    if (kind === 'message') seqs.add(subject)
    if (kind === 'account') accountIds.add(subject)
    if (channelId !== null) channelIds.add(channelId)
    if (actorId !== null) accountIds.add(actorId)
    const renewed = renewedAccount(record)
    if (renewed !== undefined) accountIds.add(renewed)
  }
  const messages = seqs.size === 0 ? [] : await reads.messagesBySeq([...seqs], { includeDeleted: true })
  for (const { senderId, mentions } of messages) {
    accountIds.add(senderId)
    for (const id of mentions.listed) accountIds.add(id)
    for (const id of mentions.unlisted) accountIds.add(id)
  }
  const accounts = accountIds.size === 0 ? [] : await reads.accountsByIds([...accountIds])
  const users = await reads.matrix().usersOfAccounts([...accountIds])
  const channels = channelIds.size === 0 ? [] : await reads.channelsByIds([...channelIds])
  return {
    messages: new Map(messages.map((message) => [message.seq, message])),
    accounts: new Map(accounts.map((account) => [account.id, account])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    users,
  }
}
