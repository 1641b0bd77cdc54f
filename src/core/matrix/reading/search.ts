import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { Seq } from '../../kernel/ids'
import { SCAN_LIMIT } from '../../kernel/limits'
import type { Store } from '../../kernel/ports'
import { hitsIn } from '../../search/hits'
import { indexQuery } from '../../search/index-words'
import type { Query } from '../../search/query'
import type { JsonObject } from '../canonical'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import type { MatrixRoom, RoomMember } from '../room-ports'
import type { Membership } from '../room-state'
import { includesEvent, includesRoom } from '../sync/filters'
import { placed } from './bundles'
import type { ErasedUsers } from './erased'
import type { Positions } from './positions'
import { isIgnored, type Reader, type Readers, type RoomView } from './readers'
import { type Found, type SearchAnswers, textOf } from './search-answers'
import { parseSearchPlace, queryOf, type SearchCriteria, type SearchPlace } from './search-terms'

const DEFAULT_LIMIT = 10
const MAX_LIMIT = 100
/** The best results are looked for among so many of the newest matches. */
const RANKED = 1000
/** Candidates read together. */
const SLICE = 500
/** What finding out who sees an event costs in rows, for the pace of loops. */
const ROWS_PER_EVENT = 4
/** With more rooms than this, the index is asked for all of them and the others are left out here. */
const MAX_INDEXED_ROOMS = 200

const HAS_BEEN_IN: readonly Membership[] = ['join', 'leave', 'ban']

export interface SearchDeps {
  readonly core: Pick<Core, 'pace'>
  readonly store: Pick<Store, 'slow'>
  readonly readers: Readers
  readonly positions: Positions
  readonly answers: SearchAnswers
  readonly erased: ErasedUsers
}

/** A message in which the words are. */
interface Match {
  readonly seq: Seq
  readonly channelId: number
  readonly score: number
}

/**
 * Search in the rooms that somebody is or was in, through the index of words of messages; names and topics of rooms are
 * looked at themselves. Only what the reader sees is found.
 */
export class EventSearch {
  constructor(private readonly deps: SearchDeps) {}

  /** Returns a page of results. @throws m_invalid_param; unavailable if too many search */
  async find(actor: Person, criteria: SearchCriteria, nextBatch: string | undefined): Promise<JsonObject> {
    const { positions, readers, answers } = this.deps
    const from = nextBatch === undefined ? undefined : parseSearchPlace(criteria, nextBatch)
    const query = queryOf(criteria.term)
    const now = await positions.now()
    const reader = await readers.reader(actor)
    const limit = Math.min(criteria.filter.limit ?? DEFAULT_LIMIT, MAX_LIMIT)
    const upTo = Math.min(from?.upTo ?? now.projected, now.projected)
    const rooms = new SearchedRooms(readers, reader)
    if (query.wanted.length > 0) await this.open(rooms, reader, criteria, from?.group)
    const wanted = new Wanted(criteria, from)
    const found = [
      ...(await this.messages(rooms, query, wanted, upTo)),
      ...(await this.titles(rooms, query, wanted, upTo)),
    ].sort(wanted.compare)
    const rest = found.filter((one) => wanted.isAfter(one))
    return answers.answer({ criteria, query, now, rest, limit, upTo, from, count: found.length })
  }

  /** The rooms that the reader is or was in, and that the filter names. */
  private async open(
    rooms: SearchedRooms,
    reader: Reader,
    { filter }: SearchCriteria,
    group: SearchPlace['group'],
  ): Promise<void> {
    const { store, readers } = this.deps
    const reads = store.slow.matrix()
    const members = (await reads.roomsOf(reader.userId, HAS_BEEN_IN)).filter(({ forgotten }) => !forgotten)
    const memberIn = new Map(members.map((member) => [member.channelId, member]))
    for (const room of await reads.roomsOfChannels([...memberIn.keys()])) {
      if (!includesRoom(filter, room.roomId)) continue
      if (group?.key === 'room_id' && group.value !== room.roomId) continue
      if (await readers.hasScope(reader, room.channelId)) rooms.add(room, memberIn.get(room.channelId))
    }
  }

  /** The messages that match, newest first. */
  private async messages(rooms: SearchedRooms, query: Query, wanted: Wanted, upTo: number): Promise<Found[]> {
    if (rooms.size === 0 || !wanted.has('content.body')) return []
    const { core, store } = this.deps
    const index = indexQuery(query, {
      channelIds: rooms.size > MAX_INDEXED_ROOMS ? null : rooms.ids,
      ...{ senderId: null, kind: null, thread: null },
    })
    const loop = core.pace.loop()
    const found: Found[] = []
    let before = wanted.before(upTo)
    for (let looked = 0; looked < SCAN_LIMIT; looked += SLICE) {
      const rows = await store.slow.messagesWithWords(index, { after: 0, before, limit: SLICE })
      const matches = new Map<Seq, Match>()
      for (const { seq, channelId, body } of rows) {
        await loop.turn()
        loop.did(1)
        const hits = rooms.has(channelId) ? hitsIn(body, query) : undefined
        if (hits) matches.set(seq, { seq, channelId, score: hits.score })
      }
      for (const { event, score } of await this.eventsOf(matches)) {
        await loop.turn()
        const view = await rooms.view(event.channelId)
        loop.did(ROWS_PER_EVENT)
        if (!view || !wanted.accepts(view, event)) continue
        // Who left does not learn what a message became by a later edit.
        if (!view.sight.seesPresent && !hitsIn(textOf(event), query)) continue
        if (await this.isErased(view, event)) continue
        if (found.push({ view, event, score }) === RANKED) return found
      }
      const last = rows.at(-1)
      if (!last || rows.length < SLICE) break
      before = last.seq
    }
    return found
  }

