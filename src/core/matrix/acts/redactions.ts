import type { Person } from '../../identity/actor'
import type { Message } from '../../kernel/entities'
import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { parsedEvent } from '../events'
import { inwardMessage } from '../inward'
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
import { messageOf } from './targets'

/** Redacts events. */
export class Redactions {
  constructor(
    private readonly parts: Pick<RoomActsParts, 'core' | 'policy' | 'standings'> & { readonly users: Users },
    private readonly acts: RoomActs,
  ) {}

  /**
   * Redacts an event and returns the id of the redaction. The redaction of a message deletes it, that of a reaction takes
   * it back, and that of a valid edit restores the text before it.
   * @throws m_forbidden; m_not_found, m_invalid_param for an event that is not in the room; legal_hold
   */
  redact(
    actor: Person,
    roomId: string,
    eventId: string,
    { content, sentAs }: { readonly content: JsonObject; readonly sentAs?: string | undefined },
  ): Promise<string> {
    const redacting = async (act: RoomAct) => {
      const { tx, room, self } = act
      this.parts.policy.postIn(act.actor, act.channel)
      const target = await tx.matrix().event({ eventId })
      if (!target) throw noSuchEvent()
      if (target.channelId !== room.row.channelId)
        throw matrixRefusal('M_INVALID_PARAM', 'The event to redact is in another room')
      if (target.sender !== self.userId) this.parts.standings.refuseSuspended(act.actor.account)
      const levels = room.levels()
      if (target.sender !== self.userId && levels.of(self.userId) < levels.needed('redact'))
        throw matrixRefusal('M_FORBIDDEN', 'Your power level is too low to redact events of others')
      const { redacts: _, ...reason } = content
      const draft: ActDraft = {
        type: 'm.room.redaction',
        redacts: eventId,
        content: reason,
        ...(sentAs && { sentAs }),
      }
      const redaction = await this.add(act, target, draft)
      if (target.redactedBy === null) act.batch.redact(room, target, redaction.pos)
      return redaction.eventId
    }
    return this.acts.in(actor, roomId, [], redacting, { suspendedToo: true })
  }

  private async add(act: RoomAct, target: StoredEvent, draft: ActDraft): Promise<StoredEvent> {
    const message = target.redactedBy === null ? await messageOf(act, target) : undefined
    if (!message || message.deletedAt !== null) return addAlone(act, draft)
    if (target.relType === 'm.annotation') return this.addTakenBack(act, target, message, draft)
    if (target.relType === 'm.replace') return this.addUndone(act, target, message, draft)
    if (target.type !== 'm.room.message') return addAlone(act, draft)
    return this.addDeleted(act, target, message, draft)
  }

  /** A message that is deleted takes its other events and its edits with it. */
  private async addDeleted(
    act: RoomAct,
    target: StoredEvent,
    message: Message,
    draft: ActDraft,
  ): Promise<StoredEvent> {
    const { tx, actor, batch, room, channel } = act
    const isModerated = target.sender !== act.self.userId
    const row = tx.nextSeq()
    const redaction = addAs(act, row, draft)
    await this.parts.core.within(tx).deletions.remove(actor, message.uuid, { isModerated })
    const matrix = tx.matrix()
    const events = await matrix.eventsOwnedBy([{ channelId: channel.id, seq: rowOf(target) }])
    const others = events.filter(
      ({ eventId, type, redactedBy }) =>
        eventId !== target.eventId && type === 'm.room.message' && redactedBy === null,
    )
    for (const other of others)
      batch.redact(room, other, addAs(act, row, { ...draft, redacts: other.eventId }).pos)
    for (const event of [target, ...others])
      for (const edit of await matrix.relatedEvents(event.pos, 'm.replace'))
        if (edit.redactedBy === null && edit.sender === event.sender) batch.redact(room, edit, redaction.pos)
    return redaction
  }

  private async addTakenBack(
    act: RoomAct,
    { sender, relKey }: StoredEvent,
    message: Message,
    draft: ActDraft,
  ): Promise<StoredEvent> {
    const { tx, actor } = act
    const reactor = await this.parts.users.find(sender, tx)
    if (relKey === null || !reactor) return addAlone(act, draft)
    const row = tx.nextSeq()
    await this.parts.core.within(tx).reactions.remove(actor, message.uuid, relKey, reactor)
    return tx.nextSeq() > row ? addAs(act, row, draft) : addAlone(act, draft)
  }

  /** The redaction of an edit restores the text of the newest edit before it, or of the message itself. */
  private async addUndone(
    act: RoomAct,
    edit: StoredEvent,
    message: Message,
    draft: ActDraft,
  ): Promise<StoredEvent> {
    const { tx, actor } = act
    const edits = await tx.matrix().relatedEvents(edit.relPos ?? 0, 'm.replace')
    const valid = edits.filter(({ sender, redactedBy }) => sender === edit.sender && redactedBy === null)
    if (valid.at(-1)?.pos !== edit.pos) return addAlone(act, draft)
    const former = valid.at(-2)
    const original = await tx.matrix().event({ channelId: edit.channelId, pos: edit.relPos ?? 0 })
    if (original?.sender !== edit.sender) return addAlone(act, draft)
    const content = former
      ? parsedEvent(former.json).content['m.new_content']
      : parsedEvent(original.json).content
    const said = isObject(content) ? inwardMessage(content) : undefined
    if (!said) return addAlone(act, draft)
    const row = tx.nextSeq()
    // What was edited can be taken back at any time.
    await this.parts.core
      .within(tx)
      .edits.edit(actor, message.uuid, { body: said.body, format: said.format }, { isTakenBack: true })
    return tx.nextSeq() > row ? addAs(act, row, draft) : addAlone(act, draft)
  }
}
