import type { Person } from '../core/identity/actor'
import type { Reasons } from '../core/inbox/reasons'
import { background } from '../core/kernel/background'
import type { Channel } from '../core/kernel/entities'
import type { Seq } from '../core/kernel/ids'
import type { PacedLoop } from '../core/kernel/turns'
import type { LogEvent } from '../core/log/events'
import { type FeedFilter, type SelectedEvent, selects, selectsItemOf, wantsItems } from '../core/log/feed'
import type { Frame } from '../core/log/frames'
import type { EndReason, LiveStream, Sink } from '../core/log/streams'
import type { Hub, HubDeps } from './hub'
import { type Interest, interestOf } from './interest'
import { StreamRooms } from './stream-rooms'

/** Events read and sent in one page while a stream catches up. */
const PAGE = 200
/** Events handed to the network at once. */
const BATCH = 64
/** Above this many unsent bytes a stream is parked: it leaves live delivery until the client has read what was sent. */
export const PARK_BYTES = 256 * 1024
/** Limits of unsent bytes and of time without reading, above which a stream is closed. */
const CLOSE_BYTES = 1024 * 1024
const CLOSE_MILLISECONDS = 30_000

/** Past events to send before the selections become live. */
interface Backlog {
  readonly selections: readonly FeedFilter[]
  position: Seq
  /** The head of the log when the backlog was created. Other selections may already have sent later events. */
  readonly since: Seq
  readonly replay: boolean
  readonly done: () => void
}

/**
 * One connection in the hub. A live selection receives each event when it is announced. Any other selection is in a
 * backlog, which is read from the log page by page until it reaches the head; in the same synchronous step the
 * selection becomes live, so no event is missed. There is no queue per stream: the log is the queue.
 */
export class Stream implements LiveStream {
  private readonly live = new Set<FeedFilter>()
  private readonly backlogs: Backlog[] = []
  /** The position at which each selection first became live. */
  private readonly liveFrom = new WeakMap<FeedFilter, Seq>()
  private readonly rooms: StreamRooms
  private running = false
  private gone = false
  private stalledSince: number | undefined
  private whenDrained: (() => void) | undefined
  private nextBeat: number

  constructor(
    private readonly hub: Hub,
    private readonly deps: Pick<HubDeps, 'catalogue' | 'notified' | 'feed' | 'clock' | 'pace' | 'report'>,
    public actor: Person,
    readonly sink: Sink,
  ) {
    this.rooms = new StreamRooms(hub.rooms, this)
    this.nextBeat = deps.clock.steady() + sink.beatEvery
  }

  get selections(): readonly FeedFilter[] {
    return [...this.live, ...this.backlogs.flatMap((backlog) => backlog.selections)]
  }

  get liveSelections(): Iterable<FeedFilter> {
    return this.live
  }

  /** The stream's lag behind the announced events, in events. */
  get lag(): number {
    return this.hub.head - this.position
  }

  get position(): Seq {
    return Math.min(this.hub.head, ...this.backlogs.map((backlog) => backlog.position))
  }

  /** What the stream selects from the events of a room; `*` = of all its rooms. */
  interestIn(room: number | '*'): Interest {
    return interestOf([...this.live], room, this.deps.catalogue.roomTypes)
  }

  /** Whether the stream selects every channel that its reader may read, now and later. */
  get followsAll(): boolean {
    for (const { channelIds } of this.live) if (channelIds === '*') return true
    return false
  }

  select(filter: FeedFilter, after: Seq | null): Promise<void> {
    return this.catchUp([filter], after ?? this.hub.head, after !== null)
  }

  deselect(channelIds: ReadonlySet<number> | '*'): void {
    const keep = (filter: FeedFilter): FeedFilter | null => {
      if (channelIds === '*') return null
      if (filter.channelIds === '*') return filter
      const rest = new Set([...filter.channelIds].filter((id) => !channelIds.has(id)))
      if (rest.size === 0) return null
      const kept = { ...filter, channelIds: rest }
      const liveFrom = this.liveFrom.get(filter)
      if (liveFrom !== undefined) this.liveFrom.set(kept, liveFrom)
      return kept
    }
    const rest = [...this.live].map(keep).filter((filter) => filter !== null)
    this.live.clear()
    for (const filter of rest) this.live.add(filter)
    for (const [i, backlog] of this.backlogs.entries())
      this.backlogs[i] = {
        ...backlog,
        selections: backlog.selections.map(keep).filter((filter) => filter !== null),
      }
    this.rooms.renew((id) => this.covers(id))
  }

