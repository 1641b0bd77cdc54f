import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import { slices } from '../../kernel/paged-reads'
import type { PacedLoop } from '../../kernel/turns'
import type { JsonObject } from '../canonical'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import { formatPageToken, parsePageToken, unknownToken } from '../page-token'
import type { Now, Positions } from '../reading/positions'
import type { Reader, Readers } from '../reading/readers'
import type { Rendering } from '../reading/rendering'
import type { AccountCounts } from './account-counts'
import type { Counts } from './counts'
import type { Outcome } from './evaluate'
import { EventFacts } from './facts'
import type { ReadPositions } from './read-positions'
import type { ReaderRules } from './reader-rules'
import type { ReadUpTo } from './room-unread'
import type { RoomTails } from './tails'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 500
/** Rows of the log that one page looks back. */
const MAX_ROWS = 20_000
/** Rows that are looked at together. */
const STEP_ROWS = 500
const PAGE = 250
/** Rooms that are looked up together. */
const ROOMS = 25
/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 8

export interface NotificationsQuery {
  readonly from: string | undefined
  readonly limit: number | undefined
  readonly onlyHighlights: boolean
}

export interface NotificationsDeps {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly positions: Pick<Positions, 'now'>
  readonly readers: Readers
  readonly rendering: Rendering
  readonly counts: Counts
  readonly tails: RoomTails
  readonly rules: ReaderRules
  readonly read: ReadPositions
}

/** A room that the reader is in. */
interface OpenRoom {
  readonly readUpTo: ReadUpTo
  /** Where it came in. */
  readonly joined: number
}

/** What one request has found out. */
interface Listing {
  readonly reader: Reader
  readonly now: Now
  readonly loop: PacedLoop
  /** By channel; undefined for one that it is not in or may not read. */
  readonly rooms: Map<number, OpenRoom | undefined>
}

/** Rows of the log, and the place before which their events are wanted. */
interface Span {
  readonly after: number
  readonly upTo: number
  readonly before: number
}

interface Found {
  readonly stored: StoredEvent
  readonly outcome: Outcome
  readonly isRead: boolean
}

/** What has notified a reader: nothing of it is stored, so it is found again in the log. */
export class Notifications {
  constructor(private readonly deps: NotificationsDeps) {}

