import { canonicalJson, type JsonObject } from './canonical'
import { matrixRefusal } from './errors'
import { MAX_ID_BYTES, serverOf } from './ids'
import { redacted, redactedContent } from './redaction'
import type { Sha256, Signatures, Signer } from './signing'
import { isLongerInBytes, utf8Length } from './utf8'
import type { RoomVersion } from './versions'

/**
 * Events of rooms as servers exchange and store them (PDUs): how they are made, hashed, named and signed
 * (spec.matrix.org, server-server API, "Signing Events"). Members have the names of the wire, because hashes cover them.
 */
export type Pdu = {
  readonly type: string
  readonly sender: string
  /** Absent in the create event of versions whose room id is its hash. */
  readonly room_id?: string
  /** Present in state events alone. */
  readonly state_key?: string
  readonly content: JsonObject
  /** Milliseconds since 1970. */
  readonly origin_server_ts: number
  readonly depth: number
  readonly prev_events: readonly string[]
  readonly auth_events: readonly string[]
  readonly hashes: { readonly sha256: string }
  readonly signatures?: Signatures
  /** The event that a redaction is about, in versions where it stands here. */
  readonly redacts?: string
  readonly unsigned?: JsonObject
}

/** An event with its id. */
export interface RoomEvent {
  readonly eventId: string
  readonly pdu: Pdu
}

/** An event just made. `json` is what is stored: its canonical JSON without signatures. */
export interface NewEvent extends RoomEvent {
  readonly json: string
}

/** What an event is made of. */
export interface EventDraft {
  readonly type: string
  readonly sender: string
  /** Null for a create event whose hash becomes the room id. */
  readonly roomId: string | null
  readonly stateKey?: string
  readonly content: JsonObject
  /** The event that a redaction is about; it is written where the room version wants it. */
  readonly redacts?: string
  readonly originServerTs: number
  /** `depthAfter` of the previous events. */
  readonly depth: number
  readonly prevEvents: readonly string[]
  readonly authEvents: readonly string[]
}

/** The longest event, in bytes of its canonical JSON with the signature of its server. */
export const MAX_EVENT_BYTES = 65_536
/** The member `signatures` around the name of the server, with a key id of ours and a signature. */
const SIGNATURE_BYTES = ',"signatures":{"":{"ed25519:a_xxxx":""}}'.length + 86

/** Returns the depth of an event after previous events of these depths. */
export function depthAfter(depths: readonly number[]): number {
  return Math.min(Math.max(0, ...depths) + 1, Number.MAX_SAFE_INTEGER)
}

/**
 * Makes an event with its content hash and id. Its signature is not needed for either, and is made when the event
 * leaves for another server.
 * @throws m_too_large for an event or a member of it that is longer than its limit
 */
export function makeEvent(version: RoomVersion, draft: EventDraft, sha256: Sha256): NewEvent {
  const { type, sender, roomId, stateKey, redacts, originServerTs, depth, prevEvents, authEvents } = draft
  const isInContent = redacts !== undefined && version.redacts === 'content'
  const content = isInContent ? { ...draft.content, redacts } : draft.content
  const topRedacts = isInContent ? undefined : redacts
  checkMembers(draft)

  // The members stand in canonical order here, so that the content is written once for hash, id and storage.
  const start = `{"auth_events":${canonicalJson(authEvents)},"content":`
  const afterContent = `,"depth":${depth}`
  const beforeRedacts = `,"origin_server_ts":${originServerTs},"prev_events":${canonicalJson(prevEvents)}`
  const redactsMember = topRedacts === undefined ? '' : `,"redacts":${canonicalJson(topRedacts)}`
  const end = `${roomId === null ? '' : `,"room_id":${canonicalJson(roomId)}`},"sender":${canonicalJson(sender)}${
    stateKey === undefined ? '' : `,"state_key":${canonicalJson(stateKey)}`
  },"type":${canonicalJson(type)}}`

  const written = `${start}${canonicalJson(content)}${afterContent}`
  const hash = sha256(`${written}${beforeRedacts}${redactsMember}${end}`, 'base64')
  const hashes = `,"hashes":{"sha256":"${hash}"}`
  const json = `${written}${hashes}${beforeRedacts}${redactsMember}${end}`
  checkSize(json, serverOf(sender))

  const kept = canonicalJson(redactedContent(version, type, content))
  const reference = `${start}${kept}${afterContent}${hashes}${beforeRedacts}${end}`
  const pdu: Pdu = {
    type,
    sender,
    ...(roomId === null ? {} : { room_id: roomId }),
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
    content,
    origin_server_ts: originServerTs,
    depth,
    prev_events: prevEvents,
    auth_events: authEvents,
    hashes: { sha256: hash },
    ...(topRedacts === undefined ? {} : { redacts: topRedacts }),
  }
  return { eventId: idOf(version, reference, sha256), pdu, json }
}

/** Returns a stored event with its id. */
export function parsedRoomEvent({
  eventId,
  json,
}: {
  readonly eventId: string
  readonly json: string
}): RoomEvent {
  return { eventId, pdu: parsedEvent(json) }
}

/** Returns a stored event. */
export function parsedEvent(json: string): Pdu {
  // Written by makeEvent, or redacted.
  return JSON.parse(json) as Pdu
}

/** Returns the content hash of an event, whatever its `hashes` says. */
export function contentHash(pdu: JsonObject, sha256: Sha256): string {
  const { unsigned: _, signatures: __, hashes: ___, ...hashed } = pdu
  return sha256(canonicalJson(hashed), 'base64')
}

/** Returns the id of an event. */
export function eventIdOf(version: RoomVersion, pdu: Pdu, sha256: Sha256): string {
  return idOf(version, referenceText(version, pdu), sha256)
}

/** Returns the id of the room that a create event makes, in versions whose room id is a hash. */
export function roomIdOfCreate(createEventId: string): string {
  return `!${createEventId.slice(1)}`
}

/** Signs an event for a server: the text of its reference hash. */
export function signEvent(version: RoomVersion, pdu: Pdu, server: string, signer: Signer): Signatures {
  return { [server]: { [signer.keyId]: signer.sign(referenceText(version, pdu)) } }
}

/** Returns the text that the id of an event is a hash of, and that its signatures are made over. */
export function referenceText(version: RoomVersion, pdu: Pdu): string {
  const { signatures: _, unsigned: __, ...kept } = redacted(version, pdu)
  return canonicalJson(kept)
}

function idOf(version: RoomVersion, reference: string, sha256: Sha256): string {
  return `$${sha256(reference, version.eventIdAlphabet === 'url' ? 'base64url' : 'base64')}`
}

function checkMembers({ type, stateKey, sender, roomId }: EventDraft): void {
  const members = { type, state_key: stateKey, sender, room_id: roomId }
  for (const [name, text] of Object.entries(members)) {
    if (typeof text === 'string' && isLongerInBytes(text, MAX_ID_BYTES))
      throw matrixRefusal('M_TOO_LARGE', `${name} is longer than ${MAX_ID_BYTES} bytes`)
    // Postgres stores no NUL.
    if (text?.includes('\0')) throw matrixRefusal('M_BAD_JSON', `${name} has a NUL character`)
  }
}

function checkSize(json: string, server: string): void {
  const limit = MAX_EVENT_BYTES - SIGNATURE_BYTES - server.length
  if (!isLongerInBytes(json, limit)) return
  const bytes = utf8Length(json) + SIGNATURE_BYTES + server.length
  throw matrixRefusal('M_TOO_LARGE', `The event has ${bytes} bytes: at most ${MAX_EVENT_BYTES} are allowed`)
}
