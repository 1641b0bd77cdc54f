import { judgeMember } from './auth-membership'
import { judgePowerLevels } from './auth-power'
import type { Pdu } from './events'
import { roomIdOfCreate } from './events'
import { parseUserId, serverOf } from './ids'
import { PowerLevels } from './power'
import { membershipOf } from './room-state'
import { type AuthContext, allowed, refused, type Verdict } from './verdict'
import { type RoomVersion, roomVersion } from './versions'

/**
 * Authorisation: whether a room in a given state allows an event (spec.matrix.org, "Room Versions", "Authorization
 * rules"). The first rule that decides counts. The rule about the auth events that an event names is in auth-events.ts.
 */
export function authorize(event: Pdu, context: AuthContext): Verdict {
  const { version, state } = context
  if (event.type === 'm.room.create') return judgeCreate(version, event)
  const create = state.event('m.room.create', '')
  if (!create) return refused('room', 'The room has no create event')
  const roomId = version.roomIdIsHash ? roomIdOfCreate(create.eventId) : create.pdu.room_id
  if (event.room_id !== roomId) return refused('room', 'The event is of another room')

  const isForeign = serverOf(event.sender) !== serverOf(create.pdu.sender)
  if (create.pdu.content['m.federate'] === false && isForeign)
    return refused('federate', 'The room is for users of its own server')

  if (version.aliasRules && event.type === 'm.room.aliases')
    return event.state_key === serverOf(event.sender)
      ? allowed
      : refused('aliases', 'A server changes its own aliases: the state key must be the server of the sender')
  if (event.type === 'm.room.member') return judgeMember(event, create, context)

  if (membershipOf(state, event.sender) !== 'join')
    return refused('not_joined', 'The sender is not in the room')
  const levels = new PowerLevels(version, state)
  const level = levels.of(event.sender)
  if (event.type === 'm.room.third_party_invite')
    return level >= levels.needed('invite')
      ? allowed
      : refused('third_party_invite', 'The power level of the sender is too low to invite')
  if (level < levels.neededFor(event.type, event.state_key !== undefined))
    return refused('level', `The power level of the sender is too low to send ${event.type}`)
  if (event.state_key?.startsWith('@') && event.state_key !== event.sender)
    return refused('state_key', 'A state key that begins with @ must be the id of the sender')
  return event.type === 'm.room.power_levels' ? judgePowerLevels(event, create.pdu, context) : allowed
}

function judgeCreate(version: RoomVersion, event: Pdu): Verdict {
  const { content } = event
  const no = (because: string) => refused('create', because)
  if (event.prev_events.length > 0) return no('A create event is the first event of its room')
  if (version.roomIdIsHash) {
    if (event.room_id !== undefined) return no('The room id is the hash of the create event, so it has none')
  } else if (serverOf(event.room_id ?? '') !== serverOf(event.sender))
    return no('The room id must name the server of the sender')
  const named = content['room_version']
  if (named !== undefined && (typeof named !== 'string' || !roomVersion(named)))
    return no('The room version is unknown')
  if (version.creatorInContent && content['creator'] === undefined)
    return no('A create event needs a creator')
  const further = content['additional_creators']
  if (!version.creatorsAboveLevels || further === undefined) return allowed
  const areUsers = Array.isArray(further) && further.every((id) => parseUserId(id) !== undefined)
  return areUsers ? allowed : no('additional_creators must be a list of user ids')
}

/**
 * Reports whether a redaction takes effect: its sender may redact, or is of the server of the event's sender. A
 * redaction without effect is an event that is not shown.
 */
export function redactionApplies(
  redaction: Pick<Pdu, 'sender'>,
  target: Pick<Pdu, 'sender'>,
  levels: PowerLevels,
): boolean {
  return (
    levels.of(redaction.sender) >= levels.needed('redact') ||
    serverOf(redaction.sender) === serverOf(target.sender)
  )
}
