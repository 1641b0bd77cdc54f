import { OpenRoom } from './open-room'
import type { MatrixReads } from './ports'
import type { MatrixRoom } from './room-ports'

/** Rooms whose state is kept. */
const KEPT_ROOMS = 1000

/** The users whose memberships an act needs, by the channel of the room. */
export type NeededMembers = ReadonlyMap<number, Iterable<string>>

/**
 * Opens rooms in transactions. Keeps the state of the rooms that were used last: it is valid as long as the newest event
 * of the room is the same, because an event id is a hash over all events before it. So a state that was never committed,
 * or that another process has changed since, is not used again.
 */
export class Rooms {
  /** The one used last comes last. */
  private readonly kept = new Map<number, OpenRoom>()

  /**
   * Opens the rooms of these channels, where there are any. Call it in the transaction that uses them. At most one
   * statement for all rooms that are kept and whose members are loaded.
   */
  async open(reads: MatrixReads, needed: NeededMembers): Promise<Map<number, OpenRoom>> {
    return this.openAll(reads, await reads.roomsOfChannels([...needed.keys()]), needed)
  }

  /** The same for rooms by their ids, in both maps. */
  async openNamed(
    reads: MatrixReads,
    needed: ReadonlyMap<string, Iterable<string>>,
  ): Promise<Map<string, OpenRoom>> {
    const rows = await reads.roomsNamed([...needed.keys()])
    const members = new Map(rows.map(({ channelId, roomId }) => [channelId, needed.get(roomId) ?? []]))
    const rooms = await this.openAll(reads, rows, members)
    return new Map([...rooms.values()].map((room) => [room.row.roomId, room]))
  }

  private async openAll(
    reads: MatrixReads,
    rows: readonly MatrixRoom[],
    needed: NeededMembers,
  ): Promise<Map<number, OpenRoom>> {
    const rooms = new Map<number, OpenRoom>()
    for (const row of rows) rooms.set(row.channelId, await this.openOne(reads, row))
    await this.load(reads, rooms, needed)
    return rooms
  }

  /**
   * Opens the rooms as they are committed, for work before a transaction: what is added to them changes no room that is
   * kept.
   */
  async openAhead(reads: MatrixReads, needed: NeededMembers): Promise<Map<number, OpenRoom>> {
    const rooms = await this.open(reads, needed)
    return new Map([...rooms].map(([id, room]) => [id, room.fork(needed.get(id) ?? [])]))
  }

  /** Keeps rooms as they became after `openAhead`. Call it in the transaction that writes what was added. */
  adopt(rooms: Iterable<OpenRoom>): void {
    for (const room of rooms) {
      const kept = this.kept.get(room.row.channelId)
      if (kept && room.continues(kept))
        kept.row = { ...kept.row, tipEvent: room.row.tipEvent, depth: room.row.depth }
      else this.keep(room)
    }
  }

  /** Loads further members of rooms that are open. */
  async load(reads: MatrixReads, rooms: ReadonlyMap<number, OpenRoom>, needed: NeededMembers): Promise<void> {
    const keys = [...needed].flatMap(([channelId, userIds]) => {
      const room = rooms.get(channelId)
      const missing = room ? [...new Set(userIds)].filter((userId) => !room.hasLoaded(userId)) : []
      return missing.map((userId) => ({ channelId, userId }))
    })
    if (keys.length === 0) return
    const found = Map.groupBy(await reads.memberEvents(keys), ({ channelId }) => channelId)
    for (const [channelId, asked] of Map.groupBy(keys, ({ channelId }) => channelId))
      rooms.get(channelId)?.loadMembers(
        asked.map(({ userId }) => userId),
        found.get(channelId) ?? [],
      )
  }

  /** Begins a room, whose first event must be added in the same transaction. */
  begin(row: Omit<MatrixRoom, 'tipEvent' | 'depth' | 'blocked'>): OpenRoom {
    const room = new OpenRoom({ ...row, tipEvent: '', depth: 0, blocked: false }, true)
    this.keep(room)
    return room
  }

  private async openOne(reads: MatrixReads, row: MatrixRoom): Promise<OpenRoom> {
    const kept = this.kept.get(row.channelId)
    if (kept?.row.tipEvent === row.tipEvent && kept.row.roomId === row.roomId) {
      kept.row = row
      this.keep(kept)
      return kept
    }
    const room = new OpenRoom(row)
    room.load(await reads.stateNow(row.channelId, { notTypes: ['m.room.member'] }))
    this.keep(room)
    return room
  }

  private keep(room: OpenRoom): void {
    const { channelId } = room.row
    this.kept.delete(channelId)
    this.kept.set(channelId, room)
    const [oldest] = this.kept.keys()
    if (this.kept.size > KEPT_ROOMS && oldest !== undefined) this.kept.delete(oldest)
  }
}
