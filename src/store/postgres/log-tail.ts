import { background } from '../../core/kernel/background'
import type { Seq } from '../../core/kernel/ids'
import type { Reads } from '../../core/kernel/ports'
import type { Catalogue } from '../../core/log/catalogue'
import type { EventRecord, LogEvent } from '../../core/log/events'

/** Records read at a time. */
const PAGE = 500

/** The shortest time between two reads that no caller waits for: with listeners, and without. */
const GATHER_MILLISECONDS = 5
const IDLE_GATHER_MILLISECONDS = 100

/** The first and the longest pause before a failed read of the log is retried. */
const RETRY_MILLISECONDS = 50
const LONGEST_RETRY_MILLISECONDS = 2000

/** Events that this process wrote, waiting until everything before them is announced. */
interface Own {
  /** Seq before the first event. */
  readonly base: Seq
  readonly events: readonly LogEvent[]
  readonly done: () => void
  readonly failed: (fault: unknown) => void
}

/** A caller that waits until the log is announced up to a seq. */
interface Waiting {
  readonly seq: Seq
  readonly done: () => void
  readonly failed: (fault: unknown) => void
}

/**
 * Announces a log that several processes write to, in order and without gaps. Events that this process wrote are
 * announced from memory once everything before them is announced. Events of other processes are read from the
 * database first. A hint that there is something to read may come late, twice or never.
 */
