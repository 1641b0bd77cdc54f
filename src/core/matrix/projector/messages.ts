import type { Message } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import { type EventRecord, idsIn } from '../../log/events'
import type { JsonObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import type { OpenRoom } from '../open-room'
import type { Derivation } from './derivation'
import {
  contentsOf,
  DETAILS,
  editOf,
  type Named,
  reactionTo,
  type ThreadPlace,
  threadRelation,
} from './outward'
import type { Shown } from './room-of-channel'

/** The events of rows about messages. */

/** The event of a posted message, and those of its files. */
export async function posted(d: Derivation, record: EventRecord): Promise<void> {
  const message = d.rows.messages.get(record.subject)
  const author = message && d.user(message.senderId)
  const room = author && (await d.roomOf(record))
  if (!message || !room) return
  const sender = await signerOf(d, room, record, message, author)
  if (!sender) {
    d.refused++
    return
  }
  const place = threadPlace(d, message)
  const relation = place && threadRelation(place)
  const related = place && {
    relation: { pos: place.rootPos, type: 'm.thread' },
    threadPos: place.rootPos,
  }
  const namedBy = names(d, message)
  const contents = fitting(
    d,
    room,
    record,
    (detail) => contentsOf(message, namedBy, detail, relation),
    (content) => d.offerAs(room, record, [sender.userId], { type: 'm.room.message', content, ...related }),
  )
  const newest = contents.at(-1)
  if (place && newest) d.newestInThread.set(place.rootPos, newest.eventId)
}

/** The event of an edit. An edit of a message that is deleted by now says nothing. */
export async function edited(d: Derivation, record: EventRecord): Promise<void> {
  const message = d.rows.messages.get(record.subject)
  const target = message && ofMessage(d.eventsOf(message.seq))[0]
  const sender = message && d.user(message.senderId)
  const room = sender && target && (await d.roomOf(record))
  if (!message || message.deletedAt !== null || !room) return
  const added = idsIn(record.facts, 'mentions_added')
  const namedBy = names(d, message)
  fitting(
    d,
    room,
    record,
    (detail) => [editOf(message, namedBy, detail, target.eventId, added)],
    (content) =>
      d.offerAs(room, record, [sender.userId], {
        ...{ type: 'm.room.message', content },
        relation: { pos: target.pos, type: 'm.replace' },
      }),
  )
}

/** One redaction for each event of a deleted message. What its edits said goes with the first one. */
export async function deleted(d: Derivation, record: EventRecord): Promise<void> {
  const message = d.rows.messages.get(record.subject)
  const targets = message ? ofMessage(d.eventsOf(message.seq)) : []
  const room = targets.length > 0 ? await d.roomOf(record) : undefined
  if (!message || !room) return
  for (const target of targets) {
    const redaction = redact(d, room, record, target)
    if (!redaction || target !== targets[0]) continue
    for (const edit of await relatedTo(d, target, 'm.replace')) d.batch.redact(room, edit, redaction.pos)
  }
}

export async function reacted(d: Derivation, record: EventRecord): Promise<void> {
  const target = ofMessage(d.eventsOf(record.subject))[0]
  const emoji = record.facts?.['emoji']
  const sender = d.user(record.actorId)
  const room = target && (await d.roomOf(record))
  if (!room || !sender || typeof emoji !== 'string') return
  d.offerAs(room, record, [sender.userId], {
    ...{ type: 'm.reaction', content: reactionTo(target.eventId, emoji) },
    relation: { pos: target.pos, type: 'm.annotation', key: emoji },
  })
}

export async function reactionRemoved(d: Derivation, record: EventRecord): Promise<void> {
  const target = ofMessage(d.eventsOf(record.subject))[0]
  const emoji = record.facts?.['emoji']
  const sender = d.user(record.actorId)
  const room = target && (await d.roomOf(record))
  if (!room || !sender) return
  const annotations = await relatedTo(d, target, 'm.annotation')
  const own = annotations.find(
    (event) => event.relKey === emoji && event.sender === sender.userId && event.redactedBy === null,
  )
  if (own) redact(d, room, record, own)
}

/** The messages among the events that a row owns, without edits. */
function ofMessage(events: readonly StoredEvent[]): StoredEvent[] {
  return events.filter(
    ({ type, relType }) =>
      (type === 'm.room.message' || type === 'm.room.encrypted') && relType !== 'm.replace',
  )
}

function redact(
  d: Derivation,
  room: OpenRoom,
  record: EventRecord,
  target: StoredEvent,
): StoredEvent | undefined {
  const actor = d.user(record.actorId)
  // Where nobody else may, such as in a direct channel, the sender takes it back itself.
  const senders = [actor?.userId, d.system.userId, target.sender].filter(
    (userId) => userId !== undefined && (userId === target.sender || mayRedact(room, userId)),
  )
  const redaction = d.offerAs(room, record, senders, {
    ...{ type: 'm.room.redaction', redacts: target.eventId, content: { redacts: target.eventId } },
  })
  if (redaction) d.batch.redact(room, target, redaction.pos)
  return redaction
}

function mayRedact(room: OpenRoom, userId: string): boolean {
  return room.hasLoaded(userId) && room.levels().of(userId) >= room.levels().needed('redact')
}

/** The events that relate to another one, of this transaction or before it. */
async function relatedTo(
  d: Derivation,
  { pos, channelId }: StoredEvent,
  relType: string,
): Promise<StoredEvent[]> {
  const stored = await d.reads.matrix().relatedEvents(pos, relType)
  return [...stored, ...d.batch.related(channelId, pos, relType)]
}

type PlaceAtRoot = ThreadPlace & { readonly rootPos: number }

function threadPlace(d: Derivation, { thread, replyTo }: Message): PlaceAtRoot | undefined {
  if (!thread && !replyTo) return undefined
  const target = replyTo ? ofMessage(d.eventsOf(replyTo.seq))[0] : undefined
  const ofThread = thread ? ofMessage(d.eventsOf(thread.seq))[0] : undefined
  const root = rootOf(d, target ?? ofThread) ?? ofThread
  if (!root) return undefined
  const repliedTo = target?.eventId ?? d.newestInThread.get(root.pos) ?? root.eventId
  return { root: root.eventId, rootPos: root.pos, repliedTo, isFallback: target === undefined }
}

/** Returns the root of the thread of an event: itself, if it is in none. */
function rootOf(d: Derivation, event: StoredEvent | undefined): StoredEvent | undefined {
  if (!event || event.threadPos === null) return event
  return d.at(event.threadPos)
}

function names(d: Derivation, { mentions }: Message): Named {
  const byHandle = new Map<string, string>()
  for (const id of [...mentions.listed, ...mentions.unlisted]) {
    const account = d.rows.accounts.get(id)
    const userId = d.userId(id)
    if (account && userId !== undefined) byHandle.set(account.handle, userId)
  }
  return {
    serverName: d.parts.serverName,
    html: d.parts.html,
    userId: (id) => d.userId(id),
    userOf: (handle) => byHandle.get(handle),
  }
}

/** Adds events with as much detail as fits into them. */
function fitting(
  d: Derivation,
  room: OpenRoom,
  record: EventRecord,
  contentsWith: (detail: (typeof DETAILS)[number]) => readonly JsonObject[],
  offer: (content: JsonObject) => StoredEvent | undefined,
): StoredEvent[] {
  for (const detail of DETAILS) {
    const contents = contentsWith(detail)
    try {
      const added: StoredEvent[] = []
      for (const content of contents) {
        const event = offer(content)
        if (event) added.push(event)
      }
      return added
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'too_large' || d.batch.ofRow(record.seq).length > 0)
        throw error
    }
  }
  throw new Error(`the message of row ${record.seq} fits into no event of ${room.row.roomId}`)
}

