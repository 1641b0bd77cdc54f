import type { Directory } from '../core/access/directory'
import type { Policy } from '../core/access/policy'
import { accountOf, credentialOf, expiryOf, type Person, principalOf } from '../core/identity/actor'
import { background } from '../core/kernel/background'
import type { Channel } from '../core/kernel/entities'
import { AppError } from '../core/kernel/errors'
import type { Seq } from '../core/kernel/ids'
import type { Clock } from '../core/kernel/time'
import type { Pace } from '../core/kernel/turns'
import type { Catalogue } from '../core/log/catalogue'
import { channelOf, concernedBy, type LogEvent, toRecord } from '../core/log/events'
import type { Feed, FeedFilter } from '../core/log/feed'
import type { EndReason, Sink, Streams } from '../core/log/streams'
import type { OpenLongPolls } from './long-polls'
import { type Audience, Rooms, type Topic } from './rooms'
import { PARK_BYTES, Stream } from './stream'

/** What the hub needs once the core is put together. */
export interface HubDeps {
  readonly catalogue: Catalogue
  readonly directory: Directory
  readonly policy: Policy
  readonly feed: Feed
  readonly clock: Clock
  readonly pace: Pace
  /** Sends an event to every socket subscribed to the topic, rendered once; answers its size in bytes. */
  readonly publish: (topic: string, event: LogEvent) => number
  /** Told of every stream that is not ended by its own reader. */
  readonly ended: (reader: Person, reason: EndReason) => void
  readonly report: (fault: unknown) => void
}

const TICK_MILLISECONDS = 1000

/**
 * Everybody who listens. Committed events come in here in the order of the log and go out at once: to sockets that want
 * all of a room, or its messages, by one native publish for all of them, to streams with another filter one by one, to held
 * requests as a wake-up. Nothing in an event depends on who reads it, so each is rendered once.
 */
