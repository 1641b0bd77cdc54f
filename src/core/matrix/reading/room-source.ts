import type { EventPage, PositionRange, StoredEvent } from '../event-ports'
import type { MatrixReads } from '../ports'
import type { ShownReceipt } from '../receipt-ports'
import type { StateChange, StateFilter, StateKey } from '../room-ports'
import type { Membership } from '../room-state'
import type { MxSpan } from '../sync-ports'
import type { RecentEvents } from './recent'

/** Where the events of one room are read: in the store, or in memory for readers who are not far behind. */
export interface RoomSource {
  eventsBetween(page: EventPage): Promise<readonly StoredEvent[]>
  /** The changes of the state between two positions, by position. */
  stateChanges(range: PositionRange): Promise<readonly StateChange[]>
  eventsAtPositions(positions: readonly number[]): Promise<readonly StoredEvent[]>
  /** Which of these events have others that relate to them, and by which types of relations. */
  relationTypes(
    positions: readonly number[],
  ): Promise<readonly { readonly pos: number; readonly relType: string }[]>
  /** The events of the state after the event at a position, in no order. */
  stateAt(pos: number, filter?: StateFilter): Promise<readonly StoredEvent[]>
  /** The events of the state now, in no order. */
  stateNow(filter: StateFilter): Promise<readonly StoredEvent[]>
  countMembers(): Promise<Readonly<Partial<Record<Membership, number>>>>
  /** For each of these state events the one that it replaced, by the position of the new one. */
  replacedStates(
    events: readonly (StateKey & { readonly pos: number })[],
  ): Promise<ReadonlyMap<number, StoredEvent>>
  /** The receipts that changed in a stretch of the companion stream. */
  receiptsIn(mx: MxSpan): Promise<readonly ShownReceipt[]>
}

/** Reads a room in the store. */
export function storedRoom(reads: MatrixReads, channelId: number): RoomSource {
  return {
    eventsBetween: (page) => reads.eventsBetween(channelId, page),
    stateChanges: (range) => reads.stateChanges(channelId, range),
    eventsAtPositions: (positions) => reads.eventsAtPositions(channelId, positions),
    relationTypes: (positions) => reads.relationTypes(positions),
    stateAt: (pos, filter) => reads.stateAt(channelId, pos, filter),
    stateNow: (filter) => reads.stateNow(channelId, filter),
    countMembers: () => reads.countMembersOf(channelId),
    replacedStates: (events) => reads.replacedStatesOf(events.map((event) => ({ ...event, channelId }))),
    receiptsIn: (mx) => reads.receiptsIn(channelId, mx),
  }
}

/** Reads a room in memory, and in the store what is not there. */
export function recentRoom(recent: RecentEvents, stored: RoomSource, channelId: number): RoomSource {
  return {
    ...stored,

    async eventsBetween(page) {
      const { after, before, order, limit } = page
      const found = recent.between(channelId, after, before)
      if (!found) return stored.eventsBetween(page)
      return order === 'asc' ? found.slice(0, limit) : found.slice(-limit).reverse()
    },

    async stateChanges(range) {
      const found = recent.between(channelId, range.after, range.before)
      if (!found) return stored.stateChanges(range)
      // A room with one chain of events has the state that the newest events set.
      return found.flatMap(({ type, stateKey, pos }) =>
        stateKey === null ? [] : [{ type, stateKey, pos, eventPos: pos }],
      )
    },

    async eventsAtPositions(positions) {
      const found: StoredEvent[] = []
      for (const pos of positions) {
        const [event] = recent.between(channelId, pos - 1, pos + 1) ?? []
        if (!event) return stored.eventsAtPositions(positions)
        found.push(event)
      }
      return found
    },

    async relationTypes(positions) {
      const isHere = positions.every((pos) => recent.between(channelId, pos - 1, pos + 1)?.length === 1)
      if (!isHere) return stored.relationTypes(positions)
      // What relates to an event comes after it.
      return positions.flatMap((pos) =>
        [...(recent.relationsTo(pos) ?? [])].map((relType) => ({ pos, relType })),
      )
    },
  }
}
