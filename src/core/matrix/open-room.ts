import type { StoredEvent } from './event-ports'
import { type Pdu, parsedEvent, type RoomEvent } from './events'
import { PowerLevels } from './power'
import type { MatrixRoom } from './room-ports'
import { type Membership, membershipOf, type RoomState } from './room-state'
import type { Verdict } from './verdict'
import { type RoomVersion, roomVersion } from './versions'

/** An event of the state with its position. */
export interface StateEvent extends RoomEvent {
  readonly pos: number
}

/** Whether users may send an event that is no state event, and the auth events that it names. */
export interface Standing {
  readonly authEvents: readonly string[]
  readonly verdict: Verdict
}

/**
 * A room in the transaction of an act: its row and its state as they stand then. Member events are loaded only for the
 * users that were asked for, because a room may have thousands.
 */
export class OpenRoom implements RoomState {
  readonly version: RoomVersion
  /** What the state says about events that are no part of it, by type and sender. Empty after each change of the state. */
  readonly standings = new Map<string, Standing>()
  private others = new Map<string, Map<string, StateEvent>>()
  /** Whether a fork has the same maps. */
  private isShared = false
  /** The newest event when it was forked. */
  private forkedAt: string | undefined
  /** By user id; undefined for a user who was never in the room. */
  private readonly members = new Map<string, StateEvent | undefined>()

  /** `row.tipEvent` is empty in a room that has no event yet. */
  constructor(
    public row: MatrixRoom,
    /** Whether the members that are not loaded do not exist. */
    private readonly isNew = false,
  ) {
    const version = roomVersion(row.version)
    if (!version) throw new Error(`room ${row.roomId} has the unknown version ${row.version}`)
    this.version = version
  }

  get hasEvents(): boolean {
    return this.row.tipEvent !== ''
  }

  /** @throws an error for the member event of a user that was not loaded */
  event(type: string, stateKey: string): StateEvent | undefined {
    if (type !== 'm.room.member') return this.others.get(type)?.get(stateKey)
    if (!this.hasLoaded(stateKey)) throw new Error(`the membership of ${stateKey} was not loaded`)
    return this.members.get(stateKey)
  }

  /** The content of a state event; undefined if there is none. */
  content(type: string, stateKey = ''): Pdu['content'] | undefined {
    return this.event(type, stateKey)?.pdu.content
  }

  membershipOf(userId: string): Membership {
    return membershipOf(this, userId)
  }

  levels(): PowerLevels {
    return new PowerLevels(this.version, this)
  }

  hasLoaded(userId: string): boolean {
    return this.isNew || this.members.has(userId)
  }

  /** Sets events of the state, as they are stored. */
  load(events: readonly StoredEvent[]): void {
    for (const { eventId, pos, json } of events) this.put({ eventId, pos, pdu: parsedEvent(json) })
  }

  /** Notes that these users have the member events that were loaded, or none. */
  loadMembers(userIds: Iterable<string>, events: readonly StoredEvent[]): void {
    this.standings.clear()
    for (const userId of userIds) if (!this.members.has(userId)) this.members.set(userId, undefined)
    this.load(events)
  }

  /** Returns the room as it is, with these members alone. What is added to one of both does not change the other. */
  fork(userIds: Iterable<string>): OpenRoom {
    const fork = new OpenRoom(this.row, this.isNew)
    this.isShared = true
    fork.isShared = true
    fork.forkedAt = this.row.tipEvent
    fork.others = this.others
    for (const userId of userIds)
      if (this.members.has(userId)) fork.members.set(userId, this.members.get(userId))
    return fork
  }

  /** Reports whether it is a fork of a room that is as it was then, to which no state was added. */
  continues({ row }: OpenRoom): boolean {
    return this.isShared && this.forkedAt === row.tipEvent
  }

  put(event: StateEvent): void {
    const { type, state_key: stateKey } = event.pdu
    if (stateKey === undefined) return
    this.standings.clear()
    if (this.isShared) {
      this.others = new Map([...this.others].map(([name, events]) => [name, new Map(events)]))
      this.isShared = false
    }
    if (type === 'm.room.member') this.members.set(stateKey, event)
    else {
      const known = this.others.get(type) ?? new Map<string, StateEvent>()
      known.set(stateKey, event)
      this.others.set(type, known)
    }
  }
}
