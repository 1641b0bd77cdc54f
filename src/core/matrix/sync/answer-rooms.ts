import type { Core } from '../..'
import type { MarkKey } from '../../log/marks'
import type { JsonObject } from '../canonical'
import { endOf } from '../reading/positions'
import type { Reader, Readers, RoomView } from '../reading/readers'
import type { RecentEvents } from '../reading/recent'
import { type PagedRoom, readRoomPage } from '../reading/room-page'
import { recentRoom, storedRoom } from '../reading/room-source'
import type { MatrixRoom, RoomMember } from '../room-ports'
import type { Membership } from '../room-state'
import type { AccountDatum } from '../sync-ports'
import { shownDatum } from './account-data'
import { type EphemeralNews, type UnreadCounts, unreadJson } from './additions'
import { includesRoom, includesType } from './filters'
import type { JoinedRooms, KnownReaders } from './known-readers'
import type { MarkLog } from './mark-log'
import type { ReceiptEvents } from './receipts'
import { type RoomSections, type SyncScope, timelineLimit } from './room'

/** A reader that is more rows behind than this is asked room by room what changed. */
const MAX_LOG_ROWS = 20_000
const EVERY: readonly Membership[] = ['join', 'invite', 'knock', 'leave', 'ban']
/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 20
/** Rooms that are read at once, fewer if their timelines are long. */
const PAGE_EVENTS = 256
const MIN_PAGE = 4
const MAX_PAGE = 25

type List = 'join' | 'invite' | 'knock' | 'leave'

/** What the rooms of one answer are made with. */
export interface RoomParts {
  readonly data: readonly AccountDatum[]
  readonly news: EphemeralNews | undefined
}

/** The member `rooms` of an answer. */
export interface AnsweredRooms {
  readonly text: string
  readonly isEmpty: boolean
}

/** A room in an answer: the members of its JSON object. */
interface AnsweredRoom {
  readonly list: List
  readonly room: MatrixRoom
  readonly text: string
}

export interface AnswerRoomsDeps {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly readers: Readers
  readonly known: KnownReaders
  readonly recent: RecentEvents
  readonly marks: MarkLog
  readonly sections: RoomSections
  readonly receipts: ReceiptEvents
  readonly unread?: UnreadCounts | undefined
}

/** A room to be asked about: one that the reader is in as before, or another one. */
type Candidate =
  | { readonly channelId: number; readonly joinedAt: number }
  | { readonly channelId: number; readonly member: RoomMember }

/** The rooms in an answer of `/sync`. */
export class AnswerRooms {
  constructor(private readonly deps: AnswerRoomsDeps) {}

  async of(reader: Reader, scope: SyncScope, parts: RoomParts): Promise<AnsweredRooms> {
    this.deps.sections.begin(scope)
    const candidates = await this.candidates(reader, scope, parts)
    const rooms = await this.deps.known.roomsOf(candidates.map(({ channelId }) => channelId))
    const loop = this.deps.core.pace.loop()
    const answered: AnsweredRoom[] = []
    const others: { readonly room: MatrixRoom; readonly member: RoomMember }[] = []
    for (const candidate of candidates) {
      const room = rooms.get(candidate.channelId)
      if (!room || !includesRoom(scope.filter, room.roomId)) continue
      if (!('joinedAt' in candidate)) {
        others.push({ room, member: candidate.member })
        continue
      }
      if (await this.deps.readers.isKeptOut(room)) continue
      const view = this.quickView(reader, room, candidate.joinedAt, scope)
      const found = await this.room(view, scope, parts)
      loop.did(1)
      if (found) answered.push(found)
    }
    const size = pageSize(timelineLimit(scope.filter))
    for (let at = 0; at < others.length; at += size) {
      await loop.turn()
      const page = others.slice(at, at + size)
      const paged = await this.page(reader, scope, page)
      loop.did(page.length)
      for (const { room, member } of page) {
        await loop.turn()
        const view = await this.deps.readers.viewOf(reader, room, member, paged?.(room.channelId))
        const found = await this.room(view, scope, parts)
        loop.did(ROWS_PER_ROOM)
        if (found) answered.push(found)
      }
    }
    return { text: await this.text(reader, scope, answered), isEmpty: answered.length === 0 }
  }

