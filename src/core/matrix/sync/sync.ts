/**
 * Reading along: what `/sync` answers. Imports only the core.
 * Start reading here; then tokens.ts (the positions that clients send back), room.ts (what is said of one room) and
 * waiting.ts.
 */

import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { MarkKey } from '../../log/marks'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { PUSH_RULES, shownPushRules } from '../push/rules'
import { endOf, type Now, type Positions } from '../reading/positions'
import type { Reader, Readers, RoomView } from '../reading/readers'
import type { MatrixRoom, RoomMember } from '../room-ports'
import type { Membership } from '../room-state'
import type { AccountDatum } from '../sync-ports'
import {
  type Ephemeral,
  type EphemeralNews,
  type UnreadCounts,
  type UnreadOfRoom,
  unreadJson,
} from './additions'
import {
  includesRoom,
  includesSender,
  includesType,
  noFilter,
  parseSyncFilter,
  type SyncFilter,
} from './filters'
import type { ReceiptEvents } from './receipts'
import type { RoomSections, SyncScope } from './room'
import { type EphemeralPosition, formatSyncToken, isInHistory, parseSyncToken } from './tokens'
import type { Waiters } from './waiting'

/** A reader that is more rows behind than this is asked room by room what changed. */
const MAX_LOG_ROWS = 20_000
const EVERY: readonly Membership[] = ['join', 'invite', 'knock', 'leave', 'ban']

/** The device of a reader. */
export interface SyncDevice {
  /** Its inner id. */
  readonly id: number
}

export interface SyncRequest {
  readonly since: string | undefined
  /** JSON, or the id of a stored filter. */
  readonly filter: string | undefined
  readonly fullState: boolean
  readonly timeoutMs: number
  readonly stateAfter: SyncScope['stateAfter']
}

export interface SyncDeps {
  readonly core: Pick<Core, 'reads' | 'pace' | 'clock'>
  readonly readers: Readers
  readonly positions: Positions
  readonly sections: RoomSections
  readonly receipts: ReceiptEvents
  readonly waiters: Waiters
  readonly unread?: UnreadCounts | undefined
  readonly ephemeral?: Ephemeral | undefined
}

interface Answer {
  readonly json: JsonObject
  readonly isEmpty: boolean
  /** Where it is in what is not stored. */
  readonly ephemeral: EphemeralPosition | undefined
}

/** What the rooms of one answer are made with. */
interface Parts {
  readonly data: readonly AccountDatum[]
  readonly news: EphemeralNews | undefined
}

type Lists = Record<'join' | 'invite' | 'knock' | 'leave', Record<string, JsonObject>>

/** What is new for a reader, in all its rooms (spec.matrix.org, client-server API, "Syncing"). */
export class Sync {
  constructor(private readonly deps: SyncDeps) {}

  /**
   * Answers at once if there is something new, or if the request is the first one, asks for all state or has no timeout;
   * else waits for something new.
   * @throws m_invalid_param for a malformed token; m_bad_json for a filter that is none
   */
  async sync(
    actor: Person,
    device: SyncDevice,
    request: SyncRequest,
    signal: AbortSignal | undefined,
  ): Promise<JsonObject> {
    const { positions, readers, waiters } = this.deps
    const now = await positions.now()
    const reader = await readers.reader(actor)
    const filter = await this.filterOf(reader, request.filter)
    const given = request.since === undefined ? undefined : parseSyncToken(request.since)
    const isKnown = given !== undefined && isInHistory(given, now.epochs, { seq: now.projected, mx: now.mx })
    const since = isKnown ? given : undefined
    const scopeAt = (now: Now): SyncScope => ({
      ...{ since, now, filter, fullState: request.fullState, stateAfter: request.stateAfter },
      isRestart: given !== undefined && !isKnown,
      device: String(device.id),
    })
    const first = await this.answer(reader, device, scopeAt(now))
    const mayWait = since !== undefined && !request.fullState && request.timeoutMs > 0
    if (!mayWait || !first.isEmpty) return first.json
    const until = this.deps.core.clock.steady() + request.timeoutMs
    using waiter = waiters.open(await this.keysOf(reader, device))
    let last = now
    let found = first
    for (;;) {
      waiter.reset()
      // Read after the waiter is open, so nothing is missed in between.
      const then = await positions.current()
      const isMoved = then.projected !== last.projected || then.mx !== last.mx || this.isBeyond(found)
      const answer = isMoved ? await this.answer(reader, device, scopeAt(then)) : found
      const left = until - this.deps.core.clock.steady()
      if (!answer.isEmpty || left <= 0) return answer.json
      if ((await waiter.wait(left, signal)) === 'ended') return answer.json
      last = then
      found = answer
    }
  }

