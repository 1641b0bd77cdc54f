import type { Core } from '../..'
import type { Announcements } from '../../kernel/announcements'
import type { Seq } from '../../kernel/ids'
import type { Marks } from '../../log/marks'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import { KEPT_OUT } from '../kept-out'
import { type Membership, membershipIn } from '../room-state'

/** The JSON that is kept, in characters. */
const MAX_TEXT = 8_000_000
/** A longer stretch of the log is not read at once: the window begins anew behind it. */
const MAX_ROWS = 4096
const MAX_EVENTS = 8192

/** A membership that changed lately. */
export interface RecentMembership {
  readonly channelId: number
  readonly pos: number
  readonly membership: Membership
}

interface RecentRoom {
  /** The events of rows after this seq are here. */
  from: Seq
  /** By position. */
  events: StoredEvent[]
}

/**
 * The newest events of all rooms, in memory. Readers who are not far behind find here what is new, with no statement: the
 * events since the last look are read once for all of them. It is valid from a seq up to another; rooms whose earlier
 * events have changed since, such as redacted ones, begin later.
 */
export class RecentEvents {
  private from: Seq = 0
  private upTo: Seq = 0
  private hasBegun = false
  /** Everything that is kept, by position. What is before `first` is dropped already. */
  private order: StoredEvent[] = []
  private first = 0
  private text = 0
  private readonly rooms = new Map<number, RecentRoom>()
  private readonly members = new Map<string, RecentMembership[]>()
  /** The positions to which kept events relate. */
  private readonly related = new Map<number, Set<string>>()
  private extending: Promise<void> | undefined
  /** Channels whose events changed during a read. */
  private changed = new Set<number>()
  /** Grows when anything may have changed. */
  private generation = 0

  constructor(
    private readonly core: Pick<Core, 'reads'>,
    store: Pick<Announcements, 'onMarks'>,
  ) {
    store.onMarks((marks) => this.note(marks))
  }

  /** Reads what is missing up to a seq, which must be projected. */
  async reach(seq: Seq): Promise<void> {
    while (this.upTo < seq || !this.hasBegun) {
      this.extending ??= this.extend(seq).finally(() => {
        this.extending = undefined
      })
      await this.extending
    }
  }

  /** Reports whether the events of all rooms after a seq are here, but for rooms that begin later. */
  reachesBack(seq: Seq): boolean {
    return this.hasBegun && seq >= this.from && seq <= this.upTo
  }

  /** Reports whether the events of a room after a seq are here. */
  covers(channelId: number, seq: Seq): boolean {
    return this.reachesBack(seq) && seq >= (this.rooms.get(channelId)?.from ?? 0)
  }

  /** The channels with events from a position on. */
  changedFrom(pos: number): Set<number> {
    const found = new Set<number>()
    for (let i = this.order.length - 1; i >= this.first; i--) {
      const event = this.order[i]
      if (!event || event.pos < pos) break
      found.add(event.channelId)
    }
    return found
  }

  /** The changes of a user's memberships from a position on, by position. */
  membershipsFrom(userId: string, pos: number): readonly RecentMembership[] {
    const changes = this.members.get(userId)
    if (!changes || (changes.at(-1)?.pos ?? 0) < pos) return []
    return changes.filter((change) => change.pos >= pos)
  }

  /** The events of a room between two positions, both ends exclusive; undefined where they are not all here. */
  between(channelId: number, after: number, before: number): readonly StoredEvent[] | undefined {
    if (!this.covers(channelId, Math.floor((after + 1) / EVENTS_PER_ROW) - 1)) return undefined
    if (before > (this.upTo + 1) * EVENTS_PER_ROW) return undefined
    const events = this.rooms.get(channelId)?.events ?? []
    return events.slice(indexOf(events, after + 1), indexOf(events, before))
  }

  /** The types of the relations that kept events have to the one at a position. */
  relationsTo(pos: number): ReadonlySet<string> | undefined {
    return this.related.get(pos)
  }