  /** The rooms that may have changed for the reader. */
  private async candidates(reader: Reader, scope: SyncScope, parts: RoomParts): Promise<Candidate[]> {
    const { since, now, fullState } = scope
    const { recent, known } = this.deps
    const { userId } = reader
    if (since === undefined || fullState || !recent.reachesBack(since.seq))
      return this.asked(reader, scope, parts)
    const joined = await known.joinedRooms(userId, now)
    const further = await this.further(reader, joined, scope, parts)
    // It may have begun anew meanwhile. From here on nothing is awaited.
    if (!recent.reachesBack(since.seq)) return this.asked(reader, scope, parts)
    const after = endOf(since.seq)
    const changed = recent.changedFrom(after)
    const own = new Set(recent.membershipsFrom(userId, after).map(({ channelId }) => channelId))
    const quick: Candidate[] = []
    const others = new Set(own)
    for (const channelId of new Set([...changed, ...further])) {
      const joinedAt = joined.get(channelId)
      const isAsBefore = joinedAt !== undefined && joinedAt < after && !own.has(channelId)
      if (isAsBefore && recent.covers(channelId, since.seq)) quick.push({ channelId, joinedAt })
      else if (joinedAt !== undefined || further.has(channelId)) others.add(channelId)
    }
    if (others.size === 0) return quick
    const members = await this.deps.core.reads.matrix().membershipsIn(userId, [...others])
    return [...quick, ...members.map((member) => ({ channelId: member.channelId, member }))]
  }

  /** The same of a reader who is far behind, begins, or asks for the state of all rooms. */
  private async asked(reader: Reader, scope: SyncScope, parts: RoomParts): Promise<Candidate[]> {
    const { since, now, fullState } = scope
    const { userId } = reader
    const reads = this.deps.core.reads.matrix()
    const found = async () => {
      if (since === undefined || fullState || now.projected - since.seq > MAX_LOG_ROWS)
        return reads.roomsOf(userId, EVERY)
      const changed = since.seq < now.projected ? await reads.changedChannels(since.seq, now.projected) : []
      const further = await this.further(reader, undefined, scope, parts)
      return reads.membershipsIn(userId, [...new Set([...changed, ...further])])
    }
    return (await found()).map((member) => ({ channelId: member.channelId, member }))
  }

  /** The channels in whose rooms something happened that is no event. */
  private async further(
    { userId, accountId }: Reader,
    joined: JoinedRooms | undefined,
    { since, now }: SyncScope,
    { data, news }: RoomParts,
  ): Promise<ReadonlySet<number>> {
    const found = new Set<number>()
    for (const { channelId } of data) if (channelId !== 0) found.add(channelId)
    for (const channelId of news?.typingChannels ?? [])
      if (joined?.has(channelId) ?? true) found.add(channelId)
    if (!since || since.mx >= now.mx) return found
    const keys = {
      has: (key: MarkKey) =>
        key === `a${accountId}` || (key.startsWith('c') && (joined?.has(Number(key.slice(1))) ?? true)),
    }
    if (!this.deps.marks.mayConcern(keys, since.mx, now.mx)) return found
    const reads = this.deps.core.reads.matrix()
    for (const channelId of await reads.roomsWithReceipts(userId, { after: since.mx, upTo: now.mx }))
      found.add(channelId)
    return found
  }

  /** Reads rooms that the reader comes to, several at once. */
  private async page(
    reader: Reader,
    { now, since, filter }: SyncScope,
    page: readonly { readonly room: MatrixRoom; readonly member: RoomMember }[],
  ): Promise<((channelId: number) => PagedRoom | undefined) | undefined> {
    const joined = page.flatMap(({ room, member }) => (member.membership === 'join' ? [room.channelId] : []))
    if (since !== undefined || joined.length === 0) return undefined
    const paged = await readRoomPage(this.deps.core.reads.matrix(), joined, {
      ...{ reader, now },
      // One more shows whether something is left.
      events: timelineLimit(filter) + 1,
      receipts: now.mx > 0 ? { after: 0, upTo: now.mx } : undefined,
    })
    const isPaged = new Set(joined)
    return (channelId) => (isPaged.has(channelId) ? paged(channelId) : undefined)
  }

  private quickView(reader: Reader, room: MatrixRoom, joinedAt: number, { since, now }: SyncScope): RoomView {
    const { recent, readers, core } = this.deps
    const { channelId } = room
    const events = recent.between(channelId, endOf(since?.seq ?? 0) - 1, now.end) ?? []
    const [first, last] = [events[0], events.at(-1)]
    return readers.memberView(reader, room, joinedAt, {
      source: recentRoom(recent, storedRoom(core.reads.matrix(), channelId), channelId),
      stretch: first && last && { first: first.pos, last: last.pos },
    })
  }

