import type { Directory } from '../core/access/directory'
import type { Policy } from '../core/access/policy'
import { accountOf, expiryOf, type Person, principalOf } from '../core/identity/actor'
import { reasonsFor } from '../core/inbox/notified'
import { background } from '../core/kernel/background'
import type { Account, Channel } from '../core/kernel/entities'
import { AppError } from '../core/kernel/errors'
import type { Seq } from '../core/kernel/ids'
import type { Clock } from '../core/kernel/time'
import type { Pace } from '../core/kernel/turns'
import type { Catalogue } from '../core/log/catalogue'
import {
  channelOf,
  type LogEvent,
  notifiedIn,
  notifiesMembers,
  subjectAccount,
  toRecord,
} from '../core/log/events'
import type { Feed, FeedFilter } from '../core/log/feed'
import type { Frame } from '../core/log/frames'
import type { EndReason, Sink, Streams } from '../core/log/streams'
import { changesReaders, holdersOf, isHiddenFromSome } from './event-effects'
import type { OpenLongPolls } from './long-polls'
import { type Audience, Rooms, type Topic } from './rooms'
import { PARK_BYTES, Stream } from './stream'

/** The dependencies of the hub. Available after the core is created. */
export interface HubDeps {
  readonly catalogue: Catalogue
  readonly directory: Directory
  readonly policy: Policy
  readonly feed: Feed
  readonly clock: Clock
  readonly pace: Pace
  /** Sends an event, rendered once, to every socket subscribed to the topic. Returns its size in bytes. */
  readonly publish: (topic: string, event: LogEvent) => number
  /** Called when a stream was sent that a message notifies its reader. */
  readonly notified: (accountId: number, message: Seq) => void
  /** Called for every stream that ends, unless its reader closed it. */
  readonly ended: (reader: Person, reason: EndReason) => void
  /** Called when the first stream of an account was opened, or its last one closed. */
  readonly streamChanged: (account: Account, isOpen: boolean) => void
  readonly report: (fault: unknown) => void
}

const TICK_MILLISECONDS = 1000

/**
 * Delivers committed events to live readers. Events arrive in log order and go out at once. Sockets that want all
 * events of a room, or all its messages, get them by one native publish to a topic. Streams with other filters get them
 * one by one. Long-polls are woken. An event reads the same for every reader, so it is rendered once.
 */
export class Hub implements Streams {
  private readonly streams = new Set<Stream>()
  /** By the reader's account, and by the credential's account if the reader acts as another one. */
  private readonly byAccount = new Map<number, Set<Stream>>()
  readonly rooms = new Rooms()
  /** Events to deliver, and positions up to which the log was skipped. */
  private readonly incoming: (LogEvent | Seq)[] = []
  private announcing = false
  private ticking = false
  private whenFlushed: PromiseWithResolvers<void> | undefined
  private readonly timer: Timer
  private position: Seq

  constructor(
    private readonly deps: HubDeps,
    private readonly longPolls: OpenLongPolls,
    head: Seq,
  ) {
    this.position = head
    this.timer = setInterval(() => background(this.tick(), deps.report), TICK_MILLISECONDS)
    this.timer.unref()
  }

  get head(): Seq {
    return this.position
  }

  open(actor: Person, sink: Sink): Stream {
    const stream = new Stream(this, this.deps, actor, sink)
    const isFirst = !this.hasStreamOf(actor.account)
    this.streams.add(stream)
    for (const id of accountIdsOf(actor))
      this.byAccount.set(id, (this.byAccount.get(id) ?? new Set()).add(stream))
    if (isFirst) this.deps.streamChanged(actor.account, true)
    return stream
  }

  openAccounts(): readonly number[] {
    return [...new Set([...this.streams].map(({ actor }) => actor.account.id))]
  }

  get openStreams(): number {
    return this.streams.size
  }

  get hasStreams(): boolean {
    return this.streams.size > 0
  }

  /**
   * Sends a frame to the streams that receive it. Streams that catch up with the log miss it: frames are not kept for
   * them.
   */
  async frame(frame: Frame): Promise<void> {
    const { directory, feed } = this.deps
    const audience = await directory.retryUntilLoaded(() =>
      [...this.streams].filter(({ actor, sink, liveSelections }) => {
        if (sink.frames === 'none') return false
        return feed.coversFrame(actor, liveSelections, frame, sink.frames === 'named')
      }),
    )
    for (const stream of audience) stream.tell(frame)
  }

  /** The lag of the slowest stream, in events. */
  get readerLag(): number {
    let most = 0
    for (const { lag } of this.streams) most = Math.max(most, lag)
    return most
  }

  /** Whether any reader waits for events. */
  get hasReaders(): boolean {
    return this.streams.size > 0 || this.longPolls.size > 0
  }

