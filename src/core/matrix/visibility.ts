import type { Pdu } from './events'
import { type Membership, membershipIn, type WithContent } from './room-state'

/**
 * Who sees an event: it depends on the history visibility and on the reader's membership when it was sent, and on what
 * the reader's membership was later (spec.matrix.org, client-server API, "Room History Visibility").
 */

export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined'

const VISIBILITIES: ReadonlySet<unknown> = new Set(['world_readable', 'shared', 'invited', 'joined'])

/** Returns the history visibility that a state event gives; `shared` if there is none, or none that is known. */
function historyVisibilityIn(event: WithContent | undefined): HistoryVisibility {
  const value = event?.pdu.content['history_visibility']
  const isKnown = (text: unknown): text is HistoryVisibility => VISIBILITIES.has(text)
  return isKnown(value) ? value : 'shared'
}

/** A value of the state from a position on. */
interface Change<Value> {
  readonly pos: number
  readonly value: Value
}

/** A state event at its position, or none where the room has no such event from there on. */
export interface StateSince {
  readonly pos: number
  readonly event: WithContent | undefined
}

/** An event at its position. */
export type PlacedEvent = { readonly pos: number } & Pick<Pdu, 'type' | 'state_key'>

const JOINED: WithContent = { pdu: { content: { membership: 'join' } } }

/** What one reader sees of one room. Positions are those of the room's stream. */
export class Sight {
  private readonly visibilities: readonly Change<HistoryVisibility>[]
  private readonly memberships: readonly Change<Membership>[]
  /** Where the reader's last membership ended: infinite while it lasts, negative infinity if there was none. */
  readonly leftAt: number

  /**
   * @param visibilities every change of `m.room.history_visibility`, by position
   * @param memberships every change of the reader's own member event, by position
   */
  constructor(
    private readonly userId: string,
    visibilities: readonly StateSince[],
    memberships: readonly StateSince[],
  ) {
    this.visibilities = visibilities.map(({ pos, event }) => ({ pos, value: historyVisibilityIn(event) }))
    this.memberships = memberships.map(({ pos, event }) => ({ pos, value: membershipIn(event) }))
    const last = this.memberships.findLastIndex(({ value }) => value === 'join')
    // A membership lasts until the next change, and the present one lasts.
    this.leftAt =
      last < 0 ? Number.NEGATIVE_INFINITY : (this.memberships[last + 1]?.pos ?? Number.POSITIVE_INFINITY)
  }

  /** What a member sees from the event on with which it joined. */
  static ofMember(userId: string, pos: number): Sight {
    return new Sight(userId, [], [{ pos, event: JOINED }])
  }

  /** The reader's present membership. */
  get membership(): Membership {
    return this.memberships.at(-1)?.value ?? 'leave'
  }

  /** Whether the reader sees what is sent to the room now. */
  get seesPresent(): boolean {
    return this.sees({ pos: Number.POSITIVE_INFINITY, type: 'm.room.message' })
  }

  /** Whether the reader sees every event of the room: it is in it, and nothing was ever hidden from its members. */
  get seesAll(): boolean {
    return (
      this.membership === 'join' &&
      this.visibilities.every(({ value }) => value === 'shared' || value === 'world_readable')
    )
  }

  /** Returns the reader's membership after the event at a position. */
  membershipAt(pos: number): Membership {
    return valueAt(this.memberships, pos) ?? 'leave'
  }

  /** Returns the position of the member event that is the reader's at a position; undefined if there is none. */
  memberEventAt(pos: number): number | undefined {
    return changeAt(this.memberships, pos)?.pos
  }

  /** Reports whether the reader sees an event. The events of the reader's own membership are always seen. */
  sees({ pos, type, state_key: stateKey }: PlacedEvent): boolean {
    if (type === 'm.room.member' && stateKey === this.userId) return true
    const membership = valueAt(this.memberships, pos) ?? 'leave'
    const visibility = valueAt(this.visibilities, pos) ?? 'shared'
    if (this.mayRead(visibility, membership, pos)) return true
    // A change of the visibility is seen by who may read before it, or after it.
    if (type !== 'm.room.history_visibility' || stateKey !== '') return false
    return this.mayRead(valueAt(this.visibilities, pos - 1) ?? 'shared', membership, pos)
  }

  private mayRead(visibility: HistoryVisibility, membership: Membership, pos: number): boolean {
    if (membership === 'join') return true
    switch (visibility) {
      case 'world_readable':
        return true
      case 'shared':
        return pos < this.leftAt
      case 'invited':
        return membership === 'invite'
      case 'joined':
        return false
    }
  }
}

/** Returns the value of the last change at or before a position. */
function valueAt<Value>(changes: readonly Change<Value>[], pos: number): Value | undefined {
  return changeAt(changes, pos)?.value
}

function changeAt<Value>(changes: readonly Change<Value>[], pos: number): Change<Value> | undefined {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const change = changes[middle]
    if (change && change.pos <= pos) low = middle + 1
    else high = middle
  }
  return changes[low - 1]
}
