import type { Person } from '../../identity/actor'
import type { Message } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { NewPost } from '../../messages/new-post'
import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { parsedEvent } from '../events'
import { type InwardMessage, inwardMessage, type Relation, relationIn } from '../inward'
import { noSuchEvent } from '../refusals'
import type { Users } from '../users'
import {
  type ActDraft,
  addAlone,
  addAs,
  type RoomAct,
  type RoomActs,
  type RoomActsParts,
  rowOf,
} from './room-acts'

/** An event to send. */
export interface Sending {
  readonly type: string
  readonly content: JsonObject
}

/** Sends messages, edits, reactions and every other event that is no state. */
export class Sendings {
  constructor(
    private readonly parts: Pick<RoomActsParts, 'core' | 'policy'> & { readonly users: Users },
    private readonly acts: RoomActs,
  ) {}

  /**
   * Sends an event and returns its id. A message is also a message of the channel, a valid edit edits it, and a reaction
   * is a reaction.
   * @throws m_forbidden and the access errors of posting; m_too_large, m_duplicate_annotation; m_unknown for a thread
   *   that begins with an event that is related to another; chain_limit, loop_guard, paused
   */
  async send(actor: Person, roomId: string, sending: Sending): Promise<string> {
    const { type, content } = sending
    if (type === 'm.room.redaction') return this.redact(actor, roomId, String(content.redacts), content)
    if (type === 'm.room.encrypted')
      throw matrixRefusal('M_FORBIDDEN', 'This server takes no encrypted messages')
    try {
      return await this.acts.in(actor, roomId, [], async (act) => {
        this.parts.policy.postIn(act.actor, act.channel)
        return (await this.add(act, sending)).eventId
      })
    } catch (refusal) {
      await this.announce(actor, roomId, refusal)
      throw refusal
    }
  }

  /**
   * Redacts an event and returns the id of the redaction. The redaction of a message deletes it, that of a reaction takes
   * it back, and that of a valid edit restores the text before it.
   * @throws m_forbidden; m_not_found, m_invalid_param for an event that is not in the room; legal_hold
   */
  redact(actor: Person, roomId: string, eventId: string, content: JsonObject): Promise<string> {
    return this.acts.in(actor, roomId, [], async (act) => {
      const { tx, room, self } = act
      this.parts.policy.postIn(act.actor, act.channel)
      const target = await tx.matrix().event({ eventId })
      if (!target) throw noSuchEvent()
      if (target.channelId !== room.row.channelId)
        throw matrixRefusal('M_INVALID_PARAM', 'The event to redact is in another room')
      const levels = room.levels()
      if (target.sender !== self.userId && levels.of(self.userId) < levels.needed('redact'))
        throw matrixRefusal('M_FORBIDDEN', 'Your power level is too low to redact events of others')
      const { redacts: _, ...reason } = content
      const draft: ActDraft = { type: 'm.room.redaction', redacts: eventId, content: reason }
      const redaction = await this.addRedaction(act, target, draft)
      if (target.redactedBy === null) act.batch.redact(room, target, redaction.pos)
      return redaction.eventId
    })
  }

  private async add(act: RoomAct, { type, content }: Sending): Promise<StoredEvent> {
    const relation = relationIn(content)
    const target = await this.targetOf(act, relation)
    if (relation.threadRoot !== null) refuseNested(target)
    const draft: ActDraft = { type, content, ...relatedTo(target, relation) }
    if (relation.relType === 'm.annotation' && type === 'm.reaction')
      return this.react(act, draft, relation, target)
    if (type !== 'm.room.message') return addAlone(act, draft)
    if (relation.relType === 'm.replace') return this.edit(act, draft, content, target)
    const said = inwardMessage(content)
    return said ? this.post(act, draft, said, target) : addAlone(act, draft)
  }

