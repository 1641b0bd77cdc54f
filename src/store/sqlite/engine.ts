/**
 * The engine for the embedded database. This folder may import what src/store may.
 * Start here: how a group becomes one transaction of the only connection that writes. ../group-commit.ts says what a
 * group is.
 */
import type { Database } from 'bun:sqlite'
import { type Clock, toMicros } from '../../core/kernel/time'
import type { Found } from '../../core/messages/judge-post'
import { type LogPosition, nthPosition } from '../../core/messages/post-plan'
import type { Handle } from '../database'
import type { Engine, Group, JudgedPost, Outcome, Transaction } from '../engine'
import type { LogHead } from '../queries/log'
import type { SqliteFaults } from './faults'
import { handleOf } from './open'
import { type HotRows, hotRows, lookUps } from './rows'

export interface SqliteEngineDeps {
  readonly writer: Database
  readonly reader: Database
  /** The head of the log when the store was opened. */
  readonly head: LogHead
  readonly clock: Pick<Clock, 'now'>
  readonly faults: SqliteFaults
  readonly report: (fault: unknown) => void
}

/**
 * No other process writes, so the head of the log is kept in memory and changes only with a commit. There are no
 * savepoints: if anything fails, the whole transaction is rolled back.
 */
export class SqliteEngine implements Engine {
  readonly sharesCommits = true
  private readonly handle: Handle
  private readonly rows: HotRows
  private readonly found: Found
  private readonly changes: { get(): { n: number } | null }
  private readonly begin: { run(): unknown }
  private readonly end: { run(): unknown }
  private head: LogHead

  constructor(private readonly deps: SqliteEngineDeps) {
    const { writer, reader, faults } = deps
    this.handle = handleOf(writer)
    this.rows = hotRows(writer, this.handle)
    // Rows are looked up one by one when needed: nothing is written between the judgements of a group.
    this.found = { ...lookUps(reader, handleOf(reader)), requireRoom: () => faults.admitPost() }
    this.changes = writer.prepare<{ n: number }, []>('SELECT total_changes() AS n')
    this.begin = writer.prepare('BEGIN IMMEDIATE')
    this.end = writer.prepare('COMMIT')
    this.head = deps.head
  }

  lookUp(): Found {
    return this.found
  }

  write({ posts }: Group): LogPosition {
    this.begin.run()
    try {
      const first = this.insert(posts)
      this.commit(this.headBehind(first, posts.length))
      return first
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  async transact<Result>(
    { posts }: Group,
    run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
  ): Promise<Result> {
    this.deps.faults.admitWrite()
    this.begin.run()
    try {
      const first = posts.length > 0 ? this.insert(posts) : undefined
      const head = first ? this.headBehind(first, posts.length) : this.head
      const changes = () => this.changes.get()?.n ?? 0
      const done = await run({ handle: this.handle, head, first, changes })
      this.commit(done.head)
      return done.result
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** After ROLLBACK nothing is written, so the outcome is always known. */
  async outcome(_: readonly JudgedPost[], error: unknown): Promise<Outcome> {
    return { kind: this.deps.faults.isTrouble(error) ? 'failed' : 'split' }
  }

  translate(error: unknown): unknown {
    return this.deps.faults.translate(error)
  }

  /**
   * Reports whether the store can be read and written now. After a failed write it tries one: it updates the row of
   * the head.
   */
  isHealthy(): boolean {
    const { faults, reader } = this.deps
    if (faults.isDamaged) return false
    try {
      if (reader.query('SELECT 1 FROM log_head').get() === null) return false
    } catch (error) {
      faults.translate(error)
      return false
    }
    return !faults.isFailing || this.tryToWrite()
  }

  /** Empties the write-ahead log and closes. */
  close(): void {
    const { writer, reader, report } = this.deps
    reader.close()
    try {
      writer.run('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (fault) {
      // Commits remain in the write-ahead log, which the next start reads.
      report(fault)
    }
    writer.close()
  }

  /** Writes the rows of posts. Instants rise with seq even if the clock was set back. */
  private insert(posts: readonly JudgedPost[]): LogPosition {
    const { seq, lastAt } = this.head
    const first = { seq: seq + 1, at: toMicros(Math.max(this.deps.clock.now(), lastAt + 1)) }
    let n = 0
    for (const post of posts) this.rows.insertPost(post, nthPosition(first, n++))
    return first
  }

  private headBehind(first: LogPosition, posts: number): LogHead {
    const { seq, at } = nthPosition(first, posts - 1)
    return { seq, accessSeq: this.head.accessSeq, lastAt: at }
  }

  private commit(head: LogHead): void {
    const wrote = head.seq !== this.head.seq
    if (wrote) this.rows.writeHead(head)
    this.end.run()
    this.head = head
    // An empty commit does not prove that the disk works.
    if (wrote) this.deps.faults.wrote()
  }

  private rollback(): void {
    const { writer, report } = this.deps
    try {
      if (writer.inTransaction) writer.run('ROLLBACK')
    } catch (fault) {
      // SQLite ends the transaction anyway, and the next one begins with what is committed.
      report(fault)
    }
  }

  private tryToWrite(): boolean {
    if (this.deps.writer.inTransaction) return false
    try {
      this.begin.run()
      // Writing the same values would not touch the disk. A later instant is harmless, because the next event is
      // later anyway.
      const head = { ...this.head, lastAt: toMicros(this.head.lastAt + 1) }
      this.rows.writeHead(head)
      this.end.run()
      this.head = head
      this.deps.faults.wrote()
      return true
    } catch (error) {
      this.deps.faults.translate(error)
      this.rollback()
      return false
    }
  }
}
