import type { Core } from '../..'
import type { PositionRange, StoredEvent } from '../event-ports'
import { placed } from './bundles'
import { isIgnored, type RoomView } from './readers'

/** The most events that are examined for one answer. */
const MAX_EXAMINED = 5000
const MIN_PAGE = 20

/** Part of a room's history, newest or oldest first. */
export interface TimelineQuery extends PositionRange {
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** Which of the events that the reader sees are wanted. */
  readonly accepts: (event: StoredEvent) => boolean
}

export interface TimelinePage {
  /** In the order of the query. */
  readonly events: readonly StoredEvent[]
  /**
   * Where the next page begins: behind the last event for `asc`, before it for `desc`. Undefined if nothing is left.
   */
  readonly next: number | undefined
}

/** Reads the history of rooms as their readers see it. */
export class Timeline {
  constructor(private readonly core: Pick<Core, 'pace'>) {}

  async page(view: RoomView, query: TimelineQuery): Promise<TimelinePage> {
    const { order, limit, accepts } = query
    const { source, sight, reader } = view
    const events: StoredEvent[] = []
    const loop = this.core.pace.loop()
    let { after, before } = query
    let examined = 0
    for (;;) {
      await loop.turn()
      // Mostly all of them are wanted.
      const size = Math.max(examined === 0 ? 0 : MIN_PAGE, limit + 1)
      const page = await source.eventsBetween({ after, before, order, limit: size })
      loop.did(page.length)
      for (const event of page) {
        if (isIgnored(reader, event) || !sight.sees(placed(event)) || !accepts(event)) continue
        const last = events.at(-1)
        // One event more than wanted shows that something is left.
        if (events.length === limit)
          return { events, next: last ? beyond(last.pos, order) : edge(event.pos, order) }
        events.push(event)
      }
      const last = page.at(-1)
      if (page.length < size || !last) return { events, next: undefined }
      examined += page.length
      if (examined >= MAX_EXAMINED) return { events, next: beyond(last.pos, order) }
      if (order === 'asc') after = last.pos
      else before = last.pos
    }
  }
}

/** The place behind an event in the order of reading. */
const beyond = (pos: number, order: 'asc' | 'desc') => (order === 'asc' ? pos + 1 : pos)
/** The place before it. */
const edge = (pos: number, order: 'asc' | 'desc') => (order === 'asc' ? pos : pos + 1)
