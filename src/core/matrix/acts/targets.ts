import type { Message } from '../../kernel/entities'
import type { Seq } from '../../kernel/ids'
import type { StoredEvent } from '../event-ports'
import { type RoomAct, rowOf } from './room-acts'

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
  if (!event) return undefined
  const isAbout = event.relType === 'm.replace' || event.relType === 'm.annotation'
  const seq: Seq = isAbout && event.relPos !== null ? rowOf({ pos: event.relPos }) : rowOf(event)
  const message = await tx.message({ seq })
  return message?.channelId === channel.id ? message : undefined
}
