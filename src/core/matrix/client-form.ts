import type { JsonObject } from './canonical'
import type { RoomEvent } from './events'

/**
 * Events as clients see them (spec.matrix.org, client-server API, "Types of room events"). An event is rendered once for
 * all readers; what depends on the reader is added behind.
 */

/** What `unsigned` of an event has for every reader. */
export interface SharedUnsigned {
  /** The content of the state event that this one replaced, and its id. */
  readonly prev_content?: JsonObject
  readonly replaces_state?: string
  /** The redaction, as clients see it. */
  readonly redacted_because?: JsonObject
  readonly 'm.relations'?: JsonObject
}

/** What `unsigned` has for one reader. */
export interface ReaderUnsigned {
  /** Milliseconds since the event was sent. */
  readonly age: number
  /** The reader's membership at the event. */
  readonly membership?: string
  /** Only for the device that sent it. */
  readonly transaction_id?: string
}

/** Returns an event as clients see it. A redacted one is pruned before; without `roomId` the answer leaves the room out. */
export function clientEvent(
  { eventId, pdu }: RoomEvent,
  roomId: string | undefined,
  unsigned: SharedUnsigned & Partial<ReaderUnsigned> = {},
): JsonObject {
  const redacts = pdu.redacts ?? redactsIn(pdu.content, pdu.type)
  return {
    content: redacts === undefined ? pdu.content : { ...pdu.content, redacts },
    event_id: eventId,
    origin_server_ts: pdu.origin_server_ts,
    ...(redacts === undefined ? {} : { redacts }),
    ...(roomId === undefined ? {} : { room_id: roomId }),
    sender: pdu.sender,
    ...(pdu.state_key === undefined ? {} : { state_key: pdu.state_key }),
    type: pdu.type,
    unsigned,
  }
}

/** Redactions show their target both in the content and beside it, whatever the room version. */
function redactsIn(content: JsonObject, type: string): string | undefined {
  const { redacts } = content
  return type === 'm.room.redaction' && typeof redacts === 'string' ? redacts : undefined
}

/** The JSON of an event up to the end of what `unsigned` has for every reader. */
export type RenderedEvent = string & { readonly rendered: unique symbol }

/** Renders an event for all readers. */
export function renderEvent(
  event: RoomEvent,
  roomId: string | undefined,
  unsigned?: SharedUnsigned,
): RenderedEvent {
  // `unsigned` is the last member, so the text ends with its closing brace and that of the event.
  return JSON.stringify(clientEvent(event, roomId, unsigned)).slice(0, -2) as RenderedEvent
}

/** Returns the JSON of a rendered event for one reader. */
export function forReader(
  rendered: RenderedEvent,
  { age, membership, transaction_id }: ReaderUnsigned,
): string {
  const comma = rendered.endsWith('{') ? '' : ','
  const member = membership === undefined ? '' : `,"membership":${JSON.stringify(membership)}`
  const transaction =
    transaction_id === undefined ? '' : `,"transaction_id":${JSON.stringify(transaction_id)}`
  return `${rendered}${comma}"age":${age}${member}${transaction}}}`
}