  rewind(after: Seq): Promise<void> {
    const selections = this.selections
    this.live.clear()
    for (const backlog of this.backlogs.splice(0)) backlog.done()
    this.rooms.renew((id) => this.covers(id))
    return this.catchUp(selections, after, true)
  }

  drained(): void {
    if (this.sink.buffered() > 0) return
    this.stalledSince = undefined
    this.whenDrained?.()
    this.whenDrained = undefined
  }

  closed(): void {
    this.gone = true
    this.live.clear()
    this.rooms.clear()
    for (const backlog of this.backlogs.splice(0)) backlog.done()
    this.whenDrained?.()
    this.hub.remove(this)
  }

  end(reason: EndReason): void {
    if (this.gone) return
    this.closed()
    this.hub.ended(this, reason)
    this.sink.end(reason)
  }

  /**
   * Sends a live event if it is selected, and that it notifies the reader, with these reasons. Call it in log order, after
   * checking the reader's rights.
   */
  offer(event: LogEvent, reasons: Reasons): void {
    const isShown = this.selectsLive((filter) => selects(filter, event))
    if (reasons !== 0 && this.selectsLive((filter) => selectsItemOf(filter, event)))
      this.tellItem(event, reasons, false, isShown)
    else if (isShown) this.sink.event(event, false)
    else return
    this.checkFlow()
  }

  /** Sends that an event notifies the reader, if that is selected. The event itself was published to the stream. */
  offerItem(event: LogEvent, reasons: Reasons): void {
    if (!this.selectsLive((filter) => selectsItemOf(filter, event))) return
    this.tellItem(event, reasons, false, false)
    this.checkFlow()
  }

  private tellItem(event: LogEvent, reasons: Reasons, replay: boolean, isShown: boolean): void {
    this.sink.item(event, reasons, replay, isShown)
    if (event.about === 'message') this.deps.notified(this.actor.account.id, event.message.message.seq)
  }

  /** Whether a live selection asks for what notifies the reader. */
  get wantsItems(): boolean {
    return this.selectsLive(wantsItems)
  }

  private selectsLive(test: (filter: FeedFilter) => boolean): boolean {
    for (const filter of this.live) if (test(filter)) return true
    return false
  }

  /** Sends a frame, after checking that a live selection covers it and that the reader may receive it. */
  tell(frame: Frame): void {
    if (this.live.size === 0) return
    this.sink.frame(frame)
    this.checkFlow()
  }

  /** Reports whether a live selection covers the channel. */
  covers(channelId: number): boolean {
    return [...this.live].some(({ channelIds }) => channelIds === '*' || channelIds.has(channelId))
  }

  join(channelId: number): void {
    this.rooms.add(channelId)
  }

  /** Ends the delivery of a channel that is no longer readable, and tells the reader. */
  drop(channel: Channel): void {
    const wasJoined = this.rooms.has(channel.id)
    this.rooms.delete(channel.id)
    // While it catches up, a stream has joined no room; channels selected by name are known anyway.
    const isNamed = this.selections.some(({ channelIds }) => channelIds !== '*' && channelIds.has(channel.id))
    if (!wasJoined && !isNamed) {
      // A page being read was checked under the old rights; replacing the backlog discards it.
      for (const [i, backlog] of this.backlogs.entries()) this.backlogs[i] = { ...backlog }
      return
    }
    this.deselect(new Set([channel.id]))
    this.sink.dropped([channel])
  }

  /** Parks or closes a reader that is too slow. */
  checkFlow(): void {
    const waiting = this.sink.buffered()
    if (waiting <= PARK_BYTES) return
    if (waiting > CLOSE_BYTES) this.end('slow_consumer')
    else this.park()
  }

  /** Called every second. */
  tick(now: number): void {
    this.checkFlow()
    if (this.sink.buffered() === 0) this.drained()
    if (this.stalledSince !== undefined && now - this.stalledSince > CLOSE_MILLISECONDS)
      this.end('slow_consumer')
    if (this.gone || now < this.nextBeat || this.stalledSince !== undefined) return
    this.nextBeat = now + this.sink.beatEvery
    this.sink.beat(this.position)
  }

  private park(): void {
    this.stalledSince ??= this.deps.clock.steady()
    this.reread()
  }

  /** Leaves live delivery and continues from the log, because the next events will not be announced. */
  reread(): void {
    if (this.live.size === 0) return
    const selections = [...this.live]
    this.live.clear()
    this.rooms.clear()
    background(this.catchUp(selections, this.hub.head, false), this.deps.report)
  }

  private catchUp(selections: readonly FeedFilter[], position: Seq, replay: boolean): Promise<void> {
    return new Promise((done) => {
      this.backlogs.push({ selections, position, since: this.hub.head, replay, done })
      if (!this.running) background(this.run(), this.deps.report)
    })
  }

