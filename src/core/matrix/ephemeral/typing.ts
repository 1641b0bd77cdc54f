import type { Clock } from '../../kernel/time'
import type { JsonObject } from '../canonical'
import type { Changes } from './changes'
import type { Lapsing, Ticker } from './ticker'

/** The longest time for which somebody says to be typing. */
const MAX_TYPING_MILLISECONDS = 60_000

/** How long it is remembered that somebody typed, for readers whose token does not say what they were sent. */
const RECENT_MILLISECONDS = 60_000

interface RoomTyping {
  /** Until when each user types, by the steady clock. */
  readonly until: Map<string, number>
  /** When that last changed. */
  changedAt: number
}

export interface TypingDeps {
  readonly changes: Pick<Changes, 'note' | 'wake'>
  readonly clock: Pick<Clock, 'steady'>
  readonly ticker: Ticker
}

/** Who types in which room. */
export class Typing implements Lapsing {
  private readonly rooms = new Map<number, RoomTyping>()

  constructor(private readonly deps: TypingDeps) {
    deps.ticker.add(this)
  }

  /** Notes that a user types for a while. */
  begin(channelId: number, userId: string, milliseconds: number): void {
    const now = this.deps.clock.steady()
    const room = this.rooms.get(channelId) ?? { until: new Map<string, number>(), changedAt: now }
    this.rooms.set(channelId, room)
    const isNew = !room.until.has(userId)
    room.until.set(userId, now + Math.min(milliseconds, MAX_TYPING_MILLISECONDS))
    if (isNew) this.changed(channelId, room)
    this.deps.ticker.want()
  }

  /** Notes that a user types no longer. Returns whether it did. */
  end(channelId: number, userId: string): boolean {
    const room = this.rooms.get(channelId)
    if (!room?.until.delete(userId)) return false
    this.changed(channelId, room)
    return true
  }

  /** Reports whether anybody types in a room. */
  isTyping(channelId: number): boolean {
    return (this.rooms.get(channelId)?.until.size ?? 0) > 0
  }

  /** Returns the channels in whose rooms somebody types; `endedToo`: or has within the last minute. */
  channels({ endedToo }: { readonly endedToo: boolean }): ReadonlySet<number> {
    return new Set([...this.rooms].flatMap(([id, { until }]) => (endedToo || until.size > 0 ? [id] : [])))
  }

  /** Returns the event of a room, without users that its reader ignores. */
  event(channelId: number, ignored: ReadonlySet<string>): JsonObject {
    const users = [...(this.rooms.get(channelId)?.until.keys() ?? [])]
    return { type: 'm.typing', content: { user_ids: users.filter((id) => !ignored.has(id)) } }
  }

  /** Returns who types now, and for how many milliseconds yet. */
  *all(): Generator<{ readonly channelId: number; readonly userId: string; readonly milliseconds: number }> {
    const now = this.deps.clock.steady()
    for (const [channelId, { until }] of this.rooms)
      for (const [userId, end] of until) yield { channelId, userId, milliseconds: Math.max(0, end - now) }
  }

  lapse(): boolean {
    const now = this.deps.clock.steady()
    for (const [channelId, room] of this.rooms) {
      const over = [...room.until].filter(([, end]) => end <= now)
      for (const [userId] of over) room.until.delete(userId)
      if (over.length > 0) this.changed(channelId, room)
      if (room.until.size === 0 && room.changedAt + RECENT_MILLISECONDS <= now) this.rooms.delete(channelId)
    }
    return this.rooms.size > 0
  }

  private changed(channelId: number, room: RoomTyping): void {
    room.changedAt = this.deps.clock.steady()
    this.deps.changes.note({ channel: channelId }, true)
    this.deps.changes.wake([`c${channelId}`])
  }
}
