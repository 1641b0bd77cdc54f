import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { JsonObject } from '../canonical'
import { clientEvent } from '../client-form'
import { parsedRoomEvent } from '../events'
import type { RoomHistory } from '../reading/messages'
import type { Positions } from '../reading/positions'
import type { Readers } from '../reading/readers'
import type { RoomStates } from '../reading/room-states'
import type { Sync, SyncDevice } from './sync'
import { formatSyncToken } from './tokens'

const DEFAULT_LIMIT = 10
/** The most events of a room in one answer. */
const MAX_LIMIT = 100

export interface OldSyncDeps {
  readonly core: Pick<Core, 'reads' | 'clock'>
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

  /** Returns all rooms of the reader with their newest events. `archived`: also those that it has left. */
  async initial(
    actor: Person,
    device: SyncDevice,
    { limit, archived }: { readonly limit: number | undefined; readonly archived: boolean },
  ): Promise<JsonObject> {
    const timeline = { limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT) }
    const synced = await this.synced(actor, device, {
      ...{ since: undefined, timeoutMs: 0, signal: undefined },
      filter: { room: { timeline, include_leave: archived } },
    })
    const { join, leave, invite } = synced.rooms
    const { userId } = await this.deps.readers.reader(actor)
    const shown = { ...join, ...leave }
    const reads = this.deps.core.reads.matrix()
    const rooms = await reads.roomsById([...Object.keys(shown), ...Object.keys(invite)])
    const members = await reads.membershipsIn(
      userId,
      rooms.map(({ channelId }) => channelId),
    )
    const memberIn = new Map(members.map((member) => [member.channelId, member]))
    const invites = await reads.memberEvents(
      rooms
        .filter(({ roomId }) => Object.hasOwn(invite, roomId))
        .map(({ channelId }) => ({ channelId, userId })),
    )
    const inviteTo = new Map(invites.map((event) => [event.channelId, event]))
    const listed = rooms.map(({ channelId, roomId, published }) => {
      const own = inviteTo.get(channelId)
      const about = {
        room_id: roomId,
        membership: memberIn.get(channelId)?.membership ?? 'leave',
        visibility: visibilityOf(published),
      }
      const room = Object.hasOwn(shown, roomId) ? shown[roomId] : undefined
      if (!room) return { ...about, ...(own ? { invite: clientEvent(parsedRoomEvent(own), roomId) } : {}) }
      return {
        ...about,
        messages: {
          ...(room.timeline.prev_batch === undefined ? {} : { start: room.timeline.prev_batch }),
          end: synced.next_batch,
          chunk: within(roomId, room.timeline.events),
        },
        state: within(roomId, room.state_after?.events ?? []),
        account_data: room.account_data?.events ?? [],
      }
    })
    return {
      end: synced.next_batch,
      presence: synced.presence.events,
      account_data: synced.account_data.events,
      rooms: listed,
    }
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

function visibilityOf(published: boolean): 'public' | 'private' {
  return published ? 'public' : 'private'
}

function within(roomId: string, events: readonly JsonObject[]): JsonObject[] {
  return events.map((event) => ({ ...event, room_id: roomId }))
}
