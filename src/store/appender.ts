import type { Account } from '../core/kernel/entities'
import type { Secrets } from '../core/kernel/ids'
import type { Appended, Writes } from '../core/kernel/ports'
import { type Clock, type Micros, toMicros } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import { type EventBody, type LogEvent, type MessageEvent, toRecord } from '../core/log/events'
import { OpenMarks } from '../core/log/marks'
import { eventOfDraft, type LogPosition, type PostDraft } from '../core/messages/post-plan'
import type { Handle } from './database'
import { createReads, createWrites } from './queries'
import { eventInsert, type LogHead } from './queries/log'
import { messageInserts, type PlacedDraft } from './queries/message-rows'

/** Writes the rows of acts in one transaction and appends their events to the log. */
export class Appender {
  readonly writes: Writes
  /** What the transaction marks for the readers of Matrix. */
  readonly marks = new OpenMarks()
  private appended: LogEvent[] = []
  private readonly insertEvents: ReturnType<typeof eventInsert>
  private readonly insertMessages: ReturnType<typeof messageInserts>
  private registered: (() => void)[] = []
  private isLast = false
  private last: LogHead = { seq: 0, accessSeq: 0, lastAt: toMicros(0) }

  constructor(
    private readonly catalogue: Catalogue,
    readonly handle: Handle,
    private readonly clock: Clock,
    secrets: Secrets,
  ) {
    const now = () => this.now()
    this.insertEvents = eventInsert(handle)
    this.insertMessages = messageInserts(handle)
    this.writes = {
      ...createReads(handle),
      ...createWrites(
        handle,
        { now, uuid: () => secrets.uuid(), sha256: (text) => secrets.sha256(text) },
        this.marks,
      ),
      now,
      nextSeq: () => this.last.seq + 1,
      append: (body, actor) => this.append(body, actor),
      appendAll: (given) => this.appendAll(given),
      insertMessage: (draft) => this.insertMessage(draft),
      afterCommit: (effect) => this.registered.push(effect),
      endGroup: () => {
        this.isLast = true
      },
    }
  }

  /** Starts a new transaction at this head and drops the events of the previous one. */
  beginAt(head: LogHead): void {
    this.appended = []
    this.registered = []
    this.isLast = false
    this.marks.take()
    this.last = head
  }

  get events(): readonly LogEvent[] {
    return this.appended
  }

  /** What is called once the transaction is committed. */
  get effects(): readonly (() => void)[] {
    return this.registered
  }

  /** Forgets all but the first of them: the act that registered the others was refused. */
  keepEffects(count: number): void {
    this.registered.length = count
  }

  /** Reports whether later writes must be judged anew, after the commit. */
  get endsGroup(): boolean {
    return this.isLast || this.appended.some(({ type }) => this.catalogue.changesRights(type))
  }

  /** The head of the log after the appended events. */
  get head(): LogHead {
    return this.last
  }

  /** Returns the current time, but later than the last event: instants rise with seq even if the clock was set back. */
  private now(): Micros {
    return toMicros(Math.max(this.clock.now(), this.last.lastAt + 1))
  }

  private async append(body: EventBody, actor: Account | null): Promise<LogEvent> {
    const event = this.placed(body, actor)
    await this.write([event], [])
    return event
  }

  private async appendAll(given: readonly Appended[]): Promise<void> {
    const events: LogEvent[] = []
    const posts: PlacedDraft[] = []
    for (const one of given)
      if ('draft' in one) {
        const { draft } = one
        const place = this.place('message.created')
        posts.push({ draft, place })
        events.push(eventOfDraft(draft, place))
      } else events.push(this.placed(one.body, one.actor))
    await this.write(events, posts)
  }

  /** Gives an event the next position. */
  private placed(body: EventBody, actor: Account | null): LogEvent {
    return { ...body, ...this.place(body.type), actor }
  }

  /** Takes the next position for an event of this type. */
  private place(type: string): LogPosition {
    const seq = this.last.seq + 1
    const at = this.now()
    const { accessSeq } = this.last
    this.last = { seq, lastAt: at, accessSeq: this.catalogue.changesRights(type) ? seq : accessSeq }
    return { seq, at }
  }

  private async insertMessage(draft: PostDraft): Promise<MessageEvent> {
    const place = this.place('message.created')
    const event = eventOfDraft(draft, place)
    await this.write([event], [{ draft, place }])
    return event
  }

  private async write(events: readonly LogEvent[], posts: readonly PlacedDraft[]): Promise<void> {
    await Promise.all([
      posts.length > 0 && this.insertMessages(posts),
      events.length > 0 && this.insertEvents(events.map(toRecord)),
    ])
    this.appended.push(...events)
  }
}
