import type { Unread, UnreadOfRoom } from '../sync/additions'
import type { Outcome } from './evaluate'
import type { EventFacts } from './facts'

/** More unread events of a room are not counted. */
const MAX_COUNTED = 500

interface Count {
  notifications: number
  highlights: number
}

/** Up to where a reader has read a room. */
export class ReadUpTo {
  /** Outside of threads, and in each thread by the position of its root. */
  private readonly threads = new Map<number | null, number>()

  /** @param everywhere the position up to which everything is read, in all threads */
  constructor(readonly everywhere: number) {}

  note(thread: number | null, pos: number): void {
    this.threads.set(thread, Math.max(pos, this.threads.get(thread) ?? pos))
  }

  covers({ thread, pos }: Pick<EventFacts, 'thread' | 'pos'>): boolean {
    return pos <= this.everywhere || pos <= (this.threads.get(thread) ?? Number.NEGATIVE_INFINITY)
  }
}

/** The unread events of one reader in one room. */
export class RoomUnread implements UnreadOfRoom {
  readonly main: Count = { notifications: 0, highlights: 0 }
  /** By the position of the root. */
  private readonly byRoot = new Map<number, Count & { readonly root: string }>()
  /** The reader's display name in the room, if a rule asked for it; null without one. */
  displayName: string | null | undefined

  constructor(
    /** The generation of the room's events that were counted. */
    readonly generation: number,
    /** The place up to which they are counted. */
    public end: number,
  ) {}

  get threads(): ReadonlyMap<string, Unread> {
    return new Map([...this.byRoot.values()].map((count) => [count.root, count]))
  }

  get notifications(): number {
    return this.sum('notifications')
  }

  get highlights(): number {
    return this.sum('highlights')
  }

  get isFull(): boolean {
    return this.notifications >= MAX_COUNTED
  }

  count(event: EventFacts, { notifies, highlights }: Outcome): void {
    if (!notifies || this.isFull) return
    const count = this.countOf(event)
    count.notifications++
    if (highlights) count.highlights++
  }

  /** Notes that the reader has read everything outside of threads, or of one thread. */
  read(thread: number | null): void {
    if (thread !== null) this.byRoot.delete(thread)
    else Object.assign(this.main, { notifications: 0, highlights: 0 })
  }

  private countOf({ thread, root }: EventFacts): Count {
    if (thread === null || root === null) return this.main
    const known = this.byRoot.get(thread)
    if (known) return known
    const count = { root, notifications: 0, highlights: 0 }
    this.byRoot.set(thread, count)
    return count
  }

  private sum(member: keyof Count): number {
    let sum = this.main[member]
    for (const count of this.byRoot.values()) sum += count[member]
    return sum
  }
}
