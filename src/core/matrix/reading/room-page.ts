import type { StoredEvent } from '../event-ports'
import type { KeyChange } from '../history-ports'
import { sightKeys } from '../kept-out'
import type { MatrixReads } from '../ports'
import type { Membership } from '../room-state'
import type { MxSpan } from '../sync-ports'
import type { Now } from './positions'
import type { Reader } from './readers'
import { type RoomSource, storedRoom } from './room-source'

const MEMBER = 'm.room.member'

/** What is read of the rooms of a page. */
export interface RoomPageQuery {
  readonly reader: Pick<Reader, 'userId'>
  readonly now: Now
  /** How many of the newest events of each room. */
  readonly events: number
  /** Receipts since when; undefined: none of them. */
  readonly receipts: MxSpan | undefined
}

/** A room of a page. */
export interface PagedRoom {
  readonly changes: readonly KeyChange[]
  readonly source: RoomSource
}

/**
 * Reads many rooms in a few statements: what an answer says of a room that its reader comes to. What a room needs beyond
 * that, it reads by itself.
 */
export async function readRoomPage(
  reads: MatrixReads,
  channelIds: readonly number[],
  { reader, now, events: limit, receipts: span }: RoomPageQuery,
): Promise<(channelId: number) => PagedRoom> {
  const [changes, newest, described, counts, receipts] = await Promise.all([
    reads.keyChangesOf(channelIds, sightKeys(reader.userId)),
    reads.newestOfRooms(channelIds, { before: now.end, limit }),
    reads.describedState(channelIds),
    reads.countMembersOfRooms(channelIds),
    span ? reads.receiptsOfRooms(channelIds, span) : [],
  ])
  const writers = new Map(
    newest.flatMap(({ channelId, sender }) =>
      [sender, reader.userId].map((userId) => [`${channelId} ${userId}`, { channelId, userId }] as const),
    ),
  )
  const members = await reads.memberEvents([...writers.values()])
  const states = [...described, ...members, ...newest].flatMap(({ channelId, type, stateKey, pos }) =>
    stateKey === null ? [] : [{ channelId, type, stateKey, pos }],
  )
  const [replaced, related] = await Promise.all([
    reads.replacedStatesOf(states),
    reads.relationTypes(newest.map(({ pos }) => pos)),
  ])
  const relatedTo = Map.groupBy(related, ({ pos }) => pos)
  const byRoom = {
    changes: Map.groupBy(changes, ({ channelId }) => channelId),
    newest: Map.groupBy(newest, ({ channelId }) => channelId),
    described: Map.groupBy(described, ({ channelId }) => channelId),
    members: Map.groupBy(members, ({ channelId }) => channelId),
    counts: Map.groupBy(counts, ({ channelId }) => channelId),
    receipts: Map.groupBy(receipts, ({ channelId }) => channelId),
  }
  return (channelId) => {
    const events = byRoom.newest.get(channelId) ?? []
    const source = new PageSource(storedRoom(reads, channelId), {
      ...{ events, isWhole: events.length < limit, end: now.end, replaced },
      described: byRoom.described.get(channelId) ?? [],
      members: byRoom.members.get(channelId) ?? [],
      asked: new Set([...events.map(({ sender }) => sender), reader.userId]),
      counts: Object.fromEntries(
        (byRoom.counts.get(channelId) ?? []).map((one) => [one.membership, one.members]),
      ),
      receipts: span && { span, found: byRoom.receipts.get(channelId) ?? [] },
      relatedTo: (pos) => relatedTo.get(pos) ?? [],
    })
    return { changes: byRoom.changes.get(channelId) ?? [], source }
  }
}

