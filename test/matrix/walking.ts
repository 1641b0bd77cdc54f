// What users see of rooms by a plain model, and clients that put it together from answers.
import type { StoredEvent } from '../../src/core/matrix/event-ports'
import { parseRoomEventFilter } from '../../src/core/matrix/sync/filters'
import type { HandMade, HandMadeRoom } from './rooms-by-hand'
import type { ClientEvent, SyncAnswer } from './syncing'

/** What a client asks for each time. */
export interface Habits {
  readonly limit: number
  readonly types: readonly string[] | undefined
  readonly lazy: boolean
  readonly stateAfter: 'state_after' | undefined
}

const MEMBER = 'm.room.member'
const VISIBILITY = 'm.room.history_visibility'

interface Placed {
  readonly event: StoredEvent
  readonly content: Readonly<Record<string, unknown>>
}

/** All events of a room, in order. */
export class History {
  private readonly all: Placed[] = []

  add(...events: readonly StoredEvent[]): void {
    for (const event of events) this.all.push({ event, content: JSON.parse(event.json).content })
  }

  membershipOf(userId: string): unknown {
    return this.all.findLast(({ event }) => event.type === MEMBER && event.stateKey === userId)?.content[
      'membership'
    ]
  }

  /** The ids of the events that a user sees who is in the room now, in order. */
  seenBy(userId: string, ignored: string | undefined, types: readonly string[] | undefined): string[] {
    let visibility: unknown = 'shared'
    let membership: unknown = 'leave'
    const seen: string[] = []
    for (const { event, content } of this.all) {
      const before = visibility
      if (event.type === VISIBILITY) visibility = content['history_visibility']
      const isOwn = event.type === MEMBER && event.stateKey === userId
      if (isOwn) membership = content['membership']
      // Who is in the room now sees everything shared.
      const isSeenWith = (setting: unknown) =>
        membership === 'join' ||
        setting === 'world_readable' ||
        setting === 'shared' ||
        (setting === 'invited' && membership === 'invite')
      const isSeen = isOwn || isSeenWith(visibility) || (event.type === VISIBILITY && isSeenWith(before))
      const isWanted = types === undefined || types.includes(event.type)
      if (isSeen && isWanted && !(event.stateKey === null && event.sender === ignored))
        seen.push(event.eventId)
    }
    return seen
  }

  /** The ids of the present state events, by type and state key. */
  get state(): ReadonlyMap<string, string> {
    return new Map(
      this.all.flatMap(({ event }) =>
        event.stateKey === null ? [] : [[keyOf(event.type, event.stateKey), event.eventId] as const],
      ),
    )
  }
}

const keyOf = (type: string, stateKey: string) => `${type} ${stateKey}`

/** What a client knows of a room. */
export interface KnownRoom {
  events: string[]
  readonly state: Map<string, string>
  /** Of whom it has shown something since it knows the room. */
  readonly senders: Set<string>
}

/** A client that reads along, and keeps what it was told. */
export class Walker {
  readonly rooms = new Map<string, KnownRoom>()
  private since: string | undefined

  constructor(
    private readonly hand: HandMade,
    readonly name: string,
    private readonly device: number,
    readonly habits: Habits,
  ) {}

  /** Asks once. `isLost`: the answer does not arrive. */
  async ask({ isLost, isRestarted }: { readonly isLost: boolean; readonly isRestarted: boolean }) {
    const { limit, types, lazy, stateAfter } = this.habits
    const filter = JSON.stringify({
      room: { timeline: { limit, ...(types && { types }) }, state: { lazy_load_members: lazy } },
    })
    const asked = { since: this.since, filter, stateAfter }
    const answer = isRestarted
      ? await this.hand.syncAfterStart(this.name, asked)
      : await this.hand.syncOn(this.device, this.name, asked)
    if (!isLost) await this.take(answer)
  }

  /** Reads the whole history of a room forwards, in pages of this size. */
  async forwards(roomId: string, limit: number): Promise<string[]> {
    return this.pages(roomId, 'f', limit, undefined)
  }

  private async take({ next_batch, rooms }: SyncAnswer): Promise<void> {
    for (const roomId of [...Object.keys(rooms.leave), ...Object.keys(rooms.invite)])
      this.rooms.delete(roomId)
    for (const [roomId, { timeline, state, state_after }] of Object.entries(rooms.join)) {
      const known = this.rooms.get(roomId)
      const room = known ?? { events: [], state: new Map<string, string>(), senders: new Set<string>() }
      this.rooms.set(roomId, room)
      const ids = timeline.events.map(({ event_id }) => event_id)
      if (timeline.limited || !known) {
        const before = await this.pages(roomId, 'b', this.habits.limit + 1, timeline.prev_batch)
        room.events = before.reverse()
      }
      room.events.push(...ids)
      for (const { sender } of timeline.events) room.senders.add(sender)
      apply(room.state, state?.events ?? [])
      if (!this.habits.stateAfter) apply(room.state, timeline.events)
      apply(room.state, state_after?.events ?? [])
    }
    this.since = next_batch
  }

  private async pages(roomId: string, direction: 'b' | 'f', limit: number, start: string | undefined) {
    const { types } = this.habits
    const found: string[] = []
    for (let from = start; ; ) {
      const page = await this.hand.reading.history.messages(this.hand.actor(this.name), roomId, {
        ...{ direction, from, to: undefined, limit },
        filter: types && parseRoomEventFilter({ types }),
      })
      found.push(...(page['chunk'] as ClientEvent[]).map(({ event_id }) => event_id))
      if (page['end'] === undefined) return found
      from = String(page['end'])
    }
  }
}

function apply(state: Map<string, string>, events: readonly ClientEvent[]): void {
  for (const { type, state_key, event_id } of events)
    if (state_key !== undefined) state.set(keyOf(type, state_key), event_id)
}

/** What a client must know of the state of a room: with lazy members those of whom it has shown something. */
export function wantedState(history: History, room: KnownRoom, { lazy }: Habits): Map<string, string> {
  const isWanted = (key: string) =>
    !lazy || !key.startsWith(MEMBER) || room.senders.has(key.slice(MEMBER.length + 1))
  return new Map([...history.state].filter(([key]) => isWanted(key)).sort())
}

/** What it knows of that. */
export function knownState(history: History, room: KnownRoom, habits: Habits): Map<string, string> {
  const wanted = wantedState(history, room, habits)
  return new Map([...room.state].filter(([key]) => !habits.lazy || wanted.has(key)).sort())
}

/** The events of a room that are stored already. */
export async function storedIn({ core }: HandMade, { channel }: HandMadeRoom): Promise<StoredEvent[]> {
  return core.reads.matrix().eventsBetween(channel.id, {
    ...{ after: Number.MIN_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER },
    ...{ order: 'asc', limit: 1000 },
  })
}