export class Hub implements Streams {
  private readonly streams = new Set<Stream>()
  /** By the account that reads, and by that of the credential where somebody acts as another. */
  private readonly byAccount = new Map<number, Set<Stream>>()
  readonly rooms = new Rooms()
  /** Events, and places up to which the log was passed over. */
  private readonly incoming: (LogEvent | Seq)[] = []
  private announcing = false
  private ticking = false
  private whenOut: PromiseWithResolvers<void> | undefined
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
    this.streams.add(stream)
    for (const id of accountIdsOf(actor))
      this.byAccount.set(id, (this.byAccount.get(id) ?? new Set()).add(stream))
    return stream
  }

  openAccounts(): readonly number[] {
    return [...new Set([...this.streams].map(({ actor }) => actor.account.id))]
  }

  get openStreams(): number {
    return this.streams.size
  }

  /** Events by which the slowest stream is behind. */
  get readerLag(): number {
    let most = 0
    for (const { lag } of this.streams) most = Math.max(most, lag)
    return most
  }

  /** Whether anybody waits for events. */
  get isHeard(): boolean {
    return this.streams.size > 0 || this.longPolls.size > 0
  }

  /** Takes committed events, in order. They are out when this returns, unless rights have to be read first. */
  announce(events: readonly LogEvent[]): void {
    for (const event of events) this.incoming.push(event)
    if (!this.announcing) this.deliver()
    this.longPolls.notify(events)
  }

  /** Moves on over what is not announced. Streams and held requests are judged anew. */
  advanceTo(upTo: Seq): void {
    this.incoming.push(upTo)
    if (!this.announcing) this.deliver()
    this.longPolls.wakeAll()
  }

  /** When all that was announced is out; undefined if it is. */
  flushed(): Promise<void> | undefined {
    if (!this.announcing) return undefined
    this.whenOut ??= Promise.withResolvers()
    return this.whenOut.promise
  }

  /** Ends every stream and held request; the process is about to stop. */
  stop(): void {
    clearInterval(this.timer)
    this.longPolls.stop()
    for (const stream of [...this.streams]) stream.end('shutdown')
  }

  // What streams call.

  remove(stream: Stream): void {
    this.streams.delete(stream)
    for (const id of accountIdsOf(stream.actor)) {
      const own = this.byAccount.get(id)
      own?.delete(stream)
      if (own?.size === 0) this.byAccount.delete(id)
    }
  }

  ended(stream: Stream, reason: EndReason): void {
    this.deps.ended(stream.actor, reason)
  }

  /** The channels that these selections cover and the actor may read now. */
  readableBy(actor: Person, filters: readonly FeedFilter[]): Promise<readonly Channel[]> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const current = policy.current(actor)
      const ids = new Set<number>()
      for (const { channelIds } of filters) {
        if (channelIds === '*') return policy.readable(current)
        for (const id of channelIds) ids.add(id)
      }
      // Those that are named were judged a moment ago and are in memory, so that the stream is live at once.
      return directory.requireChannels(ids).filter((channel) => policy.mayRead(current, channel))
    })
  }

  /** A stream could not go on: most likely its credential ended while it read. */
  failed(stream: Stream, error: unknown): void {
    if (!(error instanceof AppError)) this.deps.report(error)
    stream.end('auth_revoked')
  }

  /** Hands on what came in, in order. What is only of a room's readers goes out at once; the rest has to be judged. */
  private deliver(): void {
    this.announcing = true
    for (let event = this.incoming[0]; event !== undefined; event = this.incoming[0]) {
      if (typeof event === 'number') {
        this.incoming.shift()
        // Whoever came while this waited for its turn reads from the log what is passed over here.
        if (event > this.position) for (const stream of [...this.streams]) stream.reread()
        this.position = Math.max(this.position, event)
        continue
      }
      if (this.deps.catalogue.find(event.type)?.lane !== 'room') {
        background(this.deliverJudged(event), this.deps.report)
        return
      }
      this.incoming.shift()
      this.position = event.seq
      this.toRoom(event)
    }
    this.announcing = false
    this.whenOut?.resolve()
    this.whenOut = undefined
  }

  /** An event that streams have to be judged for one by one, because of who sees it or of what it changes. */
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
        const readers = channel ? streams.filter((stream) => policy.mayRead(stream.actor, channel)) : []
        // Everything is judged; from here on it is done, in the same step, so that no stream falls between.
        this.position = event.seq
        for (const stream of audience) stream.offer(event)
        this.applyRights(event, readers)
      })
      .catch((fault) => {
        this.position = event.seq
        report(fault)
      })
    this.incoming.shift()
    this.deliver()
  }

  private toRoom(event: LogEvent): void {
    const channel = channelOf(event)
    for (const audience of channel ? this.rooms.of(channel.id) : [])
      try {
        this.send(event, audience)
      } catch (fault) {
        // The events after it go out all the same.
        this.deps.report(fault)
      }
  }

  private send(event: LogEvent, audience: Audience): void {
    if (event.type === 'message.created') this.publish(event, audience.messages)
    this.publish(event, audience.all)
    for (const stream of [...audience.filtered]) stream.offer(event)
  }

  private publish(event: LogEvent, topic: Topic): void {
    if (topic.streams.size === 0) return
    topic.unchecked += this.deps.publish(topic.name, event)
    if (topic.unchecked <= PARK_BYTES) return
    topic.unchecked = 0
    for (const stream of [...topic.streams]) stream.checkFlow()
  }

  /** What an event takes or gives: streams that lost a room leave it, those that follow everything join a new one. */
  private applyRights(event: LogEvent, readers: readonly Stream[]): void {
    const { facts } = event
    const account = concernedBy(event)
    const own = [...(account ? (this.byAccount.get(account.id) ?? []) : [])]
    switch (event.type) {
      case 'member.left':
        for (const stream of own) if (stream.actor.account.id === event.account.id) stream.drop(event.channel)
        return
      case 'channel.archived':
        for (const stream of [...this.streams]) stream.drop(event.channel)
        return
      case 'member.joined':
      case 'channel.unarchived':
        for (const stream of readers) if (stream.covers(event.channel.id)) stream.join(event.channel.id)
        return
      case 'account.archived':
        for (const stream of own) stream.end('auth_revoked')
        return
      case 'account.token_revoked':
      case 'account.session_ended':
        for (const stream of holdersOf(own, facts.token_id ?? facts.session_id)) stream.end('auth_revoked')
        return
      case 'account.token_issued':
        // The token that was replaced has an end now.
        for (const stream of holdersOf(own, facts.replaces)) this.recheckSoon(stream, 'expired')
        return
      // Whether somebody may act as another depends on what both are, and on what is set.
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

  /** A session may have been prolonged since the stream was opened; what has really ended ends it. */
  private async recheck(stream: Stream, reason: 'expired' | 'auth_revoked'): Promise<void> {
    const { directory, policy } = this.deps
    try {
      stream.actor = await directory.retryUntilLoaded(() => policy.current(stream.actor))
    } catch {
      stream.end(reason)
    }
  }

  /** Looks after every stream. Of many it takes more than a turn; then the next tick leaves it at that. */
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

/** Those of these streams that were opened with one credential. */
function holdersOf(streams: readonly Stream[], credential: unknown): readonly Stream[] {
  if (credential === undefined) return []
  return streams.filter((stream) => credentialOf(stream.actor)?.uuid === credential)
}

/** The accounts whose changes concern a stream of this actor. */
function accountIdsOf(actor: Person): Set<number> {
  return new Set([actor.account.id, accountOf(principalOf(actor))?.id ?? actor.account.id])
}
