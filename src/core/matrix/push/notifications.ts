import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { JsonObject } from '../canonical'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import { formatPageToken, parsePageToken, unknownToken } from '../page-token'
import type { Positions } from '../reading/positions'
import type { Reader, Readers } from '../reading/readers'
import type { Rendering } from '../reading/rendering'
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
    while (found.length < wanted && rowBefore(before) > lowest) {
      await loop.turn()
      const upTo = rowBefore(before)
      const after = Math.max(lowest, upTo - STEP_ROWS)
      const step = await this.between(reader, { after, upTo, before, end: now.end, mx: now.mx })
      found.push(...step.filter(({ outcome }) => !onlyHighlights || outcome.highlights))
      loop.did(STEP_ROWS)
      before = (after + 1) * EVENTS_PER_ROW
    }
    const page = found.slice(0, wanted)
    const last = page.at(-1)
    const next = found.length > wanted && last ? last.stored.pos : before
    const isEnd = found.length <= wanted && rowBefore(before) === 0
    return {
      notifications: await this.shown(reader, page),
      ...(isEnd ? {} : { next_token: formatPageToken({ pos: next }) }),
    }
  }

  /** Returns what has notified a reader in a stretch of the log, newest first. */
  private async between(
    reader: Reader,
    span: {
      readonly after: number
      readonly upTo: number
      readonly before: number
      readonly end: number
      readonly mx: number
    },
  ): Promise<Found[]> {
    const { core, readers, read } = this.deps
    const reads = core.reads.matrix()
    const changed = await reads.changedChannels(span.after, span.upTo)
    const members = (await reads.membershipsIn(reader.userId, changed)).filter(
      ({ membership }) => membership === 'join',
    )
    const channelIds = members.map(({ channelId }) => channelId)
    const rooms = await readers.readable(reader, await reads.roomsOfChannels(channelIds))
    const upTo = await read.of(
      reader,
      rooms.map(({ channelId }) => channelId),
    )
    const found: Found[] = []
    for (const { channelId } of rooms) {
      const readUpTo = upTo.get(channelId)
      if (!readUpTo) continue
      const joined = await read.joinedAt(channelId, reader.userId)
      const after = Math.max((span.after + 1) * EVENTS_PER_ROW - 1, joined)
      found.push(...(await this.inRoom(reader, channelId, readUpTo, { ...span, after })))
    }
    return found.sort((one, other) => other.stored.pos - one.stored.pos)
  }

  private async inRoom(
    reader: Reader,
    channelId: number,
    readUpTo: ReadUpTo,
    {
      after,
      before,
      end,
      mx,
    }: { readonly after: number; readonly before: number; readonly end: number; readonly mx: number },
  ): Promise<Found[]> {
    const { core, counts, tails, rules } = this.deps
    const account = await counts.account(reader, mx)
    const tail = await tails.at(channelId, end)
    const applied = account.applied({ displayName: undefined })
    const found: Found[] = []
    let place = before
    for (;;) {
      const page = await core.reads.matrix().notifiableEvents(channelId, {
        ...{ after, before: place, limit: PAGE },
        states: account.states,
      })
      for (const stored of page) {
        const event = new EventFacts(stored)
        const outcome = await rules.outcomeOf(tail, event, applied)
        if (outcome.notifies) found.push({ stored, outcome, isRead: readUpTo.covers(event) })
      }
      const last = page.at(-1)
      if (page.length < PAGE || !last) return found
      place = last.pos
    }
  }

  private async shown(reader: Reader, page: readonly Found[]): Promise<JsonObject[]> {
    const { core, readers, rendering } = this.deps
    const reads = core.reads.matrix()
    const shown = new Map<Found, JsonObject>()
    for (const [channelId, found] of Map.groupBy(page, ({ stored }) => stored.channelId)) {
      const room = await reads.room({ channelId })
      if (!room) continue
      const view = await readers.viewOf(reader, room, await reads.member(reader.userId, channelId))
      const events = await rendering.events(
        view,
        found.map(({ stored }) => stored),
        { withRoomId: false, withRelations: true },
      )
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