  /** Whether what is not stored has changed since an answer. */
  private isBeyond({ ephemeral }: Answer): boolean {
    return this.deps.ephemeral?.position.n !== ephemeral?.n
  }

  private async filterOf(reader: Reader, given: string | undefined): Promise<SyncFilter> {
    if (given === undefined || given === '') return noFilter
    if (given.startsWith('{')) return parseSyncFilter(parsed(given))
    const n = Number(given)
    const stored = Number.isSafeInteger(n)
      ? await this.deps.core.reads.matrix().storedFilter(reader.accountId, n)
      : undefined
    if (stored === undefined) throw matrixRefusal('M_INVALID_PARAM', 'There is no filter with this id')
    return parseSyncFilter(parsed(stored))
  }

  private async keysOf({ accountId, userId }: Reader, device: SyncDevice): Promise<MarkKey[]> {
    const rooms = await this.deps.core.reads.matrix().roomsOf(userId, ['join'])
    return [`a${accountId}`, `d${device.id}`, ...rooms.map(({ channelId }): MarkKey => `c${channelId}`)]
  }

  private async answer(reader: Reader, device: SyncDevice, scope: SyncScope): Promise<Answer> {
    const { now, filter, since } = scope
    const reads = this.deps.core.reads.matrix()
    const span = { after: since?.mx ?? 0, upTo: now.mx }
    const isMoved = span.after < span.upTo
    const data = isMoved ? await reads.changedAccountData(reader.accountId, span) : []
    const global = data.filter(
      ({ channelId, type }) => channelId === 0 && includesType(filter.accountData, type),
    )
    const news = await this.deps.ephemeral?.news(reader, since?.ephemeral, since === undefined)
    const rooms = await this.rooms(reader, scope, { data, news })
    const accountData = global.map((datum) => shownDatum(datum, reader))
    // Rules that were never changed are not stored.
    const hasRules = global.some(({ type }) => type === PUSH_RULES)
    if (since === undefined && !hasRules && includesType(filter.accountData, PUSH_RULES))
      accountData.push({ type: PUSH_RULES, content: shownPushRules(reader.userId, undefined) })
    const presence = (news?.presence ?? []).filter(
      ({ type, sender }) =>
        includesType(filter.presence, String(type)) && includesSender(filter.presence, String(sender)),
    )
    const counts = await reads.oneTimeKeyCounts(device.id)
    const json = {
      next_batch: formatSyncToken({ seq: now.projected, mx: now.mx, ephemeral: news?.position }, now.epochs),
      rooms: rooms.lists,
      account_data: { events: accountData },
      presence: { events: presence },
      to_device: { events: [] },
      device_lists: { changed: [], left: [] },
      device_one_time_keys_count: { signed_curve25519: 0, ...Object.fromEntries(counts) },
      device_unused_fallback_key_types: await reads.unusedFallbackKeys(device.id),
    }
    const isQuiet = presence.length === 0 || news?.isLoud !== true
    const isEmpty = rooms.isEmpty && accountData.length === 0 && isQuiet
    return { json, isEmpty, ephemeral: news?.position }
  }

  private async rooms(
    reader: Reader,
    scope: SyncScope,
    parts: Parts,
  ): Promise<{ readonly lists: Lists; readonly isEmpty: boolean }> {
    const { filter, since, now } = scope
    const reads = this.deps.core.reads.matrix()
    const lists: Lists = { join: {}, invite: {}, knock: {}, leave: {} }
    const withReceipts = new Set(
      since && since.mx < now.mx
        ? await reads.roomsWithReceipts(reader.userId, { after: since.mx, upTo: now.mx })
        : [],
    )
    const members = await this.changedRooms(reader, scope, [
      ...withReceipts,
      ...parts.data.flatMap(({ channelId }) => (channelId === 0 ? [] : [channelId])),
      ...(parts.news?.typingChannels ?? []),
    ])
    const rooms = new Map(
      (await reads.roomsOfChannels(members.map(({ channelId }) => channelId))).map((room) => [
        room.channelId,
        room,
      ]),
    )
    const loop = this.deps.core.pace.loop()
    const joined: MatrixRoom[] = []
    let isEmpty = true
    for (const member of members) {
      const room = rooms.get(member.channelId)
      if (!room || !includesRoom(filter, room.roomId)) continue
      await loop.turn()
      const shown = await this.room(reader, member, room, scope, parts)
      loop.did(ROWS_PER_ROOM)
      if (!shown) continue
      lists[shown.list][room.roomId] = shown.json
      if (shown.list === 'join') joined.push(room)
      isEmpty = false
    }
    await this.count(reader, scope, joined, lists.join)
    return { lists, isEmpty }
  }

