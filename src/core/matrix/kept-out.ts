import type { StateKey } from './room-ports'
import { type Membership, membershipIn, type WithContent } from './room-state'
import type { StateSince } from './visibility'

/**
 * Channels that are kept out of Matrix by their setting. A state event of the room says when that begins and when it ends:
 * for readers everybody has left the room in between. A room whose first such event is an end was made afterwards, from
 * the beginning of the channel, and nobody has been in it before. So everybody comes into it then, and is shown the room
 * as a new one, although its events have positions that readers have passed.
 */
export const KEPT_OUT = 'dev.synapse.v1.kept_out'

const LEFT: WithContent = { pdu: { content: { membership: 'leave' satisfies Membership } } }

/** The keys of the state of a room on whose changes it depends what a user sees. They seldom change. */
export function sightKeys(userId: string): readonly StateKey[] {
  return [
    { type: 'm.room.history_visibility', stateKey: '' },
    { type: 'm.room.member', stateKey: userId },
    { type: KEPT_OUT, stateKey: '' },
  ]
}

export function isKeptOut(event: WithContent | undefined): boolean {
  return event?.pdu.content['kept_out'] === true
}

/** Returns the changes of a reader's membership as they are with the times in which the room was kept out, by position. */
export function membershipsWith(
  keptOut: readonly StateSince[],
  memberships: readonly StateSince[],
): readonly StateSince[] {
  const [first] = keptOut
  if (!first) return memberships
  let isOut = !isKeptOut(first.event)
  let current: StateSince | undefined
  const found: StateSince[] = []
  const marks = new Set(keptOut)
  for (const change of [...keptOut, ...memberships].sort((one, other) => one.pos - other.pos)) {
    if (!marks.has(change)) {
      current = change
      if (!isOut) found.push(change)
      continue
    }
    if (isKeptOut(change.event) === isOut) continue
    isOut = !isOut
    // An invitation is not given again.
    if (membershipIn(current?.event) === 'join')
      found.push({ pos: change.pos, event: isOut ? LEFT : current?.event })
  }
  return found
}
