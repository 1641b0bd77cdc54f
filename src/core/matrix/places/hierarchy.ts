import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import { refusal } from '../../kernel/errors'
import type { Store } from '../../kernel/ports'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { parsedRoomEvent } from '../events'
import { isRoomId } from '../ids'
import { formatPageToken, parsePageToken, unknownToken, wholeIn } from '../page-token'
import type { CaughtUp } from '../parts'
import type { Reader, Readers } from '../reading/readers'
import { type KnownRooms, type RoomFacts, roomFacts, roomSummary, typeOf } from './summaries'

const CHILD = 'm.space.child'
const DEFAULT_LIMIT = 50
const MAX_LIMIT = 100
/** How far spaces in spaces are followed. */
const MAX_DEPTH = 20
/** The most rooms of one tree that are shown. */
const MAX_ROOMS = 2000
/** Rooms that are looked at together. */
const SLICE = 25
/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 10

export interface HierarchyQuery {
  readonly suggestedOnly: boolean
  readonly maxDepth: number | undefined
  readonly limit: number | undefined
  readonly from: string | undefined
}

/** Where a former page ended, and what it asked for. */
interface Place {
  readonly seen: number
  readonly last: string
}

/** A room of the tree. */
interface Branch {
  readonly facts: RoomFacts
  readonly children: readonly Child[]
}

interface Child {
  readonly roomId: string
  /** As users outside of the space see it, with its time. */
  readonly json: JsonObject
  readonly order: string | undefined
  readonly ts: number
}

export interface HierarchyParts {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly store: Pick<Store, 'slow'>
  readonly readers: Readers
  readonly known: KnownRooms
  readonly caughtUp: CaughtUp
}

/** The tree of a space, as far as somebody may learn of its rooms. */
export class SpaceHierarchy {
  constructor(private readonly parts: HierarchyParts) {}

  /** Returns a page of the tree, each room before those below it. @throws channel_not_found, m_invalid_param */
  async page(actor: Person, roomId: string, query: HierarchyQuery): Promise<JsonObject> {
    const limit = limitOf(query.limit)
    const terms = {
      root: roomId,
      suggested: query.suggestedOnly,
      depth: Math.min(query.maxDepth ?? MAX_DEPTH, MAX_DEPTH),
    }
    const from = query.from === undefined ? undefined : placeIn(query.from, terms)
    await this.parts.caughtUp()
    const reader = await this.parts.readers.reader(actor)
    const passed: Branch[] = []
    const page: Branch[] = []
    let isPast = from === undefined
    let isMore = false
    for await (const branch of this.tree(reader, terms)) {
      if (page.length === limit) {
        isMore = true
        break
      }
      if (isPast) page.push(branch)
      else passed.push(branch)
      isPast ||= branch.facts.room.roomId === from?.last
    }
    // The last room of the former page may have gone: then its place counts.
    if (from && !isPast) {
      page.push(...passed.slice(from.seen, from.seen + limit))
      isMore = passed.length > from.seen + limit
    }
    const last = page.at(-1)
    const seen = (from?.seen ?? 0) + page.length
    return {
      rooms: page.map(({ facts, children }) => ({
        ...roomSummary(facts),
        children_state: children.map(({ json }) => json),
      })),
      ...(isMore && last
        ? { next_batch: formatPageToken({ ...terms, seen, last: last.facts.room.roomId }) }
        : {}),
    }
  }