  /** Adds to rooms how much of them the reader has not read. */
  private async count(
    reader: Reader,
    { filter, now }: SyncScope,
    rooms: readonly MatrixRoom[],
    lists: Record<string, JsonObject>,
  ): Promise<void> {
    const ids = rooms.map(({ channelId }) => channelId)
    const unread: ReadonlyMap<number, UnreadOfRoom> | undefined =
      ids.length === 0 ? undefined : await this.deps.unread?.of(reader, ids, now.end)
    for (const { channelId, roomId } of rooms)
      lists[roomId] = {
        ...lists[roomId],
        ...unreadJson(unread?.get(channelId), filter.timeline.threadCounts),
      }
  }

  /** Returns the reader's memberships of the rooms that may have changed for it. */
  private async changedRooms(
    { userId }: Reader,
    { since, now }: SyncScope,
    further: readonly number[],
  ): Promise<readonly RoomMember[]> {
    const reads = this.deps.core.reads.matrix()
    if (since === undefined || now.projected - since.seq > MAX_LOG_ROWS) return reads.roomsOf(userId, EVERY)
    const changed = since.seq < now.projected ? await reads.changedChannels(since.seq, now.projected) : []
    return reads.membershipsIn(userId, [...new Set([...changed, ...further])])
  }

  /** Returns what the answer says of a room; undefined if nothing. */
  private async room(
    reader: Reader,
    member: RoomMember,
    room: MatrixRoom,
    scope: SyncScope,
    parts: Parts,
  ): Promise<{ readonly list: keyof Lists; readonly json: JsonObject } | undefined> {
    const { now, since, filter } = scope
    const view = await this.deps.readers.viewOf(reader, room, member)
    if (!(await this.deps.readers.hasScope(reader, room.channelId))) return undefined
    const last = now.end - 1
    const at = view.sight.memberEventAt(last)
    if (at === undefined) return undefined
    const isChanged = since === undefined || at >= endOf(since.seq)
    const membership = view.sight.membershipAt(last)
    if (membership === 'join') return this.joined(view, scope, parts)
    if (membership === 'invite' || membership === 'knock') {
      const events = isChanged ? await this.deps.sections.stripped(view, at) : undefined
      return events && { list: membership, json: { [`${membership}_state`]: { events } } }
    }
    const isShown = since === undefined ? filter.includeLeave && !member.forgotten : isChanged
    if (!isShown) return undefined
    const { json } = await this.deps.sections.events(view, scope)
    return { list: 'leave', json: { ...json, account_data: { events: [] } } }
  }

  private async joined(
    view: RoomView,
    scope: SyncScope,
    { data, news }: Parts,
  ): Promise<{ readonly list: 'join'; readonly json: JsonObject } | undefined> {
    const { since, now, filter } = scope
    const { room, reader } = view
    const { channelId, roomId } = room
    const events = await this.deps.sections.events(view, scope)
    const receipts = await this.deps.receipts.changed(view, {
      after: events.isNew ? 0 : (since?.mx ?? 0),
      upTo: now.mx,
    })
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
    const json = {
      ...events.json,
      account_data: { events: accountData },
      ephemeral: { events: ephemeral },
    }
    return { list: 'join', json }
  }
}

/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 40

function shownDatum({ channelId, type, json }: AccountDatum, { userId }: Reader): JsonObject {
  if (channelId === 0 && type === PUSH_RULES) return { type, content: shownPushRules(userId, json) }
  return { type, content: JSON.parse(json) as unknown }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw matrixRefusal('M_BAD_JSON', 'The filter is not JSON')
  }
}
