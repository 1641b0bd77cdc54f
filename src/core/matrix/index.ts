/**
 * The Matrix homeserver: the accounts, channels and log of the core as the users, rooms and events of Matrix
 * (spec.matrix.org). It exists while a server name is set; nothing else in core imports it, except the types of its ports.
 * Imports only the core. Its ports are in ports.ts; the rules of rooms are pure functions over ports of signing.ts.
 * Start reading here; for the rules at events.ts (what an event is) and auth-rules.ts (which ones a room allows).
 */
export { problemOfAuthEvents, selectAuthEvents } from './auth-events'
export { authorize, redactionApplies } from './auth-rules'
export { byCodePoint, canonicalJson, MAX_DEPTH, parseEventJson } from './canonical'
export { clientEvent, forReader, renderEvent } from './client-form'
export { createMatrix, type Matrix } from './create'
export {
  contentHash,
  depthAfter,
  type EventDraft,
  eventIdOf,
  MAX_EVENT_BYTES,
  makeEvent,
  type Pdu,
  type RoomEvent,
  referenceText,
  roomIdOfCreate,
  signEvent,
} from './events'
export {
  deviceIdOfToken,
  isEventId,
  isLocalpart,
  isRoomId,
  localpartOf,
  parseAlias,
  parseUserId,
  roomIdOfChannel,
  serverOf,
  slugOfRoom,
} from './ids'
export type { MatrixParts } from './parts'
export {
  archivedPowerLevels,
  channelPowerLevels,
  newRoomPowerLevels,
  PowerLevels,
  withRole,
} from './power'
export { redacted } from './redaction'
export { membershipOf, type RoomState, strippedState } from './room-state'
export { signedText, signJson } from './signing'
export { parseRoomEventFilter } from './sync/filters'
export {
  formatRoomToken,
  formatSyncToken,
  isInHistory,
  parseRoomToken,
  parseSyncToken,
  roomPosition,
} from './sync/tokens'
export type { AuthContext } from './verdict'
export { ROOM_VERSIONS, type RoomVersion, roomVersion } from './versions'
export { type PlacedEvent, Sight } from './visibility'
