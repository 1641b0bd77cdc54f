import { thirdPartyToken } from './auth-events'
import { isObject } from './canonical'
import type { Pdu, RoomEvent } from './events'
import { serverOf } from './ids'
import { PowerLevels } from './power'
import { creatorOf, joinRuleOf, membershipOf } from './room-state'
import { signedText } from './signing'
import { type AuthContext, allowed, refused, type Verdict } from './verdict'

/** Rule 5 of authorisation: member events (spec.matrix.org, "Room Versions", "Authorization rules"). */

/** A member event and what it is judged by. */
interface Case extends AuthContext {
  readonly event: Pdu
  readonly create: RoomEvent
  /** The user whose membership changes. */
  readonly target: string
  readonly levels: PowerLevels
}

/** Judges a member event in a room whose create event is given. */
export function judgeMember(event: Pdu, create: RoomEvent, context: AuthContext): Verdict {
  const { state_key: target, content } = event
  const { version, state } = context
  if (target === undefined) return refused('membership', 'A member event needs a state key')
  if (typeof content['membership'] !== 'string')
    return refused('membership', 'A member event needs a membership')
  const authorising = content['join_authorised_via_users_server']
  if (version.restrictedJoins && authorising !== undefined) {
    const isSigned = typeof authorising === 'string' && context.isSignedBy(serverOf(authorising))
    if (!isSigned) return refused('membership', 'The server of the authorising user has not signed the event')
  }
  const judged: Case = { ...context, event, create, target, levels: new PowerLevels(version, state) }
  switch (content['membership']) {
    case 'join':
      return judgeJoin(judged)
    case 'invite':
      return judgeInvite(judged)
    case 'leave':
      return judgeLeave(judged)
    case 'ban':
      return judgeBan(judged)
    case 'knock':
      return version.knock ? judgeKnock(judged) : unknownMembership
    default:
      return unknownMembership
  }
}

const unknownMembership = refused('membership', 'The membership is none that this room version knows')

function judgeJoin({ event, create, target, version, state, levels }: Case): Verdict {
  const isFirst = event.prev_events.length === 1 && event.prev_events[0] === create.eventId
  if (isFirst && target === creatorOf(version, create.pdu)) return allowed
  if (event.sender !== target) return refused('join', 'Nobody joins a room for another user')
  const membership = membershipOf(state, target)
  if (membership === 'ban') return refused('join', 'The user is banned from the room')
  const rule = joinRuleOf(state)
  if (rule === 'public') return allowed
  const isRestricted =
    (rule === 'restricted' && version.restrictedJoins) ||
    (rule === 'knock_restricted' && version.knockRestricted)
  const isByInvite = rule === 'invite' || (rule === 'knock' && version.knock)
  if ((isByInvite || isRestricted) && (membership === 'invite' || membership === 'join')) return allowed
  if (!isRestricted) return refused('join', 'The room is joined by invite')
  const authorising = event.content['join_authorised_via_users_server']
  const mayAuthorise =
    typeof authorising === 'string' &&
    membershipOf(state, authorising) === 'join' &&
    levels.of(authorising) >= levels.needed('invite')
  return mayAuthorise
    ? allowed
    : refused('join', 'The room is joined by invite, or with a member who may invite')
}

function judgeInvite(judged: Case): Verdict {
  const { event, target, state, levels } = judged
  if (event.content['third_party_invite'] !== undefined) return judgeThirdPartyInvite(judged)
  const sender = membershipOf(state, event.sender)
  if (sender !== 'join') return refused('invite', 'Only members of a room invite to it')
  const membership = membershipOf(state, target)
  if (membership === 'join') return refused('invite', 'The user is in the room already')
  if (membership === 'ban') return refused('invite', 'The user is banned from the room')
  return levels.of(event.sender) >= levels.needed('invite')
    ? allowed
    : refused('invite', 'The power level of the sender is too low to invite')
}

function judgeThirdPartyInvite({ event, target, state, verify }: Case): Verdict {
  const no = (because: string) => refused('third_party_invite', because)
  if (membershipOf(state, target) === 'ban') return no('The user is banned from the room')
  const invite = event.content['third_party_invite']
  const signed = isObject(invite) ? invite['signed'] : undefined
  const token = thirdPartyToken(event)
  if (!isObject(signed) || token === undefined)
    return no('A third-party invite needs signed data with a token')
  if (signed['mxid'] !== target) return no('The third-party invite is for another user')
  const offer = state.event('m.room.third_party_invite', token)?.pdu
  if (!offer) return no('The room has no third-party invite with this token')
  if (offer.sender !== event.sender) return no('The third-party invite is of another sender')
  const text = signedText(signed)
  const signatures = signaturesOf(signed['signatures'])
  const isValid = keysOf(offer).some((key) => signatures.some((signature) => verify(key, text, signature)))
  return isValid ? allowed : no('No key of the third-party invite has signed its acceptance')
}

/** The public keys of a third-party invite. */
function keysOf({ content }: Pdu): string[] {
  const listed = Array.isArray(content['public_keys']) ? content['public_keys'] : []
  const keys = [
    content['public_key'],
    ...listed.map((entry) => (isObject(entry) ? entry['public_key'] : undefined)),
  ]
  return keys.filter((key) => typeof key === 'string')
}

function signaturesOf(signatures: unknown): string[] {
  if (!isObject(signatures)) return []
  const all = Object.values(signatures).flatMap((byKey) => (isObject(byKey) ? Object.entries(byKey) : []))
  return all.flatMap(([keyId, text]) =>
    keyId.startsWith('ed25519:') && typeof text === 'string' ? text : [],
  )
}

function judgeLeave({ event, target, version, state, levels }: Case): Verdict {
  const membership = membershipOf(state, target)
  if (event.sender === target) {
    const mayLeave =
      membership === 'join' || membership === 'invite' || (membership === 'knock' && version.knock)
    return mayLeave ? allowed : refused('leave', 'The user is not in the room')
  }
  if (membershipOf(state, event.sender) !== 'join')
    return refused('kick', 'Only members of a room remove others')
  const level = levels.of(event.sender)
  if (membership === 'ban' && level < levels.needed('ban'))
    return refused('ban', 'The power level of the sender is too low to lift a ban')
  return level >= levels.needed('kick') && levels.of(target) < level
    ? allowed
    : refused('kick', 'The power level of the sender is too low to remove this user')
}

function judgeBan({ event, target, state, levels }: Case): Verdict {
  if (membershipOf(state, event.sender) !== 'join') return refused('ban', 'Only members of a room ban others')
  const level = levels.of(event.sender)
  return level >= levels.needed('ban') && levels.of(target) < level
    ? allowed
    : refused('ban', 'The power level of the sender is too low to ban this user')
}

function judgeKnock({ event, target, version, state }: Case): Verdict {
  const rule = joinRuleOf(state)
  const isOpen = rule === 'knock' || (rule === 'knock_restricted' && version.knockRestricted)
  if (!isOpen) return refused('knock', 'The join rule of the room lets nobody knock')
  if (event.sender !== target) return refused('knock', 'Nobody knocks for another user')
  const membership = membershipOf(state, target)
  return membership === 'leave' || membership === 'knock'
    ? allowed
    : refused('knock', 'The user is banned, invited or in the room already')
}
