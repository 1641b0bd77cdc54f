import type { Database } from 'bun:sqlite'
import { background } from '../core/background'
import type { Account } from '../core/entities'
import { changesRights, type EventBody, type LogEvent } from '../core/events'
import type { Secrets, Seq } from '../core/ids'
import { type Found, judgePost } from '../core/messages/judge-post'
import { type PostPlan, placed } from '../core/messages/post-plan'
import type { PostOutcome, Reads, Store, Writes } from '../core/ports'
import { type Clock, type Micros, toMicros } from '../core/time'
import { createReads, createWrites } from './queries'
import type { SqliteFaults } from './sqlite-faults'
import { handleOf } from './sqlite-open'
import { type HotRows, hotRows } from './sqlite-rows'
import { type Act, GROUP_TEXT, GROUP_WORKS, type Post, type Work } from './works'

/** A group ends after this long at the latest, so that the event loop stays alive. */
const GROUP_MILLISECONDS = 5

/** What came of a work. A refusal before its first row harms nobody; a failure after it spoils the group. */
type Ran =
  | { readonly wrote: 'all' | 'nothing'; readonly settle: () => void }
  | { readonly wrote: 'part'; readonly error: unknown }

/** Where the log stands; inside a transaction it runs ahead of what is committed. */
interface Place {
  seq: Seq
  accessSeq: Seq
  lastAt: Micros
}

/**
 * The one writer of a SQLite store. Works that are queued while one commit is on its way share the next, so that being
 * durable costs one fsync a group. Inside a group they run one after another, without savepoints: a work refuses
 * before its first row. If one fails after that, the group is rolled back and its works run again one by one, so that
 * only the failing one fails. Only after COMMIT is anything announced, and only then answered.
 */
export class SqliteStore implements Store {
  readonly reads: Reads
  private readonly rows: HotRows
  private readonly found: Found
  private readonly tx: Writes
  private readonly listeners: ((events: readonly LogEvent[]) => void)[] = []
  private readonly changes: { get(): { n: number } | null }
  private readonly begin: { run(): unknown }
  private readonly end: { run(): unknown }
  private queue: Work[] = []
  private scheduled = false
  private place: Place
  private committed: Place
  private pending: LogEvent[] = []
  private idle: (() => void) | undefined

  constructor(
    private readonly writer: Database,
    private readonly reader: Database,
    private readonly clock: Clock,
    secrets: Secrets,
    /** Told of faults that must fail nobody's request. */
    private readonly report: (fault: unknown) => void,
    private readonly faults: SqliteFaults,
    /** Told how many works shared a commit, and how many milliseconds it took. */
    private readonly measure: (works: number, milliseconds: number) => void = () => {},
  ) {
    const handle = handleOf(writer)
    this.reads = faults.guard(createReads(handleOf(reader)))
    this.rows = hotRows(writer, handle)
    this.found = {
      key: this.rows.findKey,
      message: this.rows.findMessage,
      requireRoom: () => faults.admitPost(),
    }
    this.changes = writer.prepare<{ n: number }, []>('SELECT total_changes() AS n')
    this.begin = writer.prepare('BEGIN IMMEDIATE')
    this.end = writer.prepare('COMMIT')
    this.committed = this.readHead()
    this.place = { ...this.committed }
    this.tx = {
      ...createReads(handle),
      ...createWrites(handle, {
        now: () => this.nextInstant(),
        uuid: () => secrets.uuid(),
        sha256: (text) => secrets.sha256(text),
      }),
      now: () => this.nextInstant(),
      append: async (event, actor) => this.append(event, actor),
    }
  }

  post(plan: PostPlan): Promise<PostOutcome> {
    return new Promise((resolve, reject) => this.enqueue({ plan, resolve, reject }))
  }

