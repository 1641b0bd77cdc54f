import type { Message } from '../../kernel/entities'
import type { Seq } from '../../kernel/ids'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import type { Relation } from '../inward'
import { type ActDraft, type RoomAct, rowOf } from './room-acts'

/** What an event is about: other events of its room, and messages of v1. */

/** Returns an event of the room. */
export async function eventIn(
  { tx, channel }: RoomAct,
  eventId: string | null,
): Promise<StoredEvent | undefined> {
  const event = eventId === null ? undefined : await tx.matrix().event({ eventId })
  return event?.channelId === channel.id ? event : undefined
}

/** Returns the message of v1 that an event is, that it edits or that it reacts to. */
export async function messageOf(
  { tx, channel }: RoomAct,
  event: StoredEvent | undefined,
): Promise<Message | undefined> {
  const message = event && (await tx.message({ seq: messageRowOf(event) }))
  return message?.channelId === channel.id ? message : undefined
}

/** Returns the log row of the message that an event is, that it edits or that it reacts to, if it is about one. */
export function messageRowOf(event: StoredEvent): Seq {
  const isAbout = event.relType === 'm.replace' || event.relType === 'm.annotation'
  return isAbout && event.relPos !== null ? rowOf({ pos: event.relPos }) : rowOf(event)
}

export function refuseNested(root: StoredEvent | undefined): void {
  if (root && root.relType !== null)
    throw matrixRefusal('M_UNKNOWN', 'A thread cannot begin with an event that is related to another one')
}

/** Returns what a draft says of the event to which it relates. */
export function relatedTo(
  target: StoredEvent | undefined,
  { relType, key }: Relation,
): Pick<ActDraft, 'relation' | 'threadPos'> {
  if (!target || relType === null) return {}
  return {
    relation: { pos: target.pos, type: relType, ...(key === null ? {} : { key }) },
    ...(relType === 'm.thread' ? { threadPos: target.pos } : {}),
  }
}
