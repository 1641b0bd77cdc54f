import type { Seq } from '../../core/kernel/ids'
import type { Reads } from '../../core/kernel/ports'
import type { Catalogue } from '../../core/log/catalogue'
import type { EventRecord, LogEvent } from '../../core/log/events'
import type { Marks } from '../../core/log/marks'
import type { Hint, SharedLog } from '../../core/log/shared-log'
import { type AnnouncedLog, tell } from '../announced-log'
import { translate } from './error'
import { LogTail } from './log-tail'
import type { Head } from './open'
import { SharedMarks } from './shared-marks'

/**
 * The log of a Postgres database as this process knows it: its listeners, and the position up to which they have been
 * called. The writer announces here what it committed. Events of other processes are read when a hint or a look at
 * the head shows that there are some.
 */
export class PostgresSharedLog implements SharedLog, AnnouncedLog {
  /** Resolves when streams have sent what was announced; undefined if they already have. */
  flushed: () => Promise<void> | undefined = () => undefined
  private readonly tail: LogTail
  private readonly listeners: ((events: readonly LogEvent[]) => void)[] = []
  private readonly skipListeners: ((upTo: Seq) => void)[] = []
  private readonly writeListeners: ((hint: Hint) => void)[] = []
  private readonly markListeners: ((marks: Marks) => void)[] = []
  private readonly marks: SharedMarks
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
    /** Called when somebody listens to marks: from then on heads have their positions. */
    private readonly readMarks: () => void,
  ) {
    this.marks = new SharedMarks((marks) => tell(this.markListeners, marks, report))
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

  onMarks(listener: (marks: Marks) => void): void {
    this.markListeners.push(listener)
    this.readMarks()
  }

  onWrite(listener: (hint: Hint) => void): void {
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

  followWhile(hasReaders: () => boolean): void {
    this.tail.hasReaders = hasReaders
  }

  hint({ seq, marks }: Hint): void {
    this.tail.hint(seq)
    if (marks) this.marks.heard(marks)
  }

  /**
   * Reads the head from the database and waits until the log is known here up to it. Callers that arrive during a
   * query share the next one, which starts after their call.
   */
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

  /** Stops reading, because the store is being closed. */
  stop(): void {
    this.tail.stop()
  }

  /** Seq of the last announced event. This process judges rights as of this position. */
  get position(): Seq {
    return this.tail.position
  }

  /** Reads the head of the log. Resolves when everything up to it is known here. @throws unavailable */
  async check(): Promise<void> {
    try {
      await this.tail.waitFor((await this.askHead()).seq)
    } catch (error) {
      throw translate(error)
    }
  }

  /** Takes a head that was read periodically. This finds events that no hint announced, and new epochs. */
  noteHead({ seq, epoch, marked }: Head): void {
    if (epoch !== this.epoch) {
      this.epoch = epoch
      for (const listener of this.epochListeners) listener()
    }
    this.tail.hint(seq)
    if (marked) this.marks.read(marked)
  }

  /** See `LogTail.announce`. */
  announce(base: Seq, events: readonly LogEvent[], marks: Marks | undefined): Promise<void> {
    const seq = events.at(-1)?.seq ?? base
    if (events.length > 0 || marks) tell(this.writeListeners, { seq, marks }, this.report)
    if (marks) this.marks.heard(marks)
    return this.tail.announce(base, events)
  }
}
