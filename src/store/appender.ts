import type { Account } from '../core/kernel/entities'
import type { Secrets } from '../core/kernel/ids'
import type { Writes } from '../core/kernel/ports'
import { type Clock, type Micros, toMicros } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import { type EventBody, type LogEvent, toRecord } from '../core/log/events'
import type { Handle } from './database'
import { createReads, createWrites } from './queries'
import type { LogHead } from './queries/log'

/** Writes the rows of acts in one transaction and appends their events to the log. */
export class Appender {
  readonly writes: Writes
  private appended: LogEvent[] = []
  private last: LogHead = { seq: 0, accessSeq: 0, lastAt: toMicros(0) }

  constructor(
    private readonly catalogue: Catalogue,
    readonly handle: Handle,
    private readonly clock: Clock,
    secrets: Secrets,
  ) {
    const now = () => this.now()
    this.writes = {
      ...createReads(handle),
      ...createWrites(handle, { now, uuid: () => secrets.uuid(), sha256: (text) => secrets.sha256(text) }),
      now,
      append: (body, actor) => this.append(body, actor),
    }
  }

  /** Starts a new transaction at this head and drops the events of the previous one. */
  beginAt(head: LogHead): void {
    this.appended = []
    this.last = head
  }

  get events(): readonly LogEvent[] {
    return this.appended
  }

  /** The head of the log after the appended events. */
  get head(): LogHead {
    return this.last
  }

  get changedRights(): boolean {
    return this.appended.some(({ type }) => this.catalogue.changesRights(type))
  }

  /** Returns the current time, but later than the last event: instants rise with seq even if the clock was set back. */
  private now(): Micros {
    return toMicros(Math.max(this.clock.now(), this.last.lastAt + 1))
  }

  private async append(body: EventBody, actor: Account | null): Promise<LogEvent> {
    const event: LogEvent = { ...body, seq: this.last.seq + 1, at: this.now(), actor }
    const { seq, at } = event
    const { accessSeq } = this.last
    this.last = { seq, lastAt: at, accessSeq: this.catalogue.changesRights(event.type) ? seq : accessSeq }
    const { facts, ...record } = toRecord(event)
    await this.handle.db.insert(this.handle.t.events).values({ ...record, data: facts })
    this.appended.push(event)
    return event
  }
}