  /** Walks the tree, each room once. @throws channel_not_found for a root that the reader may not learn of */
  private async *tree(
    reader: Reader,
    { root, suggested, depth: deepest }: { root: string; suggested: boolean; depth: number },
  ): AsyncGenerator<Branch> {
    const loop = this.parts.core.pace.loop()
    const [first] = await this.knownAmong(reader, [root])
    if (!first) throw refusal('channel_not_found')
    const met = new Set([root])
    /** The children of the spaces from the root down that are not walked yet, the next one last. */
    const ahead: { readonly depth: number; readonly rooms: (string | RoomFacts)[] }[] = [
      { depth: 0, rooms: [first] },
    ]
    let shown = 0
    for (let level = ahead.at(-1); level && shown < MAX_ROOMS; level = ahead.at(-1)) {
      const next = level.rooms.pop()
      if (next === undefined) {
        ahead.pop()
        continue
      }
      await loop.turn()
      if (typeof next === 'string') {
        // The rooms next in line are read together; those that nobody may learn of are left out.
        const slice = [next, ...level.rooms.splice(-SLICE).reverse()]
        const fresh = slice.filter((one) => typeof one === 'string').filter((roomId) => !met.has(roomId))
        const known = await this.knownAmong(reader, fresh)
        loop.did(slice.length * ROWS_PER_ROOM)
        level.rooms.push(...known.reverse())
        continue
      }
      const { roomId } = next.room
      if (level.depth > 0 && met.has(roomId)) continue
      met.add(roomId)
      const children = typeOf(next) === 'm.space' ? await this.childrenOf(next, suggested) : []
      shown += 1
      yield { facts: next, children }
      if (level.depth < deepest)
        ahead.push({ depth: level.depth + 1, rooms: children.map((child) => child.roomId).reverse() })
    }
  }

  private async knownAmong(reader: Reader, roomIds: readonly string[]): Promise<RoomFacts[]> {
    const reads = this.parts.core.reads.matrix()
    const rooms = new Map((await reads.roomsById(roomIds)).map((room) => [room.roomId, room]))
    const inOrder = roomIds.flatMap((roomId) => rooms.get(roomId) ?? [])
    const known = await this.parts.known.among(reader, await roomFacts(reads, inOrder))
    return known.map(({ facts }) => facts)
  }

  /** The children of a space: by their `order`, then those without, by their time. */
  private async childrenOf({ room }: RoomFacts, suggestedOnly: boolean): Promise<readonly Child[]> {
    const events = await this.parts.store.slow.matrix().stateNow(room.channelId, { types: [CHILD] })
    const found = await this.parts.core.pace.each(events, (event): Child[] => {
      const { type, sender, content, origin_server_ts } = parsedRoomEvent(event).pdu
      const { via, suggested, order } = content
      const roomId = event.stateKey ?? ''
      const isValid = isRoomId(roomId) && Array.isArray(via) && via.length > 0
      if (!isValid || (suggestedOnly && suggested !== true)) return []
      return [
        {
          roomId,
          json: { type, state_key: roomId, sender, content, origin_server_ts },
          order: typeof order === 'string' && ORDER.test(order) ? order : undefined,
          ts: origin_server_ts,
        },
      ]
    })
    return this.parts.core.pace.sorted(found.flat(), inOrder)
  }
}

/** What an `order` may be; another one counts as none. */
const ORDER = /^[\x20-\x7e]{1,50}$/

function inOrder(one: Child, other: Child): number {
  if (one.order !== other.order) {
    if (one.order === undefined) return 1
    if (other.order === undefined) return -1
    return one.order < other.order ? -1 : 1
  }
  return one.ts - other.ts || (one.roomId < other.roomId ? -1 : 1)
}

function limitOf(limit: number | undefined): number {
  if (limit === 0) throw matrixRefusal('M_INVALID_PARAM', 'limit must be at least 1')
  return Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT)
}

function placeIn(token: string, terms: JsonObject): Place {
  const key = parsePageToken(token)
  const { seen: _, last, ...made } = key
  const isSame = Object.entries(terms).every(([name, value]) => made[name] === value)
  if (!isSame)
    throw matrixRefusal(
      'M_INVALID_PARAM',
      'The room, suggested_only and max_depth stay the same from page to page',
    )
  if (typeof last !== 'string') throw unknownToken()
  return { seen: wholeIn(key, 'seen'), last }
}
