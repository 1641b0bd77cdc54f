import type { Seq } from '../../core/kernel/ids'
import type { Reads } from '../../core/kernel/ports'
import type { Catalogue } from '../../core/log/catalogue'
import type { EventRecord, LogEvent } from '../../core/log/events'
import type { SharedLog } from '../../core/log/shared-log'
import { type AnnouncedLog, tell } from '../announced-log'
import { translate } from './error'
import { LogTail } from './log-tail'
import type { Head } from './open'

/**
 * The log of a Postgres database as this process knows it: who is told of what, and how far it has come. The writer
 * announces here what it committed; what others wrote is read when a hint or a look at the head tells of it.
 */
export class PostgresSharedLog implements SharedLog, AnnouncedLog {
  /** When streams have carried what was announced; undefined means now. */
  flushed: () => Promise<void> | undefined = () => undefined
  private readonly tail: LogTail
  private readonly listeners: ((events: readonly LogEvent[]) => void)[] = []
  private readonly skipListeners: ((upTo: Seq) => void)[] = []
  private readonly writeListeners: ((upTo: Seq) => void)[] = []
  private readonly epochListeners: (() => void)[] = []
  private epoch: string
  private checking: Promise<void> | undefined
  private nextCheck: Promise<void> | undefined

  constructor(
    reads: Pick<Reads, 'events' | 'eventsExcept'>,
    head: Head,
    private readonly askHead: () => Promise<Head>,
    private readonly report: (fault: unknown) => void,
    catalogue: Catalogue,
  ) {
    this.epoch = head.epoch
    this.tail = new LogTail(
      catalogue,
      reads,
      head.seq,
      (events) => tell(this.listeners, events, report),
      (upTo) => tell(this.skipListeners, upTo, report),
      report,
    )
  }

  onCommit(listener: (events: readonly LogEvent[]) => void): void {
    this.listeners.push(listener)
  }

  onAdvance(listener: (upTo: Seq) => void): void {
    this.skipListeners.push(listener)
  }

  onWrite(listener: (upTo: Seq) => void): void {
    this.writeListeners.push(listener)
  }

  onEpoch(listener: () => void): void {
    this.epochListeners.push(listener)
  }

  hydrateWith(hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>): void {
    this.tail.hydrate = hydrate
  }

  answerAfterFlush(carried: () => Promise<void> | undefined): void {
    this.flushed = carried
  }

  followWhile(isHeard: () => boolean): void {
    this.tail.isHeard = isHeard
  }

  hint(seq: Seq): void {
    this.tail.hint(seq)
  }

  /** Asks the database; callers that come while it is being asked share the next question, which is newer than they. */
  readBarrier(): Promise<void> {
    if (!this.checking) {
      this.checking = this.check().finally(() => {
        this.checking = undefined
      })
      return this.checking
    }
    this.nextCheck ??= this.checking
      .catch(() => {})
      .then(() => {
        this.nextCheck = undefined
        return this.readBarrier()
      })
    return this.nextCheck
  }

  waitFor(seq: Seq): Promise<void> {
    return this.tail.waitFor(seq)
  }

  /** Reads no more; the store is about to close. */
  stop(): void {
    this.tail.stop()
  }

  /** Seq of the last event that was announced: by everything up to it this process judges. */
  get position(): Seq {
    return this.tail.position
  }

  /** Asks where the log stands, and resolves when it is known up to there. @throws unavailable */
  async check(): Promise<void> {
    try {
      await this.tail.waitFor((await this.askHead()).seq)
    } catch (error) {
      throw translate(error)
    }
  }

  /** A look at the database from time to time: what no hint told of is found by this. */
  noteHead({ seq, epoch }: Head): void {
    if (epoch !== this.epoch) {
      this.epoch = epoch
      for (const listener of this.epochListeners) listener()
    }
    this.tail.hint(seq)
  }

  /** See `LogTail.announce`. */
  announce(base: Seq, events: readonly LogEvent[]): Promise<void> {
    const last = events.at(-1)
    if (last) tell(this.writeListeners, last.seq, this.report)
    return this.tail.announce(base, events)
  }
}
