import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { JsonObject } from '../canonical'
import { clientEvent } from '../client-form'
import { parsedRoomEvent } from '../events'
import type { RoomHistory } from '../reading/messages'
import type { Positions } from '../reading/positions'
import type { Readers } from '../reading/readers'
import type { RoomStates } from '../reading/room-states'
import type { MatrixRoom } from '../room-ports'
import { type Membership, membershipIn } from '../room-state'
import type { Sync, SyncDevice } from './sync'
import { formatSyncToken } from './tokens'

const DEFAULT_LIMIT = 10
/** The most events of a room in one answer. */
const MAX_LIMIT = 100
/** Rooms that are asked for together. */
const SLICE = 20
/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 40

export interface OldSyncDeps {
  readonly core: Pick<Core, 'reads' | 'clock' | 'pace'>
  readonly readers: Readers
  readonly positions: Positions
  readonly history: RoomHistory
  readonly states: RoomStates
  readonly sync: Sync
}

/** What `/sync` says of a room. */
interface SyncedRoom {
  readonly timeline: { readonly events: readonly JsonObject[]; readonly prev_batch?: string }
  readonly state?: { readonly events: readonly JsonObject[] }
  readonly state_after?: { readonly events: readonly JsonObject[] }
  readonly account_data?: { readonly events: readonly JsonObject[] }
}

interface Synced {
  readonly next_batch: string
  readonly rooms: {
    readonly join: Readonly<Record<string, SyncedRoom>>
    readonly leave: Readonly<Record<string, SyncedRoom>>
    readonly invite: Readonly<Record<string, unknown>>
  }
  readonly account_data: { readonly events: readonly JsonObject[] }
  readonly presence: { readonly events: readonly JsonObject[] }
}

/** Only events of rooms. */
const NOTHING = { types: [] }

/** The requests by which clients read along before there was `/sync`. They show what it answers in their own form. */
export class OldSync {
  constructor(private readonly deps: OldSyncDeps) {}

