export { EVENTS_PER_ROW } from '../log/marks'

/** Events of rooms as they are stored. */
export interface StoredEvent {
  /** Its place in the one log: 64 times the seq of the log row that owns it, plus its number among that row's events. */
  readonly pos: number
  readonly channelId: number
  readonly eventId: string
  readonly type: string
  /** Null: not a state event. */
  readonly stateKey: string | null
  readonly sender: string
  /** Milliseconds since 1970. */
  readonly ts: number
  readonly depth: number
  /** Position of the event that it relates to, with the type and key of the relation. */
  readonly relPos: number | null
  readonly relType: string | null
  readonly relKey: string | null
  /** Position of the root of its thread; null for the root itself. */
  readonly threadPos: number | null
  /** Position of the event that redacted it. Its `json` is then the redacted form. */
  readonly redactedBy: number | null
  /** The device and the transaction id with which it was sent; null: it was not sent by a device, or without one. */
  readonly sentAs: string | null
  readonly flags: number
  /** Canonical JSON of the event, without `signatures` and `unsigned`. */
  readonly json: string
}

/** A range of positions, both ends exclusive. */
export interface PositionRange {
  readonly after: number
  readonly before: number
}

export interface EventPage extends PositionRange {
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export interface EventReads {
  event(
    by: { readonly eventId: string } | { readonly channelId: number; readonly pos: number },
  ): Promise<StoredEvent | undefined>
  /** In no order; unknown ids are left out. */
  eventsByIds(eventIds: readonly string[]): Promise<StoredEvent[]>
  /** The events of a room at these positions, in no order. */
  eventsAtPositions(channelId: number, positions: readonly number[]): Promise<StoredEvent[]>
  /** The events of a room between two positions. */
  eventsBetween(channelId: number, page: EventPage): Promise<StoredEvent[]>
  /** The events that relate to the one at a position; `relType` absent = every relation. */
  eventsRelatedTo(pos: number, page: EventPage & { readonly relType?: string }): Promise<StoredEvent[]>
  /** All events that relate to the one at a position in this way, by position. */
  relatedEvents(pos: number, relType: string): Promise<StoredEvent[]>
  /** Reports whether a user has reacted to the event at a position with a key, and has not taken it back. */
  hasReacted(pos: number, reaction: { readonly key: string; readonly sender: string }): Promise<boolean>
  /** The newest event that relates to each of these positions in this way. */
  newestRelated(
    relType: string,
    positions: readonly number[],
  ): Promise<{ readonly relPos: number; readonly eventId: string }[]>
  /** The events that a user has sent into a room after a position, by position, neither state events nor redacted ones. */
  eventsSentBy(
    channelId: number,
    sender: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<StoredEvent[]>
  /** How many events of a user are not redacted, with its own member events. Looks at all events. */
  countEventsOf(userId: string): Promise<number>
  /** The events that these log rows own, by position. */
  eventsOwnedBy(rows: readonly { readonly channelId: number; readonly seq: number }[]): Promise<StoredEvent[]>
}

export interface EventWrites {
  /** Inserts events, in one statement. */
  insertEvents(events: readonly StoredEvent[]): Promise<void>
  /** Replaces events by their redacted form. */
  redactEvents(
    events: readonly (Pick<StoredEvent, 'channelId' | 'pos' | 'json'> & { readonly redactedBy: number })[],
  ): Promise<void>
  /** Deletes events of a room before a position whose log rows do not exist any more, except state events. */
  deleteOrphans(channelId: number, before: number): Promise<void>
}