  private async run(): Promise<void> {
    this.running = true
    const loop = this.deps.pace.loop()
    try {
      while (!this.gone && this.backlogs.length > 0) await this.step(loop)
    } catch (error) {
      this.hub.failed(this, error)
    } finally {
      this.running = false
    }
  }

  private async step(loop: PacedLoop): Promise<void> {
    if (this.sink.buffered() > PARK_BYTES) await this.untilDrained()
    // Reads the oldest backlog first. When it reaches another one, the two are merged, so that nothing is sent twice.
    const [backlog, next] = this.backlogs.toSorted((one, other) => one.position - other.position)
    if (!backlog || this.gone) return
    const end = Math.min(this.hub.head, next?.position ?? this.hub.head)
    if (backlog.position < end) return this.sendPage(backlog, end, loop)
    // This reader is ahead of the hub: the events in between are still being delivered to others and would be sent
    // twice. Wait until they are.
    const ahead = backlog.position > this.hub.head ? this.hub.flushed() : undefined
    if (ahead !== undefined) return ahead
    if (next) return this.merge(backlog, next)
    const channels = await this.hub.readableBy(this.actor, backlog.selections)
    // No await from here on. If events were announced in the meantime, they are read first.
    if (this.gone || this.backlogs[0] !== backlog || backlog.position < this.hub.head) return
    if (backlog.position > this.hub.head && this.hub.flushed() !== undefined) return
    // Backlogs added in the meantime continue on their own.
    this.backlogs.shift()
    for (const filter of backlog.selections) {
      this.live.add(filter)
      if (!this.liveFrom.has(filter)) this.liveFrom.set(filter, this.hub.head)
    }
    this.rooms.addAll(channels.map(({ id }) => id))
    backlog.done()
  }

  private async sendPage(backlog: Backlog, end: Seq, loop: PacedLoop): Promise<void> {
    const { selections, position } = backlog
    const page = await this.deps.feed.page(this.actor, selections, position, PAGE, end, loop)
    // The backlog may have been removed or replaced during the read.
    const isOver = () => this.gone || !this.backlogs.includes(backlog)
    if (isOver()) return
    for (let sent = 0; sent < page.events.length; ) {
      if ((await loop.turn()) && isOver()) return
      const count = this.sendBatch(page.events.slice(sent, sent + BATCH), backlog)
      loop.did(count)
      sent += count
      // A page of long messages may exceed the limit of unsent bytes. The rest is read again when the client has caught
      // up.
      if (this.sink.buffered() > PARK_BYTES) return
    }
    backlog.position = page.position
  }

  /** Sends events until too much is unsent, at least one. Returns how many. */
  private sendBatch(events: readonly SelectedEvent[], backlog: Backlog): number {
    let count = 0
    this.sink.batch(() => {
      for (const selected of events) {
        this.send(selected, backlog)
        backlog.position = selected.event.seq
        count++
        if (this.sink.buffered() > PARK_BYTES) return
      }
    })
    return count
  }

  /** Sends an event, and that it notifies the reader, unless another selection did. */
  private send({ event, isShown, reasons }: SelectedEvent, backlog: Backlog): void {
    const shows = isShown && !this.wasSent(event, backlog, (filter) => selects(filter, event))
    const tells = reasons !== 0 && !this.wasSent(event, backlog, (filter) => selectsItemOf(filter, event))
    if (tells) this.tellItem(event, reasons, backlog.replay, shows)
    else if (shows) this.sink.event(event, backlog.replay)
  }

  /**
   * Reports whether an event was already sent live by another selection that passes the test, after the backlog was
   * created.
   */
  private wasSent(
    event: LogEvent,
    { selections, since }: Backlog,
    test: (filter: FeedFilter) => boolean,
  ): boolean {
    if (event.seq <= since) return false
    return this.selections.some((filter) => {
      const liveFrom = this.liveFrom.get(filter)
      if (liveFrom === undefined || event.seq <= liveFrom || selections.includes(filter)) return false
      return test(filter)
    })
  }

  private merge(one: Backlog, other: Backlog): void {
    this.backlogs.splice(this.backlogs.indexOf(one), 1)
    this.backlogs.splice(this.backlogs.indexOf(other), 1, {
      selections: [...one.selections, ...other.selections],
      position: other.position,
      since: Math.max(one.since, other.since),
      replay: one.replay && other.replay,
      done: () => {
        one.done()
        other.done()
      },
    })
  }

  private untilDrained(): Promise<void> {
    this.stalledSince ??= this.deps.clock.steady()
    return new Promise((resolve) => {
      this.whenDrained = resolve
    })
  }
}
