import type { RoomSet, Rooms } from './rooms'
import type { Stream } from './stream'

/**
 * The rooms whose events one stream receives: each by itself or, for a stream that follows everything, as a set shared
 * with other streams.
 */
export class StreamRooms {
  private readonly named = new Set<number>()
  private set: RoomSet | undefined

  constructor(
    private readonly rooms: Rooms,
    private readonly stream: Stream,
  ) {}

  has(id: number): boolean {
    return this.named.has(id) || (this.set?.has(id) ?? false)
  }

  add(id: number): void {
    if (this.has(id)) return
    if (this.set) {
      this.set = this.rooms.change(this.stream, this.set, id, true)
      return
    }
    if (this.stream.followsAll) {
      this.addAll([id])
      return
    }
    this.named.add(id)
    this.rooms.enter(this.stream, id)
  }

  /** Adds rooms. Afterwards all rooms are served by the stream's current interest. */
  addAll(ids: readonly number[]): void {
    const { rooms, stream } = this
    if (this.set && stream.followsAll && ids.every((id) => this.set?.has(id))) {
      // The set is the same, but the stream's interest may have changed.
      this.set.delete(stream)
      this.set.add(stream)
      return
    }
    const before = this.ids()
    const all = before.length === 0 ? ids : new Set([...before, ...ids])
    this.clear()
    if (stream.followsAll) this.set = rooms.enterSet(stream, all)
    else for (const id of all) this.add(id)
  }

  delete(id: number): void {
    if (this.named.delete(id)) this.rooms.leave(this.stream, id)
    if (this.set?.has(id)) this.set = this.rooms.change(this.stream, this.set, id, false)
  }

  clear(): void {
    for (const id of this.named) this.rooms.leave(this.stream, id)
    this.named.clear()
    if (this.set) this.rooms.leaveSet(this.stream, this.set)
    this.set = undefined
  }

  /** Keeps the rooms that are still wanted after the selections or the interest have changed. */
  renew(isWanted: (id: number) => boolean): void {
    if (!this.stream.followsAll || !this.set) {
      const kept = this.ids().filter(isWanted)
      this.clear()
      this.addAll(kept)
    } else this.addAll([])
  }

  private ids(): number[] {
    return this.set ? [...this.set.ids] : [...this.named]
  }
}
