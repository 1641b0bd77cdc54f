// A room held in memory: its events are made as the server makes them, its state is set by hand.
import {
  type AuthContext,
  authorize,
  type EventDraft,
  makeEvent,
  type Pdu,
  type RoomEvent,
  type RoomState,
  roomIdOfCreate,
  selectAuthEvents,
} from '../../../src/core/matrix'
import { sha256, verifyEd25519 } from '../../../src/platform/matrix-signatures'
import { room, ts, version } from './example'

export const alice = '@alice:example.org'
export const bob = '@bob:example.org'
export const mod = '@mod:example.org'
export const carol = '@carol:example.org'
export const eve = '@eve:other.org'

type Content = Readonly<Record<string, unknown>>

/** A room of one version; `alice` made it. */
export class ExampleRoom implements RoomState {
  readonly version
  private readonly events = new Map<string, RoomEvent>()
  readonly create: RoomEvent
  readonly id: string
  private last: RoomEvent

  constructor(
    readonly number: number,
    creation: Content = {},
  ) {
    this.version = version(String(number))
    const creator = this.version.creatorInContent ? { creator: alice } : {}
    const content = { room_version: String(number), ...creator, ...creation }
    const isHash = this.version.roomIdIsHash
    this.create = this.made(
      { type: 'm.room.create', sender: alice, stateKey: '', content, prevEvents: [] },
      isHash ? null : room,
    )
    this.id = isHash ? roomIdOfCreate(this.create.eventId) : room
    this.last = this.create
    this.put(this.create)
  }

  event(type: string, stateKey: string): RoomEvent | undefined {
    return this.events.get(JSON.stringify([type, stateKey]))
  }

  /** Makes an event of this room, whether the room allows it or not. */
  pdu(draft: Partial<EventDraft>): Pdu {
    return this.made(draft, this.id).pdu
  }

  /** Sets a state event, whether the room allows it or not. */
  set(type: string, stateKey: string, content: Content, sender = alice): RoomEvent {
    const event = this.made({ type, stateKey, content, sender }, this.id)
    this.put(event)
    return event
  }

  members(memberships: Readonly<Record<string, string>>): this {
    for (const [id, membership] of Object.entries(memberships))
      this.set('m.room.member', id, { membership }, id)
    return this
  }

  /** Sets power levels; those of the creator are left out where creators are above all. */
  levels(content: Content, users: Readonly<Record<string, number>> = {}): this {
    const creator = this.version.creatorsAboveLevels ? {} : { [alice]: 100 }
    this.set('m.room.power_levels', '', { users: { ...creator, ...users }, ...content })
    return this
  }

  /** Returns `allowed`, or the rule that refuses an event. */
  judge(pdu: Pdu, context: Partial<AuthContext> = {}): string {
    const verdict = authorize(pdu, {
      version: this.version,
      state: this,
      isSignedBy: (server) => server === 'example.org',
      verify: verifyEd25519,
      ...context,
    })
    return verdict.allowed ? 'allowed' : verdict.rule
  }

  private put(event: RoomEvent): void {
    this.events.set(JSON.stringify([event.pdu.type, event.pdu.state_key]), event)
    this.last = event
  }

  private made(draft: Partial<EventDraft>, roomId: string | null): RoomEvent {
    const { type = 'm.room.message', sender = alice, content = {}, stateKey } = draft
    const subject = { type, sender, content, ...(stateKey === undefined ? {} : { state_key: stateKey }) }
    return makeEvent(
      this.version,
      {
        roomId,
        originServerTs: ts,
        depth: 2,
        prevEvents: this.last ? [this.last.eventId] : [],
        authEvents: selectAuthEvents(this.version, subject, this),
        ...draft,
        type,
        sender,
        content,
      },
      sha256,
    )
  }
}

/** A room with alice (creator), mod (50) and bob (0) in it; carol was never there. */
export function populated(number: number, levels: Content = {}, creation: Content = {}): ExampleRoom {
  return new ExampleRoom(number, creation)
    .members({ [alice]: 'join', [mod]: 'join', [bob]: 'join' })
    .levels(levels, { [mod]: 50 })
}

/** A draft of a member event. */
export function member(sender: string, target: string, membership: string, more: Content = {}) {
  return { type: 'm.room.member', sender, stateKey: target, content: { membership, ...more } }
}

/** A draft of a state event. */
export function state(sender: string, type: string, content: Content, stateKey = '') {
  return { type, sender, stateKey, content }
}