export class LogTail {
  /** Reports whether this process has listeners that want events at once. */
  hasReaders: () => boolean = () => true
  hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]> = async () => []
  /** Seq of the last announced event. Everything up to it is known here. */
  position: Seq
  private wanted: Seq
  private readonly own: Own[] = []
  private readonly waiting: Waiting[] = []
  private running = false
  private lastRead = Number.NEGATIVE_INFINITY
  private hurry: (() => void) | undefined
  /** The last pause before a retry; 0 while the log can be read. */
  private pause = 0
  private retry: Timer | undefined
  private isStopped = false

  constructor(
    private readonly catalogue: Catalogue,
    private readonly reads: Pick<Reads, 'events' | 'eventsExcept'>,
    position: Seq,
    private readonly emit: (events: readonly LogEvent[]) => void,
    /**
     * Called when the position moved past events that were not announced: quiet events while there were no listeners,
     * or an event of an unknown type.
     */
    private readonly skipped: (upTo: Seq) => void,
    private readonly report: (fault: unknown) => void,
  ) {
    this.position = position
    this.wanted = position
  }

  /**
   * Announces events that this process committed after `base`. Resolves when they are announced, or at once if there
   * are no listeners. Rejects if the log before them cannot be read; they are then announced later.
   */
  announce(base: Seq, events: readonly LogEvent[]): Promise<void> {
    if (base === this.position && !this.running && this.own.length === 0) {
      this.advance(events)
      return Promise.resolve()
    }
    const last = events.at(-1)
    if (last && !this.hasReaders()) {
      // Without listeners the events may as well be read a little later, together with those before them.
      this.hint(last.seq)
      return Promise.resolve()
    }
    return new Promise((done, failed) => {
      this.own.push({ base, events, done, failed })
      this.run()
    })
  }

  /** Says that there may be events up to `seq`. */
  hint(seq: Seq): void {
    if (seq > this.wanted) this.wanted = seq
    if (this.position < this.wanted || this.own.length > 0) this.run()
  }

  /** Resolves when everything up to `seq`, which must be committed, is announced. Rejects if it cannot be read. */
  waitFor(seq: Seq): Promise<void> {
    if (seq <= this.position) return Promise.resolve()
    if (this.isStopped) return Promise.reject(new Error('the log is closed'))
    return new Promise((done, failed) => {
      this.waiting.push({ seq, done, failed })
      this.hint(seq)
      this.hurry?.()
    })
  }

  /** Stops reading and rejects all waiting callers. */
  stop(): void {
    this.isStopped = true
    clearTimeout(this.retry)
    this.refuse(new Error('the log is closed'))
  }

  private run(): void {
    if (this.running || this.retry !== undefined || this.isStopped) return
    background(this.catchUp(), this.report)
  }

  private async catchUp(): Promise<void> {
    this.running = true
    try {
      for (;;) {
        this.emitOwn()
        const end = this.own[0]?.base ?? this.wanted
        // The check and the return happen in one synchronous step, so no hint is lost in between.
        if (this.position >= end || this.isStopped) return
        await this.gather()
        if (!this.hasReaders()) await this.advanceTo(end)
        else await this.read(end)
        this.pause = 0
      }
    } catch (fault) {
      this.failed(fault)
    } finally {
      this.running = false
    }
  }

  /** Rejects the waiting callers and schedules a retry. Hints until then change nothing. */
  private failed(fault: unknown): void {
    if (this.isStopped) return
    this.refuse(fault)
    // Reported once, until the log can be read again.
    if (this.pause === 0) this.report(fault)
    this.pause = Math.min(LONGEST_RETRY_MILLISECONDS, this.pause * 2 || RETRY_MILLISECONDS)
    this.retry = setTimeout(() => {
      this.retry = undefined
      this.run()
    }, this.pause)
    this.retry.unref()
  }

  private refuse(fault: unknown): void {
    for (const { failed } of [...this.waiting.splice(0), ...this.own]) failed(fault)
  }

  private async read(end: Seq): Promise<void> {
    const records = (await this.reads.events(this.position, PAGE)).filter(({ seq }) => seq <= end)
    // All events of this range have been removed from the log.
    if (records.length === 0) return this.advance([], end)
    for (const part of this.partsOf(records)) {
      this.advance(await this.hydrate(part), part.at(-1)?.seq)
      if (part.some((record) => this.isUnknown(record))) this.skipped(this.position)
    }
  }

  /** Without listeners, reads only the events that change rights. */
  private async advanceTo(end: Seq): Promise<void> {
    const records = await this.reads.eventsExcept(this.catalogue.quietTypes, this.position, end, PAGE)
    const parts = this.partsOf(records)
    for (const part of parts) {
      const events = await this.hydrate(part)
      // A listener that was added meanwhile gets every event from that moment on.
      if (this.hasReaders()) return
      const isLast = part === parts.at(-1) && records.length < PAGE
      this.advance(events, isLast ? end : part.at(-1)?.seq)
      this.skipped(this.position)
    }
  }

  /**
   * Splits records, at least into one part, before each known event that follows one of an unknown type. The unknown one
   * may change rights, so later events are read after the rights are loaded again.
   */
  private partsOf(records: readonly EventRecord[]): readonly EventRecord[][] {
    let part: EventRecord[] = []
    const parts = [part]
    let isAfterUnknown = false
    for (const record of records) {
      const isUnknown = this.isUnknown(record)
      if (isAfterUnknown && !isUnknown) {
        part = []
        parts.push(part)
      }
      part.push(record)
      isAfterUnknown = isUnknown
    }
    return parts
  }

  private isUnknown({ type }: EventRecord): boolean {
    return this.catalogue.find(type) === undefined
  }

  /**
   * Waits a moment between two reads, unless a caller waits for this one: under load this makes fewer, fuller pages.
   */
  private async gather(): Promise<void> {
    const least = this.hasReaders() ? GATHER_MILLISECONDS : IDLE_GATHER_MILLISECONDS
    const pause = this.lastRead + least - performance.now()
    if (pause > 0 && this.waiting.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.hurry = resolve
      const timer = setTimeout(resolve, pause)
      await promise
      clearTimeout(timer)
      this.hurry = undefined
    }
    this.lastRead = performance.now()
  }

  private emitOwn(): void {
    for (let first = this.own[0]; first && first.base <= this.position; first = this.own[0]) {
      this.own.shift()
      // Events that were read from the log meanwhile are announced already.
      const rest = first.events.filter(({ seq }) => seq > this.position)
      if (rest.length > 0) this.advance(rest)
      first.done()
    }
  }

  private advance(events: readonly LogEvent[], position = events.at(-1)?.seq ?? this.position): void {
    this.position = position
    if (this.wanted < position) this.wanted = position
    if (events.length > 0) this.emit(events)
    for (let i = this.waiting.length - 1; i >= 0; i--)
      if ((this.waiting[i]?.seq ?? 0) <= position) this.waiting.splice(i, 1)[0]?.done()
  }
}