  /** Returns a page, newest first. A page may be empty and have another one behind it. @throws M_INVALID_PARAM */
  async list(actor: Person, { from, limit, onlyHighlights }: NotificationsQuery): Promise<JsonObject> {
    const { positions, readers, core } = this.deps
    const now = await positions.now()
    const reader = await readers.reader(actor)
    const wanted = Math.max(1, Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT))
    let before = from === undefined ? now.end : Math.min(placeIn(from), now.end)
    const lowest = Math.max(0, rowBefore(before) - MAX_ROWS)
    const found: Found[] = []
    const loop = core.pace.loop()
    const listing: Listing = { reader, now, loop, rooms: new Map() }
    while (found.length < wanted && rowBefore(before) > lowest) {
      await loop.turn()
      const upTo = rowBefore(before)
      const after = Math.max(lowest, upTo - STEP_ROWS)
      const step = await this.between(listing, { after, upTo, before })
      found.push(...step.filter(({ outcome }) => !onlyHighlights || outcome.highlights))
      loop.did(STEP_ROWS)
      before = (after + 1) * EVENTS_PER_ROW
    }
    const page = found.slice(0, wanted)
    const last = page.at(-1)
    const next = found.length > wanted && last ? last.stored.pos : before
    const isEnd = found.length <= wanted && rowBefore(before) === 0
    return {
      notifications: await this.shown(listing, page),
      ...(isEnd ? {} : { next_token: formatPageToken({ pos: next }) }),
    }
  }

  /** Returns what has notified a reader in a stretch of the log, newest first. */
  private async between(listing: Listing, span: Span): Promise<Found[]> {
    const { core, counts } = this.deps
    const { reader, now, loop, rooms } = listing
    const changed = await core.reads.matrix().changedChannels(span.after, span.upTo)
    const unknown = changed.filter((channelId) => !rooms.has(channelId))
    for (const some of slices(unknown, ROOMS)) {
      await loop.turn()
      await this.open(listing, some)
      loop.did(some.length * ROWS_PER_ROOM)
    }
    const account = await counts.account(reader, now.mx)
    const found: Found[] = []
    for (const channelId of changed) {
      const room = rooms.get(channelId)
      if (room) found.push(...(await this.inRoom(listing, account, { channelId, ...room }, span)))
    }
    return found.sort((one, other) => other.stored.pos - one.stored.pos)
  }

  /** Finds out which of these channels the reader is in and may read, and up to where it has. */
  private async open({ reader, rooms }: Listing, channelIds: readonly number[]): Promise<void> {
    const { core, readers, read } = this.deps
    const reads = core.reads.matrix()
    for (const channelId of channelIds) rooms.set(channelId, undefined)
    const members = await reads.membershipsIn(reader.userId, channelIds)
    const joined = members.flatMap(({ channelId, membership }) => (membership === 'join' ? [channelId] : []))
    const readable = await readers.readable(reader, await reads.roomsOfChannels(joined))
    const upTo = await read.of(
      reader,
      readable.map(({ channelId }) => channelId),
    )
    for (const [channelId, readUpTo] of upTo)
      rooms.set(channelId, { readUpTo, joined: await read.joinedAt(channelId, reader.userId) })
  }

  private async inRoom(
    { now, loop }: Listing,
    account: AccountCounts,
    { channelId, readUpTo, joined }: OpenRoom & { readonly channelId: number },
    span: Span,
  ): Promise<Found[]> {
    const { core, tails, rules } = this.deps
    const after = Math.max((span.after + 1) * EVENTS_PER_ROW - 1, joined)
    const tail = await tails.at(channelId, now.end)
    const applied = account.applied({ displayName: undefined })
    const found: Found[] = []
    for (let { before } = span; ; ) {
      await loop.turn()
      const page = await core.reads.matrix().notifiableEvents(channelId, {
        ...{ after, before, limit: PAGE },
        states: account.states,
      })
      loop.did(ROWS_PER_ROOM + page.length)
      for (const stored of page) {
        const event = new EventFacts(stored)
        const outcome = await rules.outcomeOf(tail, event, applied)
        if (outcome.notifies) found.push({ stored, outcome, isRead: readUpTo.covers(event) })
      }
      const last = page.at(-1)
      if (page.length < PAGE || !last) return found
      before = last.pos
    }
  }

  private async shown({ reader, loop }: Listing, page: readonly Found[]): Promise<JsonObject[]> {
    const { core, readers, rendering } = this.deps
    const reads = core.reads.matrix()
    const shown = new Map<Found, JsonObject>()
    for (const [channelId, found] of Map.groupBy(page, ({ stored }) => stored.channelId)) {
      await loop.turn()
      const room = await reads.room({ channelId })
      if (!room) continue
      const view = await readers.viewOf(reader, room, await reads.member(reader.userId, channelId))
      const events = await rendering.events(
        view,
        found.map(({ stored }) => stored),
        { withRoomId: false, withRelations: true },
      )
      loop.did(ROWS_PER_ROOM + found.length)
      for (const [i, one] of found.entries())
        shown.set(one, {
          actions: one.outcome.actions,
          event: events[i] ?? {},
          read: one.isRead,
          room_id: room.roomId,
          ts: one.stored.ts,
        })
    }
    return page.flatMap((one): JsonObject[] => {
      const json = shown.get(one)
      return json ? [json] : []
    })
  }
}

/** The last row whose events are all before a place, or have some there. */
function rowBefore(place: number): number {
  return Math.max(0, Math.floor((place - 1) / EVENTS_PER_ROW))
}

function placeIn(token: string): number {
  const { pos } = parsePageToken(token)
  if (typeof pos === 'number' && Number.isSafeInteger(pos) && pos >= 0) return pos
  throw unknownToken()
}
