import { isObject } from './canonical'
import type { Pdu, RoomEvent } from './events'
import type { RoomState } from './room-state'
import type { RoomVersion } from './versions'

/**
 * The auth events of an event: the part of the state that decides whether it is allowed (spec.matrix.org, server-server
 * API, "Auth events selection").
 */

/** The members of an event that select its auth events. */
export type AuthSubject = Pick<Pdu, 'type' | 'sender' | 'state_key' | 'content'>

/** A place in the state of a room. */
type StateKey = readonly [type: string, stateKey: string]

/** Returns the places of the state that an event names among its auth events. */
function authStateKeys(version: RoomVersion, event: AuthSubject): StateKey[] {
  if (event.type === 'm.room.create') return []
  const keys: StateKey[] = [
    ['m.room.power_levels', ''],
    ['m.room.member', event.sender],
  ]
  // Where the room id is the hash of the create event, the room names it already.
  if (!version.roomIdIsHash) keys.unshift(['m.room.create', ''])
  if (event.type !== 'm.room.member') return keys
  const { state_key: target, content } = event
  if (target !== undefined && target !== event.sender) keys.push(['m.room.member', target])
  const { membership } = content
  if (membership === 'join' || membership === 'invite' || membership === 'knock')
    keys.push(['m.room.join_rules', ''])
  const token = thirdPartyToken(event)
  if (membership === 'invite' && token !== undefined) keys.push(['m.room.third_party_invite', token])
  const authorising = content['join_authorised_via_users_server']
  const isNew = typeof authorising === 'string' && authorising !== event.sender && authorising !== target
  if (version.restrictedJoins && membership === 'join' && isNew) keys.push(['m.room.member', authorising])
  return keys
}

/** Returns the token of the third-party invite that an invite follows from. */
export function thirdPartyToken(event: AuthSubject): string | undefined {
  const invite = event.content['third_party_invite']
  const signed = isObject(invite) ? invite['signed'] : undefined
  const token = isObject(signed) ? signed['token'] : undefined
  return typeof token === 'string' ? token : undefined
}

/** Returns the ids of the auth events of an event that is made in this state. */
export function selectAuthEvents(version: RoomVersion, event: AuthSubject, state: RoomState): string[] {
  return authStateKeys(version, event).flatMap((key) => state.event(...key)?.eventId ?? [])
}

/** An auth event as a received event names it. */
export interface NamedAuthEvent extends RoomEvent {
  /** Whether this server rejected it. */
  readonly rejected: boolean
}

/** Returns why the auth events that an event names are not those of an event in a room, or undefined if they may be. */
export function problemOfAuthEvents(
  version: RoomVersion,
  event: Pdu,
  named: readonly NamedAuthEvent[],
): string | undefined {
  const expected = new Set(authStateKeys(version, event).map(placeOf))
  const seen = new Set<string>()
  for (const { eventId, pdu, rejected } of named) {
    if (pdu.state_key === undefined) return `The auth event ${eventId} is no state event`
    const place = placeOf([pdu.type, pdu.state_key])
    if (seen.has(place)) return `The event names two auth events of ${pdu.type}`
    if (!expected.has(place)) return `${pdu.type} is no auth event of ${event.type}`
    if (rejected) return `The auth event ${eventId} was rejected`
    if (pdu.room_id !== event.room_id) return `The auth event ${eventId} is of another room`
    seen.add(place)
  }
  const needsCreate = !version.roomIdIsHash && event.type !== 'm.room.create'
  if (needsCreate && !seen.has(placeOf(['m.room.create', '']))) return 'The auth events lack m.room.create'
  return undefined
}

const placeOf = ([type, stateKey]: StateKey) => JSON.stringify([type, stateKey])