  /**
   * Delivers committed events, which arrive in order. They are sent when this returns, unless rights must be read
   * first.
   */
  announce(events: readonly LogEvent[]): void {
    for (const event of events) this.incoming.push(event)
    if (!this.announcing) this.deliver()
    this.longPolls.notify(events.filter((event) => !this.isForNobody(event)))
  }

  /** Moves past events that are not announced. Streams read them from the log, and long-polls look again. */
  advanceTo(upTo: Seq): void {
    this.incoming.push(upTo)
    if (!this.announcing) this.deliver()
    this.longPolls.wakeAll()
  }

  /** Resolves when all announced events are sent; undefined if they are. */
  flushed(): Promise<void> | undefined {
    if (!this.announcing) return undefined
    this.whenFlushed ??= Promise.withResolvers()
    return this.whenFlushed.promise
  }

  /** Ends all streams and long-polls, because the process is about to stop. */
  stop(): void {
    clearInterval(this.timer)
    this.longPolls.stop()
    for (const stream of [...this.streams]) stream.end('shutdown')
  }

  // Called by streams.

  remove(stream: Stream): void {
    if (!this.streams.delete(stream)) return
    for (const id of accountIdsOf(stream.actor)) {
      const own = this.byAccount.get(id)
      own?.delete(stream)
      if (own?.size === 0) this.byAccount.delete(id)
    }
    const { account } = stream.actor
    if (!this.hasStreamOf(account)) this.deps.streamChanged(account, false)
  }

  ended(stream: Stream, reason: EndReason): void {
    this.deps.ended(stream.actor, reason)
  }

