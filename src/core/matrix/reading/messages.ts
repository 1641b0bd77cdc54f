import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { Store } from '../../kernel/ports'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { includesEvent, includesRoom, type RoomEventFilter } from '../sync/filters'
import { placed } from './bundles'
import { type Now, type Positions, placeOf, tokenOf } from './positions'
import { isIgnored, type Readers, type RoomView } from './readers'
import type { Rendering } from './rendering'
import { stateEventsAt } from './room-state-at'
import type { Timeline } from './timeline'

const DEFAULT_LIMIT = 10
const MAX_LIMIT = 1000

/** A part of a room's history that somebody asks for. */
export interface HistoryQuery {
  /** `b`: newest first; `f`: oldest first. */
  readonly direction: 'b' | 'f'
  readonly from: string | undefined
  readonly to: string | undefined
  readonly limit: number | undefined
  readonly filter: RoomEventFilter | undefined
}

export interface ContextQuery {
  readonly limit: number | undefined
  readonly filter: RoomEventFilter | undefined
}

export interface HistoryDeps {
  readonly core: Pick<Core, 'reads'>
  readonly store: Pick<Store, 'slow'>
  readonly readers: Readers
  readonly positions: Positions
  readonly timeline: Timeline
  readonly rendering: Rendering
}

const shownAlone = { withRoomId: true, withRelations: true } as const

/** Reading the history of one room. */
export class RoomHistory {
  constructor(private readonly deps: HistoryDeps) {}

  /** Returns a page of the history. @throws channel_not_found; m_invalid_param for a token of another history */
  async messages(actor: Person, roomId: string, query: HistoryQuery): Promise<JsonObject> {
    const now = await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    const { direction, from, to, filter } = query
    const isBack = direction === 'b'
    const begin = from === undefined ? (isBack ? lastPlace(view, now) : 0) : placeOf(from, now)
    const limit = limitOf(query.limit ?? filter?.limit)
    const bound = to === undefined ? undefined : placeOf(to, now)
    const page = await this.deps.timeline.page(view, {
      after: (isBack ? (bound ?? Number.MIN_SAFE_INTEGER) : begin) - 1,
      before: Math.min(now.end, isBack ? begin : (bound ?? now.end)),
      order: isBack ? 'desc' : 'asc',
      limit,
      accepts: acceptedBy(filter, view),
    })
    return {
      start: tokenOf(begin, now),
      ...(page.next === undefined ? {} : { end: tokenOf(page.next, now) }),
      chunk: await this.deps.rendering.events(view, page.events, shownAlone),
      ...(await this.stateFor(view, page.events, filter)),
    }
  }

  /** Returns an event with what was sent before and after it. @throws channel_not_found; m_not_found */
  async context(actor: Person, roomId: string, eventId: string, query: ContextQuery): Promise<JsonObject> {
    const now = await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    const event = await this.seenEvent(view, eventId)
    const { filter } = query
    const half = Math.floor(limitOf(query.limit ?? filter?.limit) / 2)
    const accepts = acceptedBy(filter, view)
    const [before, after] = await Promise.all([
      this.deps.timeline.page(view, {
        ...{ after: Number.MIN_SAFE_INTEGER, before: event.pos, order: 'desc', limit: half, accepts },
      }),
      this.deps.timeline.page(view, {
        ...{ after: event.pos, before: now.end, order: 'asc', limit: half, accepts },
      }),
    ])
    const first = before.events.at(-1) ?? event
    const last = after.events.at(-1) ?? event
    const shown = (events: readonly StoredEvent[]) => this.deps.rendering.events(view, events, shownAlone)
    const [eventShown] = await shown([event])
    const needed = filter?.lazyMembers ? [...before.events, event, ...after.events] : undefined
    const at = lastPosition(view, last.pos)
    const state = await stateEventsAt(this.deps.core.reads.matrix(), view, at, needed)
    return {
      start: tokenOf(first.pos, now),
      end: tokenOf(last.pos + 1, now),
      event: eventShown,
      events_before: await shown(before.events),
      events_after: await shown(after.events),
      state: await this.deps.rendering.events(view, state, { withRoomId: true }),
    }
  }

  /** Returns one event. @throws m_not_found for an event that the actor does not see, or that is in another room */
  async event(actor: Person, roomId: string, eventId: string): Promise<JsonObject> {
    await this.deps.positions.now()
    const view = await this.viewOrNotFound(actor, roomId)
    const [shown] = await this.deps.rendering.events(view, [await this.seenEvent(view, eventId)], shownAlone)
    return shown ?? {}
  }

  /** Returns the event that is closest to a moment. @throws channel_not_found; m_not_found */
  async atTime(
    actor: Person,
    roomId: string,
    moment: { readonly ts: number; readonly direction: 'f' | 'b' },
  ): Promise<JsonObject> {
    await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    // Their times are in no order: all events of the room are looked at.
    const near = await this.deps.store.slow
      .matrix()
      .eventsNear(view.room.channelId, { ...moment, limit: MAX_LIMIT })
    const found = near.find((event) => view.sight.sees(placed(event)) && !isIgnored(view.reader, event))
    if (!found) throw notFound()
    return { event_id: found.eventId, origin_server_ts: found.ts }
  }

  /** Returns an event of a room that its reader sees. @throws m_not_found */
  async seenEvent(view: RoomView, eventId: string): Promise<StoredEvent> {
    const event = await this.deps.core.reads.matrix().event({ eventId })
    if (!event || event.channelId !== view.room.channelId || !view.sight.sees(placed(event))) throw notFound()
    if (isIgnored(view.reader, event)) throw notFound()
    return event
  }

  private async viewOrNotFound(actor: Person, roomId: string): Promise<RoomView> {
    try {
      return await this.deps.readers.view(actor, roomId)
    } catch (error) {
      if (error instanceof Error && 'reason' in error && error.reason === 'channel_not_found')
        throw notFound()
      throw error
    }
  }

  /** With lazy members a page shows the member events of those who wrote it. */
  private async stateFor(
    view: RoomView,
    events: readonly StoredEvent[],
    filter: RoomEventFilter | undefined,
  ): Promise<JsonObject> {
    const [first] = events
    if (!filter?.lazyMembers || !first) return {}
    const newest = lastPosition(view, Math.max(...events.map(({ pos }) => pos)))
    const senders = [...new Set(events.map(({ sender }) => sender))]
    const members = await this.deps.core.reads
      .matrix()
      .stateAt(view.room.channelId, newest, { types: ['m.room.member'], stateKeys: senders })
    return { state: await this.deps.rendering.events(view, members, { withRoomId: true }) }
  }
}

function limitOf(limit: number | undefined): number {
  return Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT)
}

/** The place from which a reader reads back: the end, or where its membership ended. */
function lastPlace({ sight }: RoomView, { end }: Now): number {
  return sight.seesPresent || sight.leftAt < 0 ? end : Math.min(end, sight.leftAt + 1)
}

/** The position up to which a reader knows the state: it sees later events of its own membership, such as a ban. */
function lastPosition({ sight }: RoomView, pos: number): number {
  return sight.seesPresent || sight.leftAt < 0 ? pos : Math.min(pos, sight.leftAt)
}

function acceptedBy(
  filter: RoomEventFilter | undefined,
  { room }: RoomView,
): (event: StoredEvent) => boolean {
  if (!filter) return () => true
  const isIncluded = includesRoom(filter, room.roomId)
  return (event) => isIncluded && includesEvent(filter, event)
}

function notFound() {
  return matrixRefusal('M_NOT_FOUND', 'This event does not exist, or you may not see it')
}