interface ReadOfRoom {
  /** The newest ones, newest first. */
  readonly events: readonly StoredEvent[]
  /** Whether the room has no others. */
  readonly isWhole: boolean
  readonly end: number
  readonly described: readonly StoredEvent[]
  readonly members: readonly StoredEvent[]
  /** The users whose member events were read. */
  readonly asked: ReadonlySet<string>
  readonly counts: Readonly<Partial<Record<Membership, number>>>
  readonly replaced: ReadonlyMap<number, StoredEvent>
  readonly receipts:
    | { readonly span: MxSpan; readonly found: Awaited<ReturnType<RoomSource['receiptsIn']>> }
    | undefined
  readonly relatedTo: (pos: number) => Awaited<ReturnType<RoomSource['relationTypes']>>
}

class PageSource implements RoomSource {
  constructor(
    private readonly stored: RoomSource,
    private readonly read: ReadOfRoom,
  ) {}

  async eventsBetween(page: Parameters<RoomSource['eventsBetween']>[0]) {
    const { after, before, order, limit } = page
    const found = this.read.events.filter(({ pos }) => pos > after && pos < before)
    const isHere =
      order === 'desc' && before <= this.read.end && (found.length >= limit || this.hasFrom(after + 1))
    return isHere ? found.slice(0, limit) : this.stored.eventsBetween(page)
  }

  async stateChanges(range: Parameters<RoomSource['stateChanges']>[0]) {
    const { after, before } = range
    if (!this.hasFrom(after + 1) || before > this.read.end) return this.stored.stateChanges(range)
    const changes = this.read.events.flatMap(({ type, stateKey, pos }) =>
      stateKey === null || pos <= after || pos >= before ? [] : [{ type, stateKey, pos, eventPos: pos }],
    )
    return changes.reverse()
  }

  async eventsAtPositions(positions: readonly number[]) {
    const found = positions.flatMap((pos) => this.read.events.find((event) => event.pos === pos) ?? [])
    return found.length === positions.length ? found : this.stored.eventsAtPositions(positions)
  }

  async relationTypes(positions: readonly number[]) {
    const isHere = positions.every((pos) => this.read.events.some((event) => event.pos === pos))
    return isHere
      ? positions.flatMap((pos) => this.read.relatedTo(pos))
      : this.stored.relationTypes(positions)
  }

  async stateAt(pos: number, filter: Parameters<RoomSource['stateAt']>[1] = {}) {
    const { types, notTypes, stateKeys } = filter
    const { described, members, asked } = this.read
    const isOfMembers = types?.length === 1 && types[0] === MEMBER && stateKeys !== undefined
    const isOfOthers = types === undefined && notTypes?.length === 1 && notTypes[0] === MEMBER
    const isHere = isOfOthers || (isOfMembers && stateKeys.every((userId) => asked.has(userId)))
    const found = isOfMembers
      ? members.filter(({ stateKey }) => stateKey !== null && stateKeys.includes(stateKey))
      : described
    // A key that has changed since had another event.
    return isHere && found.every((event) => event.pos <= pos) ? found : this.stored.stateAt(pos, filter)
  }

  async stateNow(filter: Parameters<RoomSource['stateNow']>[0]) {
    const { types } = filter
    if (!types || types.includes(MEMBER)) return this.stored.stateNow(filter)
    return this.read.described.filter(({ type }) => types.includes(type))
  }

  async countMembers() {
    return this.read.counts
  }

  async replacedStates(events: Parameters<RoomSource['replacedStates']>[0]) {
    const { described, members, events: newest, replaced } = this.read
    const read = new Set([...described, ...members, ...newest].map(({ pos }) => pos))
    return events.every(({ pos }) => read.has(pos)) ? replaced : this.stored.replacedStates(events)
  }

  async receiptsIn(mx: MxSpan) {
    const { receipts } = this.read
    const isHere = receipts?.span.after === mx.after && receipts.span.upTo === mx.upTo
    return isHere ? receipts.found : this.stored.receiptsIn(mx)
  }

  /** Whether all events from a position on were read. */
  private hasFrom(pos: number): boolean {
    return this.read.isWhole || pos >= (this.read.events.at(-1)?.pos ?? Number.POSITIVE_INFINITY)
  }
}
