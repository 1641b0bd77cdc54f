import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import type { MarkKey } from '../../log/marks'
import { endOf, type Now } from '../reading/positions'
import type { Reader, Readers } from '../reading/readers'
import type { RecentEvents } from '../reading/recent'
import type { MatrixRoom } from '../room-ports'
import type { MarkLog } from './mark-log'

/** Readers that are kept, and the memberships and rooms of all of them. */
const READERS = 5000
const MEMBERSHIPS = 500_000
const ROOMS = 20_000

/** What is kept of an account, and is true up to a position of the companion stream. */
interface Kept<Value> {
  mx: number
  readonly value: Value
}

/** The rooms that a user is in, by channel, each with the position of its newest member event. */
export type JoinedRooms = ReadonlyMap<number, number>

/** What is kept of a user's memberships, and is true up to a seq. */
interface KeptRooms {
  seq: number
  readonly rooms: Map<number, number>
}

/**
 * Who reads, in memory: whom readers ignore, the rooms that they are in, and the keys of their devices. It is true as long
 * as the marks of commits say that nothing else happened.
 */
export class KnownReaders {
  private readonly ignored = new Map<number, Kept<ReadonlySet<string>>>()
  private readonly joined = new Map<string, KeptRooms>()
  private memberships = 0
  private readonly rooms = new Map<number, MatrixRoom>()
  private readonly keys = new Map<number, Kept<string>>()

  constructor(
    private readonly core: Pick<Core, 'reads'>,
    private readonly readers: Readers,
    private readonly recent: RecentEvents,
    private readonly marks: MarkLog,
  ) {}

  async reader(actor: Person, { mx }: Now): Promise<Reader> {
    const { id } = actor.account
    const ignored = await this.kept(this.ignored, id, `a${id}`, mx, () => this.readers.ignoredBy(actor))
    return this.readers.readerWith(actor, ignored)
  }

  /** Returns the rooms that a user is in, at least as it was at this place. */
  async joinedRooms(userId: string, now: Now): Promise<JoinedRooms> {
    const known = this.joined.get(userId)
    if (known && this.recent.reachesBack(known.seq)) {
      for (const { channelId, pos, membership } of this.recent.membershipsFrom(userId, endOf(known.seq)))
        if (membership === 'join') known.rooms.set(channelId, pos)
        else known.rooms.delete(channelId)
      known.seq = Math.max(known.seq, now.projected)
      return known.rooms
    }
    const members = await this.core.reads.matrix().roomsOf(userId, ['join'])
    const rooms = new Map(members.map(({ channelId, pos }) => [channelId, pos]))
    this.memberships += rooms.size - (known?.rooms.size ?? 0)
    this.joined.delete(userId)
    this.joined.set(userId, { seq: now.projected, rooms })
    while (this.memberships > MEMBERSHIPS || this.joined.size > READERS) {
      const [first] = this.joined
      if (!first) break
      this.joined.delete(first[0])
      this.memberships -= first[1].rooms.size
    }
    return rooms
  }

  /** Returns rooms by channel. What can change of them may be outdated. */
  async roomsOf(channelIds: readonly number[]): Promise<ReadonlyMap<number, MatrixRoom>> {
    const absent = channelIds.filter((id) => !this.rooms.has(id))
    const found = new Map(
      channelIds.flatMap((id) => {
        const room = this.rooms.get(id)
        return room ? [[id, room] as const] : []
      }),
    )
    for (const room of await this.core.reads.matrix().roomsOfChannels(absent)) {
      found.set(room.channelId, room)
      if (this.rooms.size >= ROOMS) this.rooms.clear()
      this.rooms.set(room.channelId, room)
    }
    return found
  }

  /** Returns the members of an answer that say which keys of its own a device has left. */
  deviceKeys(device: number, { mx }: Now): Promise<string> {
    return this.kept(this.keys, device, `d${device}`, mx, async () => {
      const reads = this.core.reads.matrix()
      const counts = await reads.oneTimeKeyCounts(device)
      const unused = await reads.unusedFallbackKeys(device)
      const count = { signed_curve25519: 0, ...Object.fromEntries(counts) }
      return `"device_one_time_keys_count":${JSON.stringify(count)},"device_unused_fallback_key_types":${JSON.stringify(unused)}`
    })
  }

  private async kept<Value>(
    map: Map<number, Kept<Value>>,
    id: number,
    key: MarkKey,
    mx: number,
    read: () => Promise<Value>,
  ): Promise<Value> {
    const known = map.get(id)
    if (known && !this.marks.mayConcern(new Set([key]), known.mx, mx)) {
      known.mx = Math.max(known.mx, mx)
      return known.value
    }
    const value = await read()
    if (map.size >= READERS) map.clear()
    map.set(id, { mx, value })
    return value
  }
}
