import { eq } from 'drizzle-orm'
import type { Account } from '../core/entities'
import { changesRights, type EventBody, type LogEvent, toRecord } from '../core/events'
import type { Secrets, Seq } from '../core/ids'
import type { Writes } from '../core/ports'
import { type Clock, type Micros, toMicros } from '../core/time'
import type { Handle } from './database'
import { createReads, createWrites } from './queries'

/** What an act appends to the log inside its transaction. */
export class Appending {
  readonly events: LogEvent[] = []
  private seq: Seq
  private accessSeq: Seq
  private lastAt: Micros

  constructor(
    private readonly handle: Handle,
    private readonly clock: Clock,
    head: { readonly seq: Seq; readonly accessSeq: Seq; readonly lastAt: Micros },
  ) {
    this.seq = head.seq
    this.accessSeq = head.accessSeq
    this.lastAt = head.lastAt
  }

  /** Instants rise with seq, also when the clock is set back. */
  now(): Micros {
    return toMicros(Math.max(this.clock.now(), this.lastAt + 1))
  }

  async append(body: EventBody, actor: Account | null): Promise<LogEvent> {
    const event: LogEvent = { ...body, seq: this.seq + 1, at: this.now(), actor }
    this.seq = event.seq
    this.lastAt = event.at
    if (changesRights(event.type)) this.accessSeq = event.seq
    const { facts, ...record } = toRecord(event)
    await this.handle.db.insert(this.handle.t.events).values({ ...record, data: facts })
    this.events.push(event)
    return event
  }

  async writeHead(): Promise<void> {
    if (this.events.length === 0) return
    const { db, t } = this.handle
    const { seq, accessSeq, lastAt } = this
    await db.update(t.logHead).set({ seq, accessSeq, lastAt }).where(eq(t.logHead.id, 1))
  }
}

export function writesOver(handle: Handle, log: Appending, secrets: Secrets): Writes {
  return {
    ...createReads(handle),
    ...createWrites(handle, {
      now: () => log.now(),
      uuid: () => secrets.uuid(),
      sha256: (text) => secrets.sha256(text),
    }),
    now: () => log.now(),
    append: (event, actor) => log.append(event, actor),
  }
}
