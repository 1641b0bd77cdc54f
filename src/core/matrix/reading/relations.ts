import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { Store } from '../../kernel/ports'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { placed, seenThreads } from './bundles'
import type { RoomHistory } from './messages'
import { type Positions, placeOf, tokenOf } from './positions'
import { isIgnored, type Readers, type RoomView } from './readers'
import type { Rendering } from './rendering'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 1000
/** How far relations of relations are followed. */
const MAX_DEPTH = 3
/** The most events that are followed. */
const MAX_FOLLOWED = 5000

export interface RelationsQuery {
  readonly relType: string | undefined
  readonly eventType: string | undefined
  readonly direction: 'b' | 'f'
  readonly from: string | undefined
  readonly to: string | undefined
  readonly limit: number | undefined
  /** Whether relations of relations count as well. */
  readonly recurse: boolean
}

export interface ThreadsQuery {
  readonly onlyOwn: boolean
  readonly from: string | undefined
  readonly limit: number | undefined
}

export interface RelationsDeps {
  readonly core: Pick<Core, 'reads'>
  readonly store: Pick<Store, 'slow'>
  readonly readers: Readers
  readonly positions: Positions
  readonly history: RoomHistory
  readonly rendering: Rendering
}

const shownAlone = { withRoomId: true, withRelations: true } as const

/** The events that relate to others: edits, reactions, threads. */
export class Relations {
  constructor(private readonly deps: RelationsDeps) {}

  /** Returns a page of the events that relate to one. @throws channel_not_found; m_not_found; m_invalid_param */
  async of(actor: Person, roomId: string, eventId: string, query: RelationsQuery): Promise<JsonObject> {
    const now = await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    const root = await this.deps.history.seenEvent(view, eventId)
    const { direction, from, to, recurse } = query
    const isBack = direction === 'b'
    const begin = from === undefined ? (isBack ? now.end : 0) : placeOf(from, now)
    const bound = to === undefined ? undefined : placeOf(to, now)
    const after = (isBack ? (bound ?? 0) : begin) - 1
    const before = isBack ? begin : (bound ?? now.end)
    const limit = limitOf(query.limit)
    const isWanted = ({ pos, relType, type }: StoredEvent) =>
      pos > after &&
      pos < before &&
      (query.relType === undefined || relType === query.relType) &&
      (query.eventType === undefined || type === query.eventType)
    const related = await this.related(view, root, recurse ? MAX_DEPTH : 1)
    const found = related.filter(isWanted).toSorted((one, other) => one.pos - other.pos)
    const ordered = isBack ? found.toReversed() : found
    const page = ordered.slice(0, limit)
    const last = page.at(-1)
    return {
      chunk: await this.deps.rendering.events(view, page, shownAlone),
      ...(last && ordered.length > limit
        ? { next_batch: tokenOf(isBack ? last.pos : last.pos + 1, now) }
        : {}),
      ...(from === undefined ? {} : { prev_batch: from }),
      ...(recurse ? { recursion_depth: MAX_DEPTH } : {}),
    }
  }

  /** Returns roots of threads, those with the newest replies first. @throws channel_not_found; m_invalid_param */
  async threads(actor: Person, roomId: string, query: ThreadsQuery): Promise<JsonObject> {
    const now = await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    const { room, reader, sight } = view
    const limit = limitOf(query.limit)
    const before = query.from === undefined ? now.end : placeOf(query.from, now)
    const reads = this.deps.core.reads.matrix()
    // All replies of the room are looked at.
    const found = await this.deps.store.slow.matrix().threadsIn(room.channelId, {
      ...{ userId: reader.userId, ignored: [...reader.ignored] },
      ...{ before, limit: limit + 1, onlyOwn: query.onlyOwn },
    })
    const page = found.slice(0, limit)
    const roots = new Map(
      (
        await reads.eventsAtPositions(
          room.channelId,
          page.map(({ root }) => root),
        )
      ).map((event) => [event.pos, event]),
    )
    const threads = sight.seesAll ? page : await seenThreads(reads, view, [...roots.keys()])
    const withReplies = new Set(threads.map(({ root }) => root))
    const seen = page.flatMap(({ root }) => {
      const event = withReplies.has(root) ? roots.get(root) : undefined
      return event && sight.sees(placed(event)) && !isIgnored(reader, event) ? [event] : []
    })
    const last = page.at(-1)
    return {
      chunk: await this.deps.rendering.events(view, seen, shownAlone),
      ...(last && found.length > limit ? { next_batch: tokenOf(last.latest, now) } : {}),
    }
  }

  /** The events that relate to one, directly or over others, as far as the reader sees them. */
  private async related(view: RoomView, root: StoredEvent, depth: number): Promise<StoredEvent[]> {
    const { sight, reader } = view
    const found = new Map<number, StoredEvent>()
    let level: readonly number[] = [root.pos]
    for (let step = 0; step < depth && level.length > 0 && found.size < MAX_FOLLOWED; step++) {
      const related = await this.deps.core.reads.matrix().relatedToAny(level, MAX_FOLLOWED)
      const fresh = related.filter(({ pos }) => !found.has(pos) && pos !== root.pos)
      for (const event of fresh) found.set(event.pos, event)
      level = fresh.map(({ pos }) => pos)
    }
    return [...found.values()].filter(
      (event) => event.redactedBy === null && sight.sees(placed(event)) && !isIgnored(reader, event),
    )
  }
}

function limitOf(limit: number | undefined): number {
  if (limit === 0) throw matrixRefusal('M_INVALID_PARAM', 'limit must be at least 1')
  return Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT)
}
