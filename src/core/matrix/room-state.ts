import type { Pdu, RoomEvent } from './events'
import type { RoomVersion } from './versions'

/** The state of a room at one point, and what follows from it alone. */
export interface RoomState {
  /** The state event with this type and state key. */
  event(type: string, stateKey: string): RoomEvent | undefined
}

export type Membership = 'join' | 'invite' | 'knock' | 'leave' | 'ban'

const MEMBERSHIPS: ReadonlySet<unknown> = new Set(['join', 'invite', 'knock', 'leave', 'ban'])

function isMembership(value: unknown): value is Membership {
  return MEMBERSHIPS.has(value)
}

/** An event as far as its content goes. */
export interface WithContent {
  readonly pdu: Pick<Pdu, 'content'>
}

/** Returns the membership that a member event gives; `leave` if there is none, or none that is known. */
export function membershipIn(event: WithContent | undefined): Membership {
  const value = event?.pdu.content['membership']
  return isMembership(value) ? value : 'leave'
}

/** Returns a user's membership. */
export function membershipOf(state: RoomState, userId: string): Membership {
  return membershipIn(state.event('m.room.member', userId))
}

/** Returns the join rule of a room; `invite` if its state has none. */
export function joinRuleOf(state: RoomState): string {
  const rule = state.event('m.room.join_rules', '')?.pdu.content['join_rule']
  return typeof rule === 'string' ? rule : 'invite'
}

/** Returns who made a room, by its create event. */
export function creatorOf(version: RoomVersion, create: Pdu): string {
  const named = create.content['creator']
  return version.creatorInContent && typeof named === 'string' ? named : create.sender
}

/** The state that invited and knocking users are shown of a room, which they cannot read yet. */
const STRIPPED = [
  'm.room.create',
  'm.room.join_rules',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.canonical_alias',
  'm.room.encryption',
] as const

/** A state event as users outside of the room see it. */
export type StrippedEvent = Pick<Pdu, 'type' | 'sender' | 'content'> & { readonly state_key: string }

/**
 * Returns the state that a user sees of a room to which an invite or knock of it leads: what describes the room, who
 * sent the invite, and last the user's own member event.
 */
export function strippedState(state: RoomState, own: Pdu): StrippedEvent[] {
  const described = STRIPPED.map((type) => state.event(type, '')?.pdu)
  const sender = own.sender === own.state_key ? undefined : state.event('m.room.member', own.sender)?.pdu
  return [...described, sender, own].flatMap((pdu) =>
    pdu?.state_key === undefined
      ? []
      : [{ type: pdu.type, state_key: pdu.state_key, sender: pdu.sender, content: pdu.content }],
  )
}
