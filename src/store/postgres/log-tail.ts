import { background } from '../../core/kernel/background'
import type { Seq } from '../../core/kernel/ids'
import type { Reads } from '../../core/kernel/ports'
import type { Catalogue } from '../../core/log/catalogue'
import type { EventRecord, LogEvent } from '../../core/log/events'

/** Records read at a time. */
const PAGE = 500

/** The least time between two reads that nobody waits for: where somebody listens, and where nobody does. */
const GATHER_MILLISECONDS = 5
const IDLE_GATHER_MILLISECONDS = 100

/** Where the log cannot be read, the first pause before the next attempt, and the longest. */
const RETRY_MILLISECONDS = 50
const LONGEST_RETRY_MILLISECONDS = 2000

/** A stretch of the log that this process wrote, waiting for its turn. */
interface Own {
  /** Seq before its first event. */
  readonly base: Seq
  readonly events: readonly LogEvent[]
  readonly done: () => void
  readonly failed: (fault: unknown) => void
}

/** Somebody who waits until the log is announced up to a seq. */
interface Waiting {
  readonly seq: Seq
  readonly done: () => void
  readonly failed: (fault: unknown) => void
}

/**
 * The log of a database that several processes write to, as this one announces it: gap-free and in order. What it wrote
 * itself goes out as it is as soon as everything before it is out; what others wrote is read first. Being told that
 * there is something to read is only a hint, which may come late, twice or never.
 */
export class LogTail {
  /** Whether anybody here wants to hear of events the moment they happen. */
  isHeard: () => boolean = () => true
  hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]> = async () => []
  /** Seq of the last event that was announced: everything up to it is known here. */
  position: Seq
  private wanted: Seq
  private readonly own: Own[] = []
  private readonly waiting: Waiting[] = []
  private running = false
  private lastRead = Number.NEGATIVE_INFINITY
  private hurry: (() => void) | undefined
  /** The last pause before another attempt; 0 while the log can be read. */
  private pause = 0
  private retry: Timer | undefined
  private isStopped = false

  constructor(
    private readonly catalogue: Catalogue,
    private readonly reads: Pick<Reads, 'events' | 'eventsExcept'>,
    position: Seq,
    private readonly emit: (events: readonly LogEvent[]) => void,
    /** Told that up to here there were events that change no rights while nobody listened, or an event of an unknown type. */
    private readonly skipped: (upTo: Seq) => void,
    private readonly report: (fault: unknown) => void,
  ) {
    this.position = position
    this.wanted = position
  }

  /**
   * Announces what this process committed after `base`. Resolves when it is out, or when nobody here listens. Rejects when
   * what is before it cannot be read: then it is announced later.
   */
  announce(base: Seq, events: readonly LogEvent[]): Promise<void> {
    if (base === this.position && !this.running && this.own.length === 0) {
      this.advance(events)
      return Promise.resolve()
    }
    const last = events.at(-1)
    if (last && !this.isHeard()) {
      // Nobody is kept waiting by reading it with what is before it, a little later.
      this.hint(last.seq)
      return Promise.resolve()
    }
    return new Promise((done, failed) => {
      this.own.push({ base, events, done, failed })
      this.run()
    })
  }

  /** There may be something up to `seq`. */
  hint(seq: Seq): void {
    if (seq > this.wanted) this.wanted = seq
    if (this.position < this.wanted || this.own.length > 0) this.run()
  }

  /** Resolves when everything up to `seq`, which is committed, is announced. Rejects when it cannot be read. */
  waitFor(seq: Seq): Promise<void> {
    if (seq <= this.position) return Promise.resolve()
    if (this.isStopped) return Promise.reject(new Error('the log is closed'))
    return new Promise((done, failed) => {
      this.waiting.push({ seq, done, failed })
      this.hint(seq)
      this.hurry?.()
    })
  }

  /** Reads no more. */
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
        // It ends in the same step, so that no hint falls between.
        if (this.position >= end || this.isStopped) return
        await this.gather()
        if (!this.isHeard()) await this.skip(end)
        else await this.read(end)
        this.pause = 0
      }
    } catch (fault) {
      this.failed(fault)
    } finally {
      this.running = false
    }
  }

  /** Fails those who wait. What they waited for is read after a pause; hints until then change nothing. */
  private failed(fault: unknown): void {
    if (this.isStopped) return
    this.refuse(fault)
    // Said once, until it can be read again.
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
    // Nothing more is kept of this stretch.
    if (records.length === 0) return this.advance([], end)
    const part = this.upToUnknown(records)
    this.advance(await this.hydrate(part), part.at(-1)?.seq)
    if (part.some((record) => this.isUnknown(record))) this.skipped(this.position)
  }

  /** Where nobody listens, only those events are read that change the rights by which others are judged. */
  private async skip(end: Seq): Promise<void> {
    const records = await this.reads.eventsExcept(this.catalogue.quietTypes, this.position, end, PAGE)
    const part = this.upToUnknown(records)
    const events = await this.hydrate(part)
    // Whoever came meanwhile hears everything from the moment it came.
    if (this.isHeard()) return
    const isWhole = part.length === records.length && records.length < PAGE
    this.advance(events, isWhole ? end : part.at(-1)?.seq)
    this.skipped(this.position)
  }

  /** These records up to the first of an unknown type: what comes after it is read by the rights of after it. */
  private upToUnknown(records: readonly EventRecord[]): readonly EventRecord[] {
    const first = records.findIndex((record) => this.isUnknown(record))
    return first < 0 ? records : records.slice(0, first + 1)
  }

  private isUnknown({ type }: EventRecord): boolean {
    return this.catalogue.find(type) === undefined
  }

  /** While much is written, waits a moment between two reads, unless somebody waits for this one: fewer, fuller pages. */
  private async gather(): Promise<void> {
    const least = this.isHeard() ? GATHER_MILLISECONDS : IDLE_GATHER_MILLISECONDS
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
      // What was read from the log meanwhile is out already.
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
