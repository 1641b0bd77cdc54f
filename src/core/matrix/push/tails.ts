import type { Core } from '../..'
import type { EventPage, StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import { PowerLevels } from '../power'
import type { RecentEvents } from '../reading/recent'
import { roomVersion } from '../versions'
import { EventFacts } from './facts'

/** Events kept of one room, and of all rooms. A reader that is further behind reads from the store. */
const KEPT_OF_ROOM = 64
const KEPT_EVENTS = 5000
/** Rooms of which is known whether their events changed. */
const KEPT_ROOMS = 20_000
const PAGE = 200

const MEMBER = 'm.room.member'
const LEVELS = 'm.room.power_levels'

/** The newest events of a room, the same for all its readers. */
export interface Tail {
  readonly channelId: number
  /** Changes when events of the room were redacted or deleted: what was counted before is counted anew. */
  readonly generation: number
  /** All events after this position and before `end` are here. */
  readonly after: number
  readonly end: number
  readonly events: readonly EventFacts[]
  /** How many members the room has now; undefined: not counted yet. */
  members: number | undefined
  /** How often members may have come or gone. */
  moves: number
}

interface OpenTail extends Tail {
  generation: number
  after: number
  end: number
  events: EventFacts[]
  reading: Promise<void> | undefined
}

/** The newest events of rooms, read once for all their readers. */
export class RoomTails {
  /** The one used last comes last. */
  private readonly tails = new Map<number, OpenTail>()
  private generations = 0
  private kept = 0

  constructor(
    private readonly core: Pick<Core, 'reads'>,
    private readonly recent: Pick<RecentEvents, 'between'>,
  ) {}

  /** Returns the tail of a room up to a place. It begins there if nothing was kept of the room. */
  async at(channelId: number, end: number): Promise<Tail> {
    const tail = this.tails.get(channelId) ?? this.begin(channelId, end)
    this.tails.delete(channelId)
    this.tails.set(channelId, tail)
    while (tail.end < end) {
      tail.reading ??= this.read(tail, end).finally(() => {
        tail.reading = undefined
      })
      await tail.reading
    }
    return tail
  }

  /** Notes that events of a room were redacted or deleted. */
  changed(channelId: number): void {
    const tail = this.tails.get(channelId)
    if (tail) this.renew(tail)
  }

  /** Notes that events of any rooms may have been redacted or deleted. */
  allChanged(): void {
    for (const tail of this.tails.values()) this.renew(tail)
  }

  /** Loads the levels of a room as they were when an event was sent. */
  async loadLevels(channelId: number, event: EventFacts): Promise<void> {
    if (event.levels) return
    const reads = this.core.reads.matrix()
    const room = await reads.room({ channelId })
    const version = room && roomVersion(room.version)
    if (!version) return
    const found = await reads.stateAt(channelId, event.pos, { types: ['m.room.create', LEVELS] })
    const state = new Map(found.map((one) => [`${one.type}\0${one.stateKey}`, parsedRoomEvent(one)]))
    event.levels = new PowerLevels(version, { event: (type, key) => state.get(`${type}\0${key}`) })
  }

  /** Counts the members of a room, unless it is known how many there are. */
  async loadMembers(tail: Tail): Promise<void> {
    while (tail.members === undefined) {
      const { moves } = tail
      const { join = 0 } = await this.core.reads.matrix().countMembersOf(tail.channelId)
      // What was counted before somebody came or went counts no longer.
      if (moves === tail.moves) tail.members = join
    }
  }

  private begin(channelId: number, end: number): OpenTail {
    const generation = ++this.generations
    const [oldest] = this.tails
    if (this.tails.size >= KEPT_ROOMS && oldest) {
      this.kept -= oldest[1].events.length
      this.tails.delete(oldest[0])
    }
    return {
      channelId,
      generation,
      after: end - 1,
      end,
      events: [],
      members: undefined,
      moves: 0,
      reading: undefined,
    }
  }

  private renew(tail: OpenTail): void {
    tail.generation = ++this.generations
    this.empty(tail)
  }

  private empty(tail: OpenTail): void {
    this.kept -= tail.events.length
    tail.events = []
    tail.after = tail.end - 1
  }

  private async read(tail: OpenTail, end: number): Promise<void> {
    const { generation } = tail
    const found = await this.eventsOf(tail, end)
    const isWhole = found.length < PAGE
    const events = found.map((event) => new EventFacts(event))
    // Of a longer stretch only a part was read, and the rest may have events of members.
    if (!isWhole || events.some(({ type }) => type === MEMBER)) {
      tail.members = undefined
      tail.moves++
    }
    // What was read may be older than the change that came meanwhile.
    if (tail.generation !== generation || events.some(({ type }) => type === 'm.room.redaction')) {
      tail.end = end
      this.renew(tail)
      return
    }
    if (!isWhole) {
      this.empty(tail)
      tail.after = events[0]?.pos ?? tail.after
      events.shift()
    }
    this.append(tail, events)
    tail.end = end
  }

  /** The newest events after a tail, by position: from memory, or read. */
  private async eventsOf({ channelId, end: after }: Tail, end: number): Promise<readonly StoredEvent[]> {
    const known = this.recent.between(channelId, after - 1, end)
    if (known) return known.slice(-PAGE)
    const page: EventPage = { after: after - 1, before: end, order: 'desc', limit: PAGE }
    return (await this.core.reads.matrix().eventsBetween(channelId, page)).reverse()
  }

  private append(tail: OpenTail, events: readonly EventFacts[]): void {
    tail.events = [...tail.events, ...events]
    this.kept += events.length
    const surplus = tail.events.length - KEPT_OF_ROOM
    if (surplus > 0) {
      tail.after = tail.events[surplus - 1]?.pos ?? tail.after
      tail.events = tail.events.slice(surplus)
      this.kept -= surplus
    }
    for (const other of this.tails.values()) {
      if (this.kept <= KEPT_EVENTS) return
      if (other !== tail) this.empty(other)
    }
  }
}