  /** Posts a message; its metadata name the event. */
  private async post(
    act: RoomAct,
    draft: ActDraft,
    said: InwardMessage,
    root: StoredEvent | undefined,
  ): Promise<StoredEvent> {
    const { tx, channel, actor } = act
    const { core } = this.parts
    const event = addAs(act, tx.nextSeq(), draft)
    const thread = await messageOf(act, root)
    const repliedTo = await messageOf(act, await this.eventIn(act, said.replyTo))
    const isInThread =
      thread && repliedTo && (repliedTo.thread ?? repliedTo).seq === (thread.thread ?? thread).seq
    const isAnswered = repliedTo?.deletedAt === null && (!thread || isInThread)
    const post: NewPost = {
      channel: channel.slug,
      body: said.body,
      format: said.format,
      threadId: thread?.uuid ?? null,
      replyTo: isAnswered ? repliedTo.uuid : null,
      kind: 'message',
      priority: said.priority,
      metadata: { matrix: { event_id: event.eventId, ...said.facts } },
      clientMessageId: null,
      idempotency: null,
      ...(said.mentions && {
        mentions: await this.mentioned(act, said.mentions.userIds, said.mentions.room),
      }),
    }
    const there = core.attendance(said.body)
    const inPost = await core.messages.draftIn(
      tx,
      actor,
      post,
      there instanceof Promise ? await there : there,
    )
    await tx.insertMessage(inPost)
    return event
  }

  /** An edit of the own message edits it; any other is an event that changes nothing. */
  private async edit(
    act: RoomAct,
    draft: ActDraft,
    content: JsonObject,
    target: StoredEvent | undefined,
  ): Promise<StoredEvent> {
    const { tx, self, actor } = act
    const replaced = content['m.new_content']
    const said = isObject(replaced) ? inwardMessage(replaced) : undefined
    const isValid =
      target?.sender === self.userId && target.type === 'm.room.message' && target.relType !== 'm.replace'
    const message = isValid ? await messageOf(act, target) : undefined
    if (!said || !message || message.deletedAt !== null) return addAlone(act, draft)
    const before = tx.nextSeq()
    const event = addAs(act, before, draft)
    const metadata = {
      ...message.metadata,
      matrix: { ...factsOf(message), ...said.facts, edited_by: event.eventId },
    }
    await this.parts.core
      .within(tx)
      .edits.edit(actor, message.uuid, { body: said.body, format: said.format, metadata })
    return event
  }

  private async react(
    act: RoomAct,
    draft: ActDraft,
    { key }: Relation,
    target: StoredEvent | undefined,
  ): Promise<StoredEvent> {
    const { tx, self, actor } = act
    if (key === null || !target) return addAlone(act, draft)
    const others = await tx.matrix().relatedEvents(target.pos, 'm.annotation')
    const isDoubled = others.some(
      (event) => event.relKey === key && event.sender === self.userId && event.redactedBy === null,
    )
    if (isDoubled)
      throw matrixRefusal('M_DUPLICATE_ANNOTATION', 'You have reacted to this event with this key before')
    const message = await messageOf(act, target)
    if (!message || message.deletedAt !== null) return addAlone(act, draft)
    const before = tx.nextSeq()
    const isAdded = await this.wasAdded(act, message, key, actor)
    return isAdded ? addAs(act, before, draft) : addAlone(act, draft)
  }

  /** A key that v1 does not take, or one too many, is an event alone. */
  private async wasAdded({ tx }: RoomAct, message: Message, key: string, actor: Person): Promise<boolean> {
    try {
      const { isChanged } = await this.parts.core.within(tx).reactions.add(actor, message.uuid, key)
      return isChanged
    } catch (error) {
      if (
        error instanceof AppError &&
        (error.reason === 'invalid_emoji' || error.reason === 'quota_exceeded')
      )
        return false
      throw error
    }
  }

  private async addRedaction(act: RoomAct, target: StoredEvent, draft: ActDraft): Promise<StoredEvent> {
    const { tx, actor } = act
    const message = target.redactedBy === null ? await messageOf(act, target) : undefined
    if (!message || message.deletedAt !== null) return addAlone(act, draft)
    const verbs = this.parts.core.within(tx)
    const before = tx.nextSeq()
    if (target.relType === 'm.annotation' && target.relKey !== null) {
      // The reaction of somebody else stays on v1: only its event is pruned.
      if (target.sender !== act.self.userId) return addAlone(act, draft)
      const { isChanged } = await verbs.reactions.remove(actor, message.uuid, target.relKey)
      return isChanged ? addAs(act, before, draft) : addAlone(act, draft)
    }
    if (target.relType === 'm.replace') return this.addUndone(act, target, message, draft)
    if (target.type !== 'm.room.message') return addAlone(act, draft)
    await verbs.deletions.remove(actor, message.uuid)
    return addAs(act, before, draft)
  }