  /** What an erased user wrote before the reader came is not found. */
  private async isErased(view: RoomView, event: StoredEvent): Promise<boolean> {
    const isHidden = await this.deps.erased.hiding(view, [event])
    return isHidden(event)
  }

  /** The event of each of these messages, newest first. */
  private async eventsOf(
    matches: ReadonlyMap<Seq, Match>,
  ): Promise<{ readonly event: StoredEvent; readonly score: number }[]> {
    const events = await this.deps.store.slow.matrix().eventsOwnedBy([...matches.values()])
    const firstOf = new Map<Seq, StoredEvent>()
    for (const event of events) {
      const seq = Math.floor(event.pos / EVENTS_PER_ROW)
      const isMessage = event.type === 'm.room.message' && event.redactedBy === null
      if (isMessage && !firstOf.has(seq)) firstOf.set(seq, event)
    }
    return [...matches].flatMap(([seq, { score }]) => {
      const event = firstOf.get(seq)
      return event ? [{ event, score }] : []
    })
  }

  /** The present names and topics of rooms that match. */
  private async titles(rooms: SearchedRooms, query: Query, wanted: Wanted, upTo: number): Promise<Found[]> {
    const types = [
      ...(wanted.has('content.name') ? ['m.room.name'] : []),
      ...(wanted.has('content.topic') ? ['m.room.topic'] : []),
    ]
    if (types.length === 0) return []
    const events = await this.deps.store.slow.matrix().describingStates(rooms.ids, types)
    const end = wanted.before(upTo) * EVENTS_PER_ROW
    const loop = this.deps.core.pace.loop()
    const found: Found[] = []
    for (const event of events) {
      await loop.turn()
      loop.did(1)
      const hits = event.pos < end ? hitsIn(textOf(event), query) : undefined
      const view = hits && (await rooms.view(event.channelId))
      if (view && wanted.accepts(view, event)) found.push({ view, event, score: hits.score })
    }
    return found
  }
}

/** The rooms that a search looks through. What the reader sees of one is found out when something in it matches. */
class SearchedRooms {
  private readonly rooms = new Map<number, { room: MatrixRoom; member: RoomMember | undefined }>()
  private readonly views = new Map<number, RoomView>()

  constructor(
    private readonly readers: Readers,
    private readonly reader: Reader,
  ) {}

  get size(): number {
    return this.rooms.size
  }

  get ids(): number[] {
    return [...this.rooms.keys()]
  }

  has(channelId: number): boolean {
    return this.rooms.has(channelId)
  }

  add(room: MatrixRoom, member: RoomMember | undefined): void {
    this.rooms.set(room.channelId, { room, member })
  }

  /** Undefined for a room that the reader was never in: who was only invited has read nothing. */
  async view(channelId: number): Promise<RoomView | undefined> {
    const known = this.views.get(channelId)
    const given = this.rooms.get(channelId)
    if (known || !given) return known
    const view = await this.readers.viewOf(this.reader, given.room, given.member)
    if (view.sight.leftAt < 0) {
      this.rooms.delete(channelId)
      return undefined
    }
    this.views.set(channelId, view)
    return view
  }
}

/** Which events are wanted, and where the page begins among them. */
class Wanted {
  constructor(
    private readonly criteria: SearchCriteria,
    private readonly from: SearchPlace | undefined,
  ) {}

  has(key: 'content.body' | 'content.name' | 'content.topic'): boolean {
    return this.criteria.keys.has(key)
  }

  /** The row before which events are looked for. */
  before(upTo: number): number {
    const isRecent = this.criteria.order === 'recent' && this.from
    return isRecent ? Math.floor(isRecent.pos / EVENTS_PER_ROW) : upTo + 1
  }

  accepts({ reader, sight }: RoomView, event: StoredEvent): boolean {
    const { filter } = this.criteria
    const group = this.from?.group
    if (isIgnored(reader, event) || !includesEvent(filter, event)) return false
    if (group?.key === 'sender' && group.value !== event.sender) return false
    const isPresentState = event.stateKey !== null && sight.seesPresent
    return isPresentState || sight.sees(placed(event))
  }

  readonly compare = (one: Place, other: Place): number =>
    this.criteria.order === 'rank'
      ? other.score - one.score || other.event.pos - one.event.pos
      : other.event.pos - one.event.pos

  /** Whether a result comes after the last one of the former page. */
  isAfter(one: Place): boolean {
    const { from } = this
    return !from || this.compare({ score: from.score, event: from }, one) < 0
  }
}

interface Place {
  readonly score: number
  readonly event: Pick<StoredEvent, 'pos'>
}
