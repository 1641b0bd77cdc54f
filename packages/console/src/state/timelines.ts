import type { Message, Synapse } from '@synapse/client'
import type { Clock } from './clock'
import type { Outbox } from './outbox'
import type { Store } from './store'
import { Timeline } from './timeline'
import { type Place, placeKey, type Source } from './types'

/** Messages in memory: in one channel or thread, and in all. */
export const MOST_IN_ONE = 1000
/** A full timeline lets go of some more, so that not every message makes room for itself alone. */
const KEPT_IN_ONE = 900
export const MOST_IN_ALL = 20_000

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly outbox: Outbox
  readonly clock: Clock
  subscribed(): Promise<void>
  /** A page was read. */
  onPage(): void
}

/** The timelines that were opened, by place. */
export class Timelines {
  private readonly known = new Map<string, Timeline>()

  constructor(private readonly deps: Deps) {}

  /** The timeline of a channel (`thread` null) or thread. It reads nothing until it is opened. */
  at(place: Place): Timeline {
    const key = placeKey(place)
    const timeline = this.known.get(key) ?? new Timeline(place, this.deps)
    this.known.set(key, timeline)
    timeline.usedAt = this.deps.clock.now()
    return timeline
  }

  /** Puts a message where it belongs. Only what some timeline holds is kept. */
  add(message: Message, source: Source): void {
    const { channel, thread_id, id } = message
    const homes = [
      ...(thread_id === null ? [this.known.get(placeKey({ channel, thread: null }))] : []),
      this.known.get(placeKey({ channel, thread: thread_id ?? id })),
    ].flatMap((timeline) => timeline ?? [])
    if (homes.length === 0) return
    // Rows read the message from the store, so it is put there first.
    const wasKnown = this.deps.store.messages.peek(id) !== undefined
    if (!wasKnown) this.deps.store.putMessage(message)
    const isHeld = homes.map((timeline) => timeline.add(message, source)).includes(true)
    if (!isHeld && !wasKnown) this.deps.store.messages.forget([id])
    this.limit(homes)
  }

  /** A message was deleted: its row goes, or becomes the head of its thread. */
  touch(message: Message): void {
    for (const timeline of this.of(message.channel)) timeline.touch()
  }

  /** The stream was away for long. `isExpired`: what it missed was purged meanwhile. */
  async resume(isExpired: boolean): Promise<void> {
    await Promise.all([...this.known.values()].map((timeline) => timeline.resume(isExpired)))
  }

  async purge(slug: string): Promise<void> {
    await Promise.all(this.of(slug).map((timeline) => timeline.purge()))
  }

  async empty(): Promise<void> {
    await Promise.all([...this.known.values()].map((timeline) => timeline.empty()))
  }

  /** Forgets what a channel showed: it cannot be read any more. */
  drop(slug: string): void {
    for (const timeline of this.of(slug)) {
      this.known.delete(placeKey(timeline.place))
      this.forget(timeline.ids())
    }
  }

  private of(slug: string): Timeline[] {
    return [...this.known.values()].filter(({ place }) => place.channel === slug)
  }

  /** Keeps to the limits of memory: the least recently seen goes first. */
  private limit(grown: readonly Timeline[]): void {
    for (const timeline of grown) if (timeline.size > MOST_IN_ONE) this.forget(timeline.shrink(KEPT_IN_ONE))
    let total = 0
    for (const { size } of this.known.values()) total += size
    if (total <= MOST_IN_ALL) return
    const bySeen = [...this.known.values()].sort((one, other) => one.usedAt - other.usedAt)
    // The one that is seen stays.
    for (const timeline of bySeen.slice(0, -1)) {
      if (total <= MOST_IN_ALL) return
      total -= timeline.size
      this.known.delete(placeKey(timeline.place))
      this.forget(timeline.ids())
    }
  }

  private forget(ids: readonly string[]): void {
    if (ids.length > 0) this.deps.store.messages.forget(this.unshared(ids))
  }

  /** Those messages that no timeline holds. */
  private unshared(ids: readonly string[]): string[] {
    const held = new Set([...this.known.values()].flatMap((timeline) => timeline.ids()))
    return ids.filter((id) => !held.has(id))
  }
}