  /** The redaction of an edit restores the text of the newest edit before it, or of the message itself. */
  private async addUndone(
    act: RoomAct,
    edit: StoredEvent,
    message: Message,
    draft: ActDraft,
  ): Promise<StoredEvent> {
    const { tx, actor, self } = act
    const edits = await tx.matrix().relatedEvents(edit.relPos ?? 0, 'm.replace')
    const valid = edits.filter(({ sender, redactedBy }) => sender === edit.sender && redactedBy === null)
    if (edit.sender !== self.userId || valid.at(-1)?.pos !== edit.pos) return addAlone(act, draft)
    const former = valid.at(-2)
    const original = await tx.matrix().event({ channelId: edit.channelId, pos: edit.relPos ?? 0 })
    const content = former
      ? parsedEvent(former.json).content['m.new_content']
      : original && parsedEvent(original.json).content
    const said = isObject(content) ? inwardMessage(content) : undefined
    if (!said) return addAlone(act, draft)
    const before = tx.nextSeq()
    await this.parts.core.within(tx).edits.edit(actor, message.uuid, { body: said.body, format: said.format })
    return tx.nextSeq() > before ? addAs(act, before, draft) : addAlone(act, draft)
  }

  private async targetOf(act: RoomAct, { eventId }: Relation): Promise<StoredEvent | undefined> {
    return this.eventIn(act, eventId)
  }

  /** Returns an event of the room. */
  private async eventIn({ tx, channel }: RoomAct, eventId: string | null): Promise<StoredEvent | undefined> {
    const event = eventId === null ? undefined : await tx.matrix().event({ eventId })
    return event?.channelId === channel.id ? event : undefined
  }

  /** Returns what v1 calls these users, and the word for everybody. */
  private async mentioned({ tx }: RoomAct, userIds: readonly string[], room: boolean): Promise<string[]> {
    const names = room ? ['channel'] : []
    for (const userId of userIds) {
      const account = await this.parts.users.find(userId, tx)
      if (account) names.push(account.handle)
    }
    return names
  }

  /** A limit that stops an agent is announced before the refusal is answered. */
  private async announce(actor: Person, roomId: string, refusal: unknown): Promise<void> {
    const { core } = this.parts
    const row = refusal instanceof AppError ? await core.reads.matrix().room({ roomId }) : undefined
    const channel = row && (await core.reads.channel({ id: row.channelId }))
    await core.blocks.note(actor.account, channel, refusal)
  }
}

function refuseNested(root: StoredEvent | undefined): void {
  if (root && root.relType !== null)
    throw matrixRefusal('M_UNKNOWN', 'A thread cannot begin with an event that is related to another one')
}

function relatedTo(
  target: StoredEvent | undefined,
  { relType, key }: Relation,
): Pick<ActDraft, 'relation' | 'threadPos'> {
  if (!target || relType === null) return {}
  return {
    relation: { pos: target.pos, type: relType, ...(key === null ? {} : { key }) },
    ...(relType === 'm.thread' ? { threadPos: target.pos } : {}),
  }
}

/** Returns the message of v1 that an event is, that it edits or that it reacts to. */
async function messageOf(
  { tx, channel }: RoomAct,
  event: StoredEvent | undefined,
): Promise<Message | undefined> {
  if (!event) return undefined
  const isAbout = event.relType === 'm.replace' || event.relType === 'm.annotation'
  const seq: Seq = isAbout && event.relPos !== null ? rowOf({ pos: event.relPos }) : rowOf(event)
  const message = await tx.message({ seq })
  return message?.channelId === channel.id ? message : undefined
}

function factsOf({ metadata }: Message): JsonObject {
  return isObject(metadata.matrix) ? metadata.matrix : {}
}