  private async extend(to: Seq): Promise<void> {
    const after = this.upTo
    if (!this.hasBegun || to - after > MAX_ROWS) return this.restart(Math.max(to, after))
    this.changed = new Set()
    const { generation } = this
    const events = await this.core.reads.matrix().eventsOfRows(after, to, MAX_EVENTS + 1)
    if (events.length > MAX_EVENTS || generation !== this.generation) return this.restart(to)
    // What was read before a redaction may be its target.
    const rewritten = new Set(
      events.flatMap(({ type, channelId }) => (type === 'm.room.redaction' ? [channelId] : [])),
    )
    for (const channelId of rewritten) this.drop(channelId, after)
    for (const event of events) this.add(event)
    this.upTo = to
    for (const channelId of this.changed) this.drop(channelId, to)
    this.shrink()
  }

  private add(event: StoredEvent): void {
    const { channelId, pos, type, stateKey, relPos, relType, json } = event
    this.order.push(event)
    this.text += json.length
    const room = this.rooms.get(channelId)
    if (room) room.events.push(event)
    else this.rooms.set(channelId, { from: 0, events: [event] })
    if (type === 'm.room.member' && stateKey !== null) {
      const change = { channelId, pos, membership: membershipIn(parsedRoomEvent(event)) }
      const known = this.members.get(stateKey)
      if (known) known.push(change)
      else this.members.set(stateKey, [change])
    }
    // Who was in the room is not in it any more, or comes into it.
    if (type === KEPT_OUT) this.changed.add(channelId)
    if (relPos === null) return
    const types = this.related.get(relPos)
    if (types) types.add(relType ?? '')
    else this.related.set(relPos, new Set([relType ?? '']))
  }

  /** Drops the oldest events if too much is kept. */
  private shrink(): void {
    while (this.text > MAX_TEXT) {
      const event = this.order[this.first]
      if (!event) break
      this.first++
      this.text -= event.json.length
      this.from = Math.floor(event.pos / EVENTS_PER_ROW)
      const room = this.rooms.get(event.channelId)
      if (room?.events[0] === event) room.events.shift()
      if (room?.events.length === 0 && room.from <= this.from) this.rooms.delete(event.channelId)
      if (event.relPos !== null) this.related.delete(event.relPos)
      const changes = event.stateKey === null ? undefined : this.members.get(event.stateKey)
      if (changes?.[0]?.pos === event.pos) changes.shift()
      if (changes?.length === 0 && event.stateKey !== null) this.members.delete(event.stateKey)
    }
    if (this.first * 2 < this.order.length) return
    this.order = this.order.slice(this.first)
    this.first = 0
  }

  /** Begins anew after a seq. */
  private restart(seq: Seq): void {
    this.from = seq
    this.upTo = seq
    this.hasBegun = true
    this.order = []
    this.first = 0
    this.text = 0
    this.rooms.clear()
    this.members.clear()
    this.related.clear()
  }

  /** Forgets the events of a room up to a seq. */
  private drop(channelId: number, seq: Seq): void {
    const room = this.rooms.get(channelId)
    const events = room?.events.filter(({ pos }) => pos >= (seq + 1) * EVENTS_PER_ROW) ?? []
    this.rooms.set(channelId, { from: Math.max(seq, room?.from ?? 0), events })
  }

  private note({ keys }: Marks): void {
    // Anything may have changed.
    if (keys === null) {
      this.generation++
      if (this.hasBegun) this.restart(this.upTo)
      return
    }
    for (const key of keys) {
      if (!key.startsWith('x')) continue
      const channelId = Number(key.slice(1))
      this.changed.add(channelId)
      if (this.hasBegun) this.drop(channelId, this.upTo)
    }
  }
}

/** The index of the first event at or after a position. */
function indexOf(events: readonly StoredEvent[], pos: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.pos ?? 0) < pos) low = middle + 1
    else high = middle
  }
  return low
}
