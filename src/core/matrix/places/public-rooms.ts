import type { Core } from '../..'
import type { Store } from '../../kernel/ports'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { formatPageToken, parsePageToken, wholeIn } from '../page-token'
import type { CaughtUp } from '../parts'
import type { PublishedRoom } from '../place-ports'
import type { RoomState } from '../room-state'
import { contentOf, directoryEntry, type RoomFacts, roomFacts, statesOf, typeOf } from './summaries'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 500
/** Rooms whose state is read together. */
const SLICE = 500

export interface DirectoryQuery {
  readonly limit: number | undefined
  /** Where a former page ended. */
  readonly since: string | undefined
  /** Text in the name, the topic or the alias, whatever its case. */
  readonly term?: string | undefined
  /** Null = rooms of messages. Absent: any. */
  readonly roomTypes?: readonly (string | null)[] | undefined
}

/** The place of a room in the directory, and the direction in which a page goes on from there. */
interface Place extends PublishedRoom {
  readonly isBack: boolean
}

/** The directory of the rooms of this server. */
export class PublicRooms {
  constructor(
    private readonly parts: {
      readonly core: Pick<Core, 'pace'>
      readonly store: Pick<Store, 'slow'>
      readonly caughtUp: CaughtUp
    },
  ) {}

  /** Returns a page, the rooms with most members first. @throws m_invalid_param */
  async list(query: DirectoryQuery): Promise<JsonObject> {
    if (query.limit === 0) throw matrixRefusal('M_INVALID_PARAM', 'limit must be at least 1')
    const limit = Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT)
    const since = query.since === undefined ? undefined : placeIn(query.since)
    await this.parts.caughtUp()
    const all = await this.parts.store.slow.matrix().publishedRooms()
    const isBack = since?.isBack ?? false
    const rest = since ? all.filter((one) => (isBack ? isBefore(one, since) : isBefore(since, one))) : all
    // One more than wanted shows whether something is left.
    const found = await this.matching(isBack ? rest.toReversed() : rest, query, limit + 1)
    const page = found.slice(0, limit)
    const isMore = found.length > limit
    const chunk = isBack ? page.toReversed() : page
    const [first, last] = [chunk[0], chunk.at(-1)]
    return {
      chunk: chunk.map(directoryEntry),
      ...(last && (isBack || isMore) ? { next_batch: tokenOf(last, false) } : {}),
      ...(first && (isBack ? isMore : since) ? { prev_batch: tokenOf(first, true) } : {}),
      total_room_count_estimate: all.length,
    }
  }

  /** The first rooms that match. */
  private async matching(
    rooms: readonly PublishedRoom[],
    query: DirectoryQuery,
    wanted: number,
  ): Promise<RoomFacts[]> {
    const { term, roomTypes } = query
    const reads = this.parts.store.slow.matrix()
    const loop = this.parts.core.pace.loop()
    const sought = term?.trim().toLowerCase()
    const isFiltered = roomTypes !== undefined || Boolean(sought)
    const matches: PublishedRoom[] = isFiltered ? [] : rooms.slice(0, wanted)
    for (let at = 0; isFiltered && at < rooms.length && matches.length < wanted; at += SLICE) {
      await loop.turn()
      const slice = rooms.slice(at, at + SLICE)
      const states = await statesOf(
        reads,
        slice.map(({ channelId }) => channelId),
        SEARCHED,
      )
      loop.did(slice.length)
      for (const room of slice) {
        const state = states.get(room.channelId)
        const isOfType = state && (!roomTypes || roomTypes.includes(typeOf({ state })))
        if (isOfType && isNamed(state, sought)) matches.push(room)
      }
    }
    const found = matches.slice(0, wanted)
    const rows = await reads.roomsOfChannels(found.map(({ channelId }) => channelId))
    const facts = new Map((await roomFacts(reads, rows)).map((one) => [one.room.channelId, one]))
    return found.flatMap(({ channelId, joined }) => {
      const one = facts.get(channelId)
      // The number that the order has, so that the page and its tokens agree.
      return one ? [{ ...one, joined }] : []
    })
  }
}

/** The state by which rooms are searched. */
const SEARCHED = ['m.room.create', 'm.room.name', 'm.room.topic', 'm.room.canonical_alias'] as const

function isNamed(state: RoomState, sought: string | undefined): boolean {
  if (!sought) return true
  const texts = [
    contentOf(state, 'm.room.name')['name'],
    contentOf(state, 'm.room.topic')['topic'],
    contentOf(state, 'm.room.canonical_alias')['alias'],
  ]
  return texts.some((text) => typeof text === 'string' && text.toLowerCase().includes(sought))
}

/** Whether a room stands before another one. */
function isBefore(one: PublishedRoom, other: PublishedRoom): boolean {
  return one.joined === other.joined ? one.channelId < other.channelId : one.joined > other.joined
}

function tokenOf({ room, joined }: RoomFacts, isBack: boolean): string {
  return formatPageToken({ joined, room: room.channelId, ...(isBack ? { back: true } : {}) })
}

function placeIn(token: string): Place {
  const key = parsePageToken(token)
  return { joined: wholeIn(key, 'joined'), channelId: wholeIn(key, 'room'), isBack: key['back'] === true }
}