/** Returns who sends the event of a message: its author, or another user where the author is the server and not in the room. */
async function signerOf(
  d: Derivation,
  room: OpenRoom,
  record: EventRecord,
  message: Message,
  author: Shown,
): Promise<Shown | undefined> {
  if (room.membershipOf(author.userId) === 'join') return author
  if (message.senderId !== d.parts.system.id)
    return (await lateJoin(d, room, record, message)) ? author : undefined
  // Such as in a direct channel: who decided sends the notice of a decision, or else who asked for it.
  const [asked] = message.replyTo ? await d.reads.messagesBySeq([message.replyTo.seq]) : []
  const named = [asked?.approval?.decision?.by, asked?.senderId].flatMap((id) => id ?? [])
  await d.show(await d.reads.accountsByIds(named))
  const users = named.flatMap((id) => d.user(id) ?? [])
  await d.loadMembers(
    room,
    users.map(({ userId }) => userId),
  )
  return users.find(({ userId }) => room.membershipOf(userId) === 'join')
}

/** Lets a sender join who is a member of the channel, although no row of the log says when it joined. */
async function lateJoin(
  d: Derivation,
  room: OpenRoom,
  record: EventRecord,
  { senderId, channelId }: Message,
): Promise<boolean> {
  const user = d.user(senderId)
  const [member] = await d.reads.listMemberships(
    { accountId: senderId, channelId },
    { after: null, limit: 1 },
  )
  if (!user || !member || room.row.born !== 'channel') return false
  const hasJoined = d.join(room, record, user, [d.system.userId], true)
  if (hasJoined && member.role !== 'member') d.setRole(room, record, user.userId, member.role)
  return hasJoined
}
