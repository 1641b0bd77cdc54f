/**
 * The engine for the embedded database. This folder may import what src/store may.
 * Start here: how a group becomes one transaction of the only connection that writes, which is in a thread of its own
 * (writer.ts, thread/). ../group-commit.ts says what a group is.
 */
import type { Database } from 'bun:sqlite'
import { type Clock, toMicros } from '../../core/kernel/time'
import type { Found } from '../../core/messages/judge-post'
import { type LogPosition, nthPosition } from '../../core/messages/post-plan'
import type { Engine, Group, JudgedPost, Outcome, Transaction } from '../engine'
import type { LogHead } from '../queries/log'
import { ActStatements } from './act-transaction'
import type { SqliteFaults } from './faults'
import { handleOf } from './open'
import { type HotRows, hotRows, lookUps, type PostRows } from './rows'
import { type Batch, WRONG_CHANGES } from './thread/protocol'
import { isThreadEnd, StatementError } from './thread/thread'
import type { Writer } from './writer'

/** The store counts as unhealthy after this long without an answer of the writer. */
const PATIENCE_MILLISECONDS = 10_000

export interface SqliteEngineDeps {
  readonly writer: Writer
  readonly reader: Database
  /** The head of the log when the store was opened. */
  readonly head: LogHead
  readonly clock: Pick<Clock, 'now'>
  readonly faults: SqliteFaults
}

/** A post could not be written, and the others of its group may be. */
class PostFailed extends Error {
  constructor(
    readonly post: number,
    cause: StatementError,
  ) {
    super(cause.message, { cause })
  }
}

/**
 * No other process writes, so the head of the log is kept in memory and changes only with a commit. Groups get their
 * positions here, and one is in flight at a time. There are no savepoints: if anything fails, the whole transaction is
 * rolled back.
 */
export class SqliteEngine implements Engine {
  readonly sharesCommits = true
  private readonly rows: HotRows
  private readonly found: Found
  private acts: ActStatements
  private head: LogHead
  /** Whether the write-ahead log may hold what was removed. After a crash it may. */
  private hasRemoved = true

  constructor(private readonly deps: SqliteEngineDeps) {
    const { reader, faults } = deps
    const handle = handleOf(reader)
    this.rows = hotRows(handle)
    // Rows are looked up one by one when needed. Nothing is in flight meanwhile, so the reader sees what is announced.
    this.found = { ...lookUps(reader, handle), requireRoom: () => faults.admitPost() }
    this.acts = this.newActs()
    this.head = deps.head
  }

  lookUp(): Found {
    return this.found
  }

  async write({ posts }: Group): Promise<LogPosition> {
    const first = this.nextPosition()
    const rows = this.rows.ofPosts(posts, first)
    const next = this.headAfter(first, posts.length)
    await this.commit(next, rows, (moveHead) => this.deps.writer.write([...rows.batches, moveHead]))
    return first
  }

  async transact<Result>(
    { posts }: Group,
    run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
  ): Promise<Result> {
    const { writer, faults } = this.deps
    faults.admitWrite()
    const first = posts.length > 0 ? this.nextPosition() : undefined
    const rows = first && this.rows.ofPosts(posts, first)
    const head = first ? this.headAfter(first, posts.length) : this.head
    if (this.acts.isOver) this.acts = this.newActs()
    const { acts } = this
    try {
      await attributed(rows, () => writer.begin(rows?.batches ?? []))
      const done = await acts.during(() =>
        run({ handle: acts.handle, head, first, writes: () => acts.writes }),
      )
      if (acts.writes === 0 && done.head.seq === this.head.seq) await writer.rollback()
      else await this.commit(this.movedOn(done.head), undefined, (moveHead) => writer.commit([moveHead]))
      this.hasRemoved ||= acts.hasRemoved
      return done.result
    } catch (error) {
      await writer.rollback()
      throw error
    }
  }

  async outcome(_: readonly JudgedPost[], error: unknown): Promise<Outcome> {
    if (isThreadEnd(error)) return { kind: 'retry' }
    if (this.deps.faults.isTrouble(error)) return { kind: 'failed' }
    return error instanceof PostFailed ? { kind: 'split', post: error.post } : { kind: 'split' }
  }

  translate(error: unknown): unknown {
    return this.deps.faults.translate(error)
  }

  /** Reports whether the store could be read and written when that was last tried. */
  get isHealthy(): boolean {
    return !this.deps.faults.isFailing && this.deps.writer.silentFor < PATIENCE_MILLISECONDS
  }

  /**
   * Empties the write-ahead log if something was removed since the last time. Otherwise old versions of pages stay in it.
   * Does nothing while a reader or an act is in the way.
   */
  async forgetRemoved(): Promise<void> {
    if (!this.hasRemoved) return
    this.hasRemoved = false
    let isEmptied = false
    try {
      isEmptied = await this.deps.writer.emptyLog()
    } finally {
      if (!isEmptied) this.hasRemoved = true
    }
  }

  /** Empties the write-ahead log and closes. @throws StatementError if the log was not emptied */
  async close(): Promise<void> {
    this.deps.reader.close()
    await this.deps.writer.close()
  }

  private newActs(): ActStatements {
    const { writer } = this.deps
    return new ActStatements(
      (query) => writer.query(query),
      (batches) => writer.run(batches),
    )
  }

  /** Instants rise with seq even if the clock was set back. */
  private nextPosition(): LogPosition {
    const { seq, lastAt } = this.head
    return { seq: seq + 1, at: toMicros(Math.max(this.deps.clock.now(), lastAt + 1)) }
  }

  private headAfter(first: LogPosition, posts: number): LogHead {
    const { seq, at } = nthPosition(first, posts - 1)
    return { seq, accessSeq: this.head.accessSeq, lastAt: at }
  }

  /** Every commit moves the instant of the head, even one without an event: so it shows what was committed. */
  private movedOn(head: LogHead): LogHead {
    const lastAt = toMicros(Math.max(head.lastAt, this.head.lastAt + 1))
    return { ...head, lastAt }
  }

  /** Commits, and finds out whether it was committed if the thread ended before it answered. */
  private async commit(
    next: LogHead,
    rows: PostRows | undefined,
    send: (moveHead: Batch) => Promise<void>,
  ): Promise<void> {
    try {
      await attributed(rows, () => send(this.rows.moveHead(this.head, next)))
    } catch (error) {
      if (error instanceof StatementError && error.code === WRONG_CHANGES) throw this.lost()
      if (!isThreadEnd(error) || !this.isStored(next)) throw error
    }
    this.head = next
    this.deps.faults.wrote()
  }

  private isStored(next: LogHead): boolean {
    const sql = 'SELECT seq, last_at AS lastAt FROM log_head'
    const stored = this.deps.reader.query<Pick<LogHead, 'seq' | 'lastAt'>, []>(sql).get()
    const isAt = ({ seq, lastAt }: LogHead) => stored?.seq === seq && stored.lastAt === lastAt
    if (isAt(next)) return true
    if (isAt(this.head)) return false
    throw this.lost()
  }

  private lost(): Error {
    return this.deps.writer.lost(
      'the log of the store is not where this server left it: another process has written to the store',
      'let only this server write to it; the server continues from what is stored when it starts again',
    )
  }
}

/** Names the post whose row failed. */
async function attributed(rows: PostRows | undefined, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const [batch, row] = (error instanceof StatementError && error.at) || []
    const post = batch === undefined || row === undefined ? undefined : rows?.owners[batch]?.[row]
    throw post === undefined ? error : new PostFailed(post, error as StatementError)
  }
}