  /** Returns the channels that the selections cover and the actor may read now. */
  readableBy(actor: Person, filters: readonly FeedFilter[]): Promise<readonly Channel[]> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const current = policy.current(actor)
      const ids = new Set<number>()
      for (const { channelIds } of filters) {
        if (channelIds === '*') return policy.readable(current)
        for (const id of channelIds) ids.add(id)
      }
      // Named channels were checked a moment ago and are in memory, so the stream becomes live at once.
      return directory.requireChannels(ids).filter((channel) => policy.mayRead(current, channel))
    })
  }

  /** Ends a stream that cannot continue, most likely because its credential ended while it read. */
  failed(stream: Stream, error: unknown): void {
    if (!(error instanceof AppError)) this.deps.report(error)
    stream.end('auth_revoked')
  }

  /**
   * Delivers incoming events in order. Events of the room lane are sent at once; the others wait for `deliverJudged`.
   */
  private deliver(): void {
    this.announcing = true
    for (let event = this.incoming[0]; event !== undefined; event = this.incoming[0]) {
      if (typeof event === 'number') {
        this.incoming.shift()
        // Streams opened while this position waited in the queue read the skipped events from the log.
        if (event > this.position) for (const stream of [...this.streams]) stream.reread()
        this.position = Math.max(this.position, event)
        continue
      }
      const isSeen = !this.isForNobody(event)
      if (isSeen && this.mustBeJudged(event)) {
        background(this.deliverJudged(event), this.deps.report)
        return
      }
      this.incoming.shift()
      this.position = event.seq
      if (isSeen) this.toRoom(event)
    }
    this.announcing = false
    this.whenFlushed?.resolve()
    this.whenFlushed = undefined
  }

  private isForNobody({ type }: LogEvent): boolean {
    return this.deps.catalogue.find(type)?.audience === 'nobody'
  }

  /** Reports whether an event is not of the room lane, or reads or notifies differently for its readers. */
  private mustBeJudged(event: LogEvent): boolean {
    if (this.deps.catalogue.find(event.type)?.lane !== 'room' || isHiddenFromSome(event)) return true
    return notifiesMembers(event.facts) && [...this.streams].some(({ wantsItems }) => wantsItems)
  }

  /** Delivers an event whose audience or effect must be judged for each stream. */
  private async deliverJudged(event: LogEvent): Promise<void> {
    const { directory, feed, policy, report } = this.deps
    await directory
      .retryUntilLoaded(() => {
        const streams = [...this.streams]
        const id = channelOf(event)?.id
        const channel = id === undefined ? undefined : directory.channel(id)
        if (channel) directory.requireMembers(channel.id, this.openAccounts())
        const record = toRecord(event)
        const audience = streams.filter((stream) => feed.isVisibleTo(stream.actor, record))
        const notified = notifiedIn(event.facts)
        const reasons = audience.map(({ actor: { account } }) => {
          const isForMembers = notifiesMembers(event.facts) && channel
          const member = isForMembers ? directory.member(account.id, channel.id) : undefined
          return reasonsFor(account, notified, record, member)
        })
        const readers =
          channel && changesReaders(event)
            ? streams.filter((stream) => stream.covers(channel.id) && policy.mayRead(stream.actor, channel))
            : []
        // Everything is judged. The rest runs synchronously, so that no stream misses the event.
        this.position = event.seq
        for (const [i, stream] of audience.entries()) stream.offer(event, reasons[i] ?? 0)
        this.applyRights(event, readers)
      })
      .catch((fault) => {
        this.position = event.seq
        report(fault)
      })
    this.incoming.shift()
    this.deliver()
  }

  private hasStreamOf({ id }: Account): boolean {
    return [...(this.byAccount.get(id) ?? [])].some(({ actor }) => actor.account.id === id)
  }

  private toRoom(event: LogEvent): void {
    const channel = channelOf(event)
    for (const audience of channel ? this.rooms.of(channel.id) : [])
      try {
        this.send(event, audience)
      } catch (fault) {
        // Later events are delivered anyway.
        this.deps.report(fault)
      }
  }

  private send(event: LogEvent, audience: Audience): void {
    if (event.type === 'message.created') this.publish(event, audience.messages)
    this.publish(event, audience.all)
    const { notified } = notifiedIn(event.facts)
    const reasons = notified && new Map(notified)
    for (const stream of [...audience.filtered])
      stream.offer(event, reasons?.get(stream.actor.account.id) ?? 0)
    for (const [id, why] of reasons ?? [])
      for (const stream of [...(this.byAccount.get(id) ?? [])])
        if (stream.actor.account.id === id && audience.publishesTo(stream)) stream.offerItem(event, why)
  }

  private publish(event: LogEvent, topic: Topic): void {
    if (topic.streams.size === 0) return
    topic.unchecked += this.deps.publish(topic.name, event)
    if (topic.unchecked <= PARK_BYTES) return
    topic.unchecked = 0
    for (const stream of [...topic.streams]) stream.checkFlow()
  }

  /**
   * Applies the event's changes of rights: streams leave a room they can no longer read, and streams that follow
   * everything join a new one. `readers` are the streams that cover the room and may read it now.
   */
  private applyRights(event: LogEvent, readers: readonly Stream[]): void {
    const { facts } = event
    const account = subjectAccount(event)
    const own = [...(account ? (this.byAccount.get(account.id) ?? []) : [])]
    switch (event.type) {
      case 'member.left':
        // An observer reads on.
        for (const stream of own)
          if (stream.actor.account.id === event.account.id && !readers.includes(stream))
            stream.drop(event.channel)
        return
      case 'channel.archived':
        for (const stream of [...this.streams]) stream.drop(event.channel)
        return
      case 'member.joined':
      case 'channel.created':
      case 'channel.unarchived':
        for (const stream of readers) stream.join(event.channel.id)
        return
      case 'account.archived':
        for (const stream of own) stream.end('auth_revoked')
        return
      case 'account.erased':
        for (const stream of own) stream.end('auth_revoked')
        // The scopes of other tokens may have named the account by its handle.
        for (const stream of this.streams) this.recheckSoon(stream, 'auth_revoked')
        return
      case 'account.token_revoked':
      case 'account.session_ended':
        for (const stream of holdersOf(own, facts.token_id ?? facts.session_id)) stream.end('auth_revoked')
        return
      case 'account.token_issued':
        // The replaced token now has an expiry.
        for (const stream of holdersOf(own, facts.replaces)) this.recheckSoon(stream, 'expired')
        return
      // Whether an account may act as another depends on both accounts and on settings.
      case 'account.updated':
        this.recheckActing(own)
        return
      case 'setting.changed':
        this.recheckActing(this.streams)
    }
  }

  private recheckActing(streams: Iterable<Stream>): void {
    for (const stream of streams) if (stream.actor.via === 'acting') this.recheckSoon(stream, 'auth_revoked')
  }

  private recheckSoon(stream: Stream, reason: 'expired' | 'auth_revoked'): void {
    background(this.recheck(stream, reason), this.deps.report)
  }

  /**
   * A session may have been extended since the stream was opened. The check ends the stream if the credential has
   * ended.
   */
  private async recheck(stream: Stream, reason: 'expired' | 'auth_revoked'): Promise<void> {
    const { directory, policy } = this.deps
    try {
      stream.actor = await directory.retryUntilLoaded(() => policy.current(stream.actor))
    } catch {
      stream.end(reason)
    }
  }

  /** Maintains every stream. With many streams this takes several turns; the next tick is skipped while it runs. */
  private async tick(): Promise<void> {
    if (this.ticking) return
    this.ticking = true
    try {
      const { clock, pace } = this.deps
      const steady = clock.steady()
      const now = clock.now()
      const loop = pace.loop()
      for (const stream of [...this.streams]) {
        await loop.turn()
        loop.did(1)
        if (!this.streams.has(stream)) continue
        const expiry = expiryOf(stream.actor)
        if (expiry !== null && expiry <= now) this.recheckSoon(stream, 'expired')
        else stream.tick(steady)
      }
    } finally {
      this.ticking = false
    }
  }
}

/** Returns the accounts whose changes affect a stream of this actor. */
function accountIdsOf(actor: Person): Set<number> {
  return new Set([actor.account.id, accountOf(principalOf(actor))?.id ?? actor.account.id])
}