  /** Returns what the answer says of a room; undefined if nothing. */
  private async room(view: RoomView, scope: SyncScope, parts: RoomParts): Promise<AnsweredRoom | undefined> {
    const { now, since, filter } = scope
    const { room, reader, member } = view
    if (!(await this.deps.readers.hasScope(reader, room.channelId))) return undefined
    const last = now.end - 1
    const at = view.sight.memberEventAt(last)
    if (at === undefined) return undefined
    const isChanged = since === undefined || at >= endOf(since.seq)
    const membership = view.sight.membershipAt(last)
    if (membership === 'join') return this.joined(view, scope, parts)
    if (membership === 'invite' || membership === 'knock') {
      const events = isChanged ? await this.deps.sections.stripped(view, at) : undefined
      const text = `"${membership}_state":${JSON.stringify({ events })}`
      return events && { list: membership, room, text }
    }
    const isShown = since === undefined ? filter.includeLeave && member?.forgotten !== true : isChanged
    if (!isShown) return undefined
    const { text } = await this.deps.sections.events(view, scope)
    return { list: 'leave', room, text: `${text},"account_data":{"events":[]}` }
  }

  private async joined(
    view: RoomView,
    scope: SyncScope,
    { data, news }: RoomParts,
  ): Promise<AnsweredRoom | undefined> {
    const { since, now, filter } = scope
    const { room, reader } = view
    const { channelId, roomId } = room
    const events = await this.deps.sections.events(view, scope)
    const after = events.isNew ? 0 : (since?.mx ?? 0)
    const receipts = await this.receipts(view, events.isNew, after, now.mx)
    // Who comes into a room is sent all that it has stored for it.
    const known =
      events.isNew && since !== undefined
        ? await this.deps.core.reads.matrix().changedAccountData(reader.accountId, { after: 0, upTo: now.mx })
        : data
    const accountData = includesRoom(filter.roomAccountData, roomId)
      ? [
          ...known.filter((one) => one.channelId === channelId).map((one) => shownDatum(one, reader)),
          ...receipts.accountData,
        ].filter(({ type }) => includesType(filter.roomAccountData, String(type)))
      : []
    const ephemeral = includesRoom(filter.ephemeral, roomId)
      ? [...receipts.ephemeral, ...(news?.typingIn(channelId) ?? [])].filter(({ type }) =>
          includesType(filter.ephemeral, String(type)),
        )
      : []
    if (
      events.isEmpty &&
      !events.isNew &&
      !scope.fullState &&
      accountData.length === 0 &&
      ephemeral.length === 0 &&
      !receipts.isOwn
    )
      return undefined
    const text = `${events.text},"account_data":${listOf(accountData)},"ephemeral":${listOf(ephemeral)}`
    return { list: 'join', room, text }
  }

  private receipts(view: RoomView, isNew: boolean, after: number, upTo: number) {
    const { room, reader } = view
    const keys = new Set<MarkKey>([`a${reader.accountId}`, `c${room.channelId}`])
    const isSame = !isNew && !this.deps.marks.mayConcern(keys, after, upTo)
    return this.deps.receipts.changed(view, { after: isSame ? upTo : after, upTo })
  }

  private async text(
    reader: Reader,
    { filter, now }: SyncScope,
    answered: readonly AnsweredRoom[],
  ): Promise<string> {
    const joined = answered.flatMap(({ list, room }) => (list === 'join' ? [room.channelId] : []))
    const unread = joined.length === 0 ? undefined : await this.deps.unread?.of(reader, joined, now)
    const lists: Record<List, string[]> = { join: [], invite: [], knock: [], leave: [] }
    for (const { list, room, text } of answered) {
      const counts = unreadJson(unread?.get(room.channelId), filter.timeline.threadCounts)
      // The members of the object, without its braces.
      const more = list === 'join' ? `,${JSON.stringify(counts).slice(1, -1)}` : ''
      lists[list].push(`${JSON.stringify(room.roomId)}:{${text}${more}}`)
    }
    const { join, invite, knock, leave } = lists
    return `{"join":{${join.join()}},"invite":{${invite.join()}},"knock":{${knock.join()}},"leave":{${leave.join()}}}`
  }
}

function pageSize(limit: number): number {
  return Math.min(MAX_PAGE, Math.max(MIN_PAGE, Math.floor(PAGE_EVENTS / (limit + 1))))
}

function listOf(events: readonly JsonObject[]): string {
  return events.length === 0 ? '{"events":[]}' : JSON.stringify({ events })
}