  /**
   * Returns JSON: all rooms of the reader with their newest events. `archived`: also those that it has left. Rooms are
   * asked for in slices, so that the answer for many of them does not hold up everybody else.
   */
  async initial(
    actor: Person,
    device: SyncDevice,
    { limit, archived }: { readonly limit: number | undefined; readonly archived: boolean },
  ): Promise<string> {
    const { core, readers, positions } = this.deps
    await positions.now()
    const { userId } = await readers.reader(actor)
    const reads = core.reads.matrix()
    const memberships: Membership[] = archived ? ['join', 'invite', 'leave', 'ban'] : ['join', 'invite']
    const members = (await reads.roomsOf(userId, memberships)).filter(({ forgotten }) => !forgotten)
    const ownIn = new Map(members.map(({ channelId, membership }) => [channelId, membership]))
    const rooms = await reads.roomsOfChannels([...ownIn.keys()])
    const filter = {
      timeline: { limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT) },
      include_leave: archived,
    }
    const of = (slice: readonly MatrixRoom[]) =>
      this.synced(actor, device, {
        ...{ since: undefined, timeoutMs: 0, signal: undefined },
        filter: { room: { ...filter, rooms: slice.map(({ roomId }) => roomId) } },
      })
    const { next_batch: end, presence, account_data } = await of([])
    const loop = core.pace.loop()
    const texts: string[] = []
    for (let at = 0; at < rooms.length; at += SLICE) {
      await loop.turn()
      const slice = rooms.slice(at, at + SLICE)
      const synced = await of(slice)
      const invites = await this.invites(userId, slice)
      for (const room of slice) {
        const membership = ownIn.get(room.channelId) ?? 'leave'
        const info = roomInfo(room, membership, { synced, end, invite: invites.get(room.roomId) })
        if (info) texts.push(JSON.stringify(info))
      }
      loop.did(slice.length * ROWS_PER_ROOM)
    }
    const others = JSON.stringify({ end, presence: presence.events, account_data: account_data.events })
    return `${others.slice(0, -1)},"rooms":[${texts.join(',')}]}`
  }

  /** The invitations of a user to these rooms. */
  private async invites(
    userId: string,
    rooms: readonly MatrixRoom[],
  ): Promise<ReadonlyMap<string, JsonObject>> {
    const ids = new Map(rooms.map(({ channelId, roomId }) => [channelId, roomId]))
    const keys = [...ids.keys()].map((channelId) => ({ channelId, userId }))
    const events = await this.deps.core.reads.matrix().memberEvents(keys)
    return new Map(
      events.flatMap((event) => {
        const found = parsedRoomEvent(event)
        const roomId = ids.get(event.channelId)
        if (roomId === undefined || membershipIn(found) !== 'invite') return []
        return [[roomId, clientEvent(found, roomId)] as const]
      }),
    )
  }

  /** Returns one room with its newest events. @throws channel_not_found for a room that the reader may not read */
  async room(actor: Person, roomId: string, limit: number | undefined): Promise<JsonObject> {
    const { readers, history, states, core } = this.deps
    const state = await states.state(actor, roomId)
    const { start, end, chunk } = await history.messages(actor, roomId, {
      ...{ direction: 'b', from: undefined, to: undefined, filter: undefined },
      limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT),
    })
    const { room, member, reader } = await readers.view(actor, roomId)
    const data = await core.reads
      .matrix()
      .changedAccountData(reader.accountId, { after: 0, upTo: Number.MAX_SAFE_INTEGER })
    return {
      room_id: roomId,
      ...(member ? { membership: member.membership } : {}),
      visibility: visibilityOf(room.published),
      messages: {
        ...(end === undefined ? {} : { start: end }),
        end: start,
        chunk: (chunk as readonly unknown[]).toReversed(),
      },
      state,
      account_data: data
        .filter(({ channelId }) => channelId === room.channelId)
        .map(({ type, json }) => ({ type, content: JSON.parse(json) as unknown })),
    }
  }

  /**
   * Returns events of rooms after a position, of one room or of all; waits for the first one.
   * @throws m_invalid_param for a malformed token; channel_not_found for a room that the reader is not in
   */
  async events(
    actor: Person,
    device: SyncDevice,
    asked: {
      readonly from: string | undefined
      readonly roomId: string | undefined
      readonly timeoutMs: number
    },
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const { core, readers } = this.deps
    const { roomId } = asked
    if (roomId !== undefined) await readers.view(actor, roomId)
    const start = asked.from ?? (await this.present())
    const until = core.clock.steady() + asked.timeoutMs
    const filter = {
      ...{ presence: NOTHING, account_data: NOTHING },
      room: {
        ...{ timeline: { limit: MAX_LIMIT }, ephemeral: NOTHING, account_data: NOTHING },
        ...(roomId === undefined ? {} : { rooms: [roomId] }),
      },
    }
    for (let since = start; ; ) {
      const timeoutMs = Math.max(0, until - core.clock.steady())
      const { rooms, next_batch: end } = await this.synced(actor, device, {
        since,
        timeoutMs,
        filter,
        signal,
      })
      const chunk = Object.entries({ ...rooms.leave, ...rooms.join }).flatMap(([id, { state, timeline }]) =>
        within(id, [...(state?.events ?? []), ...timeline.events]),
      )
      if (chunk.length > 0 || timeoutMs === 0 || signal.aborted) return { start, end, chunk }
      since = end
    }
  }

  private async present(): Promise<string> {
    const { projected, mx, epochs } = await this.deps.positions.now()
    return formatSyncToken({ seq: projected, mx, ephemeral: undefined }, epochs)
  }

  private async synced(
    actor: Person,
    device: SyncDevice,
    asked: {
      readonly since: string | undefined
      readonly timeoutMs: number
      readonly filter: JsonObject
      readonly signal: AbortSignal | undefined
    },
  ): Promise<Synced> {
    const { since, timeoutMs, filter, signal } = asked
    const text = await this.deps.sync.sync(
      actor,
      device,
      {
        ...{ since, timeoutMs, fullState: false, filter: JSON.stringify(filter) },
        stateAfter: since === undefined ? 'state_after' : undefined,
      },
      signal,
    )
    return JSON.parse(text) as Synced
  }
}

/** Returns a room as the first answer has it; undefined for one of which `/sync` says nothing, as of ignored invitations. */
function roomInfo(
  { roomId, published }: MatrixRoom,
  membership: Membership,
  from: { readonly synced: Synced; readonly end: string; readonly invite: JsonObject | undefined },
): JsonObject | undefined {
  const { join, leave, invite } = from.synced.rooms
  const about = { room_id: roomId, membership, visibility: visibilityOf(published) }
  if (Object.hasOwn(invite, roomId) && from.invite) return { ...about, invite: from.invite }
  const room = Object.hasOwn(join, roomId)
    ? join[roomId]
    : Object.hasOwn(leave, roomId)
      ? leave[roomId]
      : undefined
  if (!room) return undefined
  const { timeline, state_after: state, account_data: data } = room
  return {
    ...about,
    messages: {
      ...(timeline.prev_batch === undefined ? {} : { start: timeline.prev_batch }),
      end: from.end,
      chunk: within(roomId, timeline.events),
    },
    state: within(roomId, state?.events ?? []),
    account_data: data?.events ?? [],
  }
}

function visibilityOf(published: boolean): 'public' | 'private' {
  return published ? 'public' : 'private'
}

function within(roomId: string, events: readonly JsonObject[]): JsonObject[] {
  return events.map((event) => ({ ...event, room_id: roomId }))
}
