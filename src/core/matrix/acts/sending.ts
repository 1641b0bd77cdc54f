import type { Person } from '../../identity/actor'
import type { Message } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Reads } from '../../kernel/ports'
import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { isEventId } from '../ids'
import { type InwardMentions, type InwardMessage, inwardMessage, type Relation, relationIn } from '../inward'
import type { Users } from '../users'
import type { GroupedSends } from './grouped-sends'
import { newPost } from './posts'
import type { Redactions } from './redactions'
import { type ActDraft, addAlone, addAs, type RoomAct, type RoomActs, type RoomActsParts } from './room-acts'
import type { SentFile, SentFiles } from './sent-files'
import { eventIn, messageOf, refuseNested, relatedTo } from './targets'

/** An event to send. */
export interface Sending {
  readonly type: string
  readonly content: JsonObject
  /** See StoredEvent. */
  readonly sentAs?: string | undefined
}

/** Sends messages, edits, reactions and every other event that is no state. */
export class Sendings {
  constructor(
    private readonly parts: Pick<RoomActsParts, 'core' | 'policy'> & { readonly users: Users },
    private readonly acts: RoomActs,
    private readonly redactions: Redactions,
    private readonly files: SentFiles,
    private readonly grouped: GroupedSends,
  ) {}

  /**
   * Sends an event and returns its id. A message is also a message of the channel, a valid edit edits it, and a reaction
   * is a reaction.
   * @throws m_forbidden and the access errors of posting; m_too_large, m_duplicate_annotation; m_unknown for a thread
   *   that begins with an event that is related to another; chain_limit, loop_guard, paused
   */
  async send(actor: Person, roomId: string, sending: Sending): Promise<string> {
    const { type, content, sentAs } = sending
    if (type === 'm.room.redaction')
      return this.redactions.redact(actor, roomId, isEventId(content.redacts) ? content.redacts : '', sending)
    if (type === 'm.room.encrypted')
      throw matrixRefusal('M_FORBIDDEN', 'This server takes no encrypted messages')
    const relation = relationIn(content)
    const isMessage = type === 'm.room.message'
    const message = isMessage ? inwardMessage(content) : undefined
    try {
      const isEdit = isMessage && relation.relType === 'm.replace'
      const isReaction = type === 'm.reaction' && relation.relType === 'm.annotation'
      if (isEdit || isReaction || message?.file) return await this.alone(actor, roomId, sending, message)
      const userId = await this.parts.users.idOf(actor.account)
      const said = message && {
        message,
        mentions: message.mentions ? await this.mentioned(message.mentions) : undefined,
        there: await this.parts.core.attendance(message.body),
      }
      return await this.grouped.send({
        actor,
        userId,
        roomId,
        type,
        content,
        relation,
        ...(said && { said }),
        ...(sentAs && { sentAs }),
      })
    } catch (refusal) {
      await this.announce(actor, roomId, refusal)
      throw refusal
    }
  }

  /** Sends what reads and writes more than the event, in a transaction of its own. */
  private async alone(
    actor: Person,
    roomId: string,
    sending: Sending,
    message: InwardMessage | undefined,
  ): Promise<string> {
    const file = await this.files.find(actor, message?.file ?? undefined)
    return this.acts.in(actor, roomId, [], async (act) => {
      this.parts.policy.postIn(act.actor, act.channel)
      return (await this.add(act, sending, file)).eventId
    })
  }

  private async add(
    act: RoomAct,
    { type, content, sentAs }: Sending,
    file: SentFile | undefined,
  ): Promise<StoredEvent> {
    const relation = relationIn(content)
    const target = await eventIn(act, relation.eventId)
    if (relation.threadRoot !== null) refuseNested(target)
    const draft: ActDraft = { type, content, ...(sentAs && { sentAs }), ...relatedTo(target, relation) }
    if (relation.relType === 'm.annotation' && type === 'm.reaction')
      return this.react(act, draft, relation, target)
    if (type !== 'm.room.message') return addAlone(act, draft)
    if (relation.relType === 'm.replace') return this.edit(act, draft, content, target)
    const said = inwardMessage(content)
    return said ? this.post(act, draft, said, { root: target, file }) : addAlone(act, draft)
  }

  /** Posts a message; its metadata name the event. */
  private async post(
    act: RoomAct,
    draft: ActDraft,
    said: InwardMessage,
    { root, file }: { readonly root: StoredEvent | undefined; readonly file: SentFile | undefined },
  ): Promise<StoredEvent> {
    const { tx, channel, actor } = act
    const { core } = this.parts
    const event = addAs(act, tx.nextSeq(), draft)
    const post = newPost(channel, event.eventId, said, {
      root: await messageOf(act, root),
      repliedTo: await messageOf(act, await eventIn(act, said.replyTo)),
      mentions: said.mentions ? await this.mentioned(said.mentions, tx) : undefined,
      ...(file && { attachments: [await this.files.attach(tx, actor.account, file)] }),
    })
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
    if (await tx.matrix().hasReacted(target.pos, { key, sender: self.userId }))
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

  /** Returns what v1 calls these users, and the word for everybody. */
  private async mentioned({ userIds, room }: InwardMentions, reads?: Reads): Promise<string[]> {
    const accounts = await this.parts.users.findAll(userIds, reads)
    return [...(room ? ['channel'] : []), ...accounts.map(({ handle }) => handle)]
  }

  /** A limit that stops an agent is announced before the refusal is answered. */
  private async announce(actor: Person, roomId: string, refusal: unknown): Promise<void> {
    const { core } = this.parts
    const row = refusal instanceof AppError ? await core.reads.matrix().room({ roomId }) : undefined
    const channel = row && (await core.reads.channel({ id: row.channelId }))
    await core.blocks.note(actor.account, channel, refusal)
  }
}

function factsOf({ metadata }: Message): JsonObject {
  return isObject(metadata.matrix) ? metadata.matrix : {}
}