  transact<Result>(run: (tx: Writes) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => this.enqueue({ plan: null, run, resolve, reject }))
  }

  onCommit(listener: (events: readonly LogEvent[]) => void): void {
    this.listeners.push(listener)
  }

  /** Whether it can be read now, and written: after a failure a row of it is written again to find out. */
  isHealthy(): boolean {
    if (this.faults.isDamaged) return false
    try {
      if (this.reader.query('SELECT 1 FROM log_head').get() === null) return false
    } catch (error) {
      this.faults.translate(error)
      return false
    }
    return !this.faults.isFailing || this.tryToWrite()
  }

  /** Waits for what is queued, empties the write-ahead log and closes. */
  async close(): Promise<void> {
    if (this.scheduled) await new Promise<void>((resolve) => (this.idle = resolve))
    this.reader.close()
    try {
      this.writer.run('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (fault) {
      // What is committed is in the log of the next start.
      this.report(fault)
    }
    this.writer.close()
  }

  private enqueue(work: Work): void {
    this.queue.push(work)
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => background(this.drain(), this.report))
  }

  private async drain(): Promise<void> {
    try {
      await this.runGroup(this.queue)
    } catch (fault) {
      // The works behind it are done all the same.
      this.report(fault)
    }
    if (this.queue.length > 0) setImmediate(() => background(this.drain(), this.report))
    else {
      this.scheduled = false
      this.idle?.()
    }
  }

  /** Takes works from the front of the queue until the group is full, and commits them together. */
  private async runGroup(queue: Work[]): Promise<void> {
    const done: (() => void)[] = []
    const started = this.clock.steady()
    const deadline = started + GROUP_MILLISECONDS
    let taken = 0
    let text = 0
    let failure: { error: unknown } | undefined
    try {
      this.begin.run()
    } catch (error) {
      const refusal = this.faults.translate(error)
      for (const work of queue.splice(0, GROUP_WORKS)) work.reject(refusal)
      return
    }
    try {
      while (taken < queue.length && taken < GROUP_WORKS && text < GROUP_TEXT) {
        const work = queue[taken++]
        if (!work) break
        text += work.plan?.bodyLength ?? 0
        const before = this.pending.length
        // A post waits for nothing, so nothing is awaited for it.
        const outcome = work.plan ? this.runPost(work) : await this.runAct(work)
        if (outcome.wrote === 'part') {
          failure = outcome
          break
        }
        done.push(outcome.settle)
        // Whoever comes next is judged by the new rights, which take effect with the commit.
        if (!work.plan && this.pending.slice(before).some(({ type }) => changesRights(type))) break
        if (this.clock.steady() > deadline) break
      }
      if (!failure) this.commit()
    } catch (error) {
      failure = { error }
    }
    const works = queue.splice(0, taken)
    if (!failure) {
      this.measure(works.length, this.clock.steady() - started)
      this.announce()
      for (const settle of done) settle()
      return
    }
    this.rollback()
    if (works.length === 1) works[0]?.reject(this.faults.translate(failure.error))
    else for (const work of works) await this.runGroup([work])
  }

  private runPost(work: Post): Ran {
    const { seq } = this.place
    try {
      const outcome = this.write(work.plan)
      return { wrote: 'all', settle: () => work.resolve(outcome) }
    } catch (error) {
      return this.failed(work, error, this.place.seq !== seq)
    }
  }

  private async runAct(work: Act): Promise<Ran> {
    const before = this.totalChanges()
    try {
      this.faults.admitWrite()
      // The type of the result is that of whoever queued the work.
      const result = (await work.run(this.tx)) as never
      return { wrote: 'all', settle: () => work.resolve(result) }
    } catch (error) {
      return this.failed(work, error, this.totalChanges() !== before)
    }
  }

  private failed(work: Work, error: unknown, wrote: boolean): Ran {
    if (wrote) return { wrote: 'part', error }
    return { wrote: 'nothing', settle: () => work.reject(this.faults.translate(error)) }
  }

  private write(plan: PostPlan): PostOutcome {
    const judged = judgePost(plan, this.found)
    if (judged.replayed) return judged
    const { draft } = judged
    const place = { seq: this.place.seq + 1, at: this.nextInstant() }
    const event = placed(draft, place)
    this.place.seq = place.seq
    this.place.lastAt = place.at
    this.rows.insertMessage(draft.message, place)
    this.rows.insertEvent(event)
    const { idempotency } = plan
    if (idempotency)
      this.rows.insertKey(
        idempotency.accountId,
        idempotency.key,
        idempotency.requestHash,
        place.seq,
        place.at,
      )
    this.pending.push(event)
    return { replayed: false, event }
  }

  private append(body: EventBody, actor: Account | null): LogEvent {
    const event: LogEvent = { ...body, seq: this.place.seq + 1, at: this.nextInstant(), actor }
    this.place.seq = event.seq
    this.place.lastAt = event.at
    if (changesRights(event.type)) this.place.accessSeq = event.seq
    this.rows.insertEvent(event)
    this.pending.push(event)
    return event
  }

  private commit(): void {
    const { seq, accessSeq, lastAt } = this.place
    const wrote = seq !== this.committed.seq
    if (wrote) this.rows.writeHead(seq, accessSeq, lastAt)
    this.end.run()
    this.committed = { ...this.place }
    // A commit of nothing does not show that the disk is well.
    if (wrote) this.faults.wrote()
  }

  private announce(): void {
    const events = this.pending
    this.pending = []
    if (events.length === 0) return
    for (const listener of this.listeners)
      try {
        listener(events)
      } catch (fault) {
        this.report(fault)
      }
  }

  private rollback(): void {
    try {
      if (this.writer.inTransaction) this.writer.run('ROLLBACK')
    } catch (fault) {
      // SQLite ends the transaction all the same, and the next one begins with what is committed.
      this.report(fault)
    }
    this.pending = []
    this.place = { ...this.committed }
  }

  private tryToWrite(): boolean {
    if (this.writer.inTransaction) return false
    const { seq, accessSeq, lastAt } = this.committed
    try {
      this.begin.run()
      // The same row again would be no write at all; the next instant is later than this one anyway.
      this.place.lastAt = toMicros(lastAt + 1)
      this.rows.writeHead(seq, accessSeq, this.place.lastAt)
      this.end.run()
      this.committed = { ...this.place }
      this.faults.wrote()
      return true
    } catch (error) {
      this.faults.translate(error)
      this.rollback()
      return false
    }
  }

  /** Instants rise with seq, also when the clock is set back. */
  private nextInstant(): Micros {
    return toMicros(Math.max(this.clock.now(), this.place.lastAt + 1))
  }

  private totalChanges(): number {
    return this.changes.get()?.n ?? 0
  }

  private readHead(): Place {
    const row = this.writer
      .query<{ seq: Seq; access_seq: Seq; last_at: Micros }, []>(
        'SELECT seq, access_seq, last_at FROM log_head',
      )
      .get()
    if (!row) throw new Error('the log has no head')
    return { seq: row.seq, accessSeq: row.access_seq, lastAt: row.last_at }
  }
}
