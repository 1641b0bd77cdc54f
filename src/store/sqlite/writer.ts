import { AppError } from '../../core/kernel/errors'
import { OperatorError } from '../../core/kernel/operator-error'
import type { Batch, Group, Query, Rows } from './thread/protocol'
import { type StartWorker, StatementThread, ThreadEnded } from './thread/thread'
import { CHECKPOINT_PAGES, KEPT_LOG_BYTES } from './write-ahead-log'

/** A second thread that ends within this time is no accident. */
const ACCIDENT_MILLISECONDS = 60_000

const PRAGMAS = [
  // How long a write waits for another process, such as a shell with an open transaction.
  'PRAGMA busy_timeout = 5000',
  'PRAGMA foreign_keys = ON',
  'PRAGMA synchronous = FULL',
  // Overwrites what is deleted, so that removed text is in no page of the file.
  'PRAGMA secure_delete = ON',
  `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  // Otherwise the log keeps the size that it reached during the longest read, such as a backup under load.
  `PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}`,
]

/**
 * The only connection that writes while the store is served. It is in a thread of its own, so that a slow disk delays
 * nothing but writes. A thread that ended is replaced at the next write, once.
 */
export class Writer {
  private endedAt: number | undefined
  private isLost = false

  private constructor(
    private readonly path: string,
    private readonly start: StartWorker,
    private readonly unfit: (fault: OperatorError) => void,
    private thread: StatementThread,
  ) {}

  static async open(
    path: string,
    start: StartWorker,
    unfit: (fault: OperatorError) => void,
  ): Promise<Writer> {
    return new Writer(path, start, unfit, await openThread(path, start))
  }

  /** How long the oldest request has been without an answer, in milliseconds. */
  get silentFor(): number {
    return this.thread.silentFor
  }

  /** Runs batches in a transaction of their own. @throws StatementError, ThreadEnded, unavailable */
  async write(batches: readonly Batch[]): Promise<void> {
    await this.beginWith({ begin: true, batches, commit: true })
  }

  /** Begins a transaction with batches. @throws as `write` */
  async begin(batches: readonly Batch[]): Promise<void> {
    await this.beginWith({ begin: true, batches, commit: false })
  }

  /** Runs one statement of the open transaction. @throws StatementError, ThreadEnded */
  query(query: Query): Promise<Rows> {
    return this.thread.query(query)
  }

  /** Runs batches in the open transaction, which is rolled back if one fails. @throws StatementError, ThreadEnded */
  async run(batches: readonly Batch[]): Promise<void> {
    await this.thread.run({ begin: false, batches, commit: false })
  }

  /** Ends the open transaction with batches. @throws StatementError, ThreadEnded */
  async commit(batches: readonly Batch[]): Promise<void> {
    await this.thread.run({ begin: false, batches, commit: true })
  }

  /** Rolls back the transaction, if one is open. */
  async rollback(): Promise<void> {
    try {
      await this.thread.rollback()
    } catch (error) {
      // A thread that ended has rolled back.
      if (!(error instanceof ThreadEnded)) throw error
    }
  }

  /** Empties the write-ahead log; false if a reader is in the way. @throws StatementError, ThreadEnded */
  emptyLog(): Promise<boolean> {
    return this.thread.emptyLog()
  }

  /** Runs a statement that keeps the file in order, as `StatementThread.keepUp`. */
  keepUp(statement: string): Promise<number | undefined> {
    return this.thread.keepUp(statement)
  }

  /** Declares that nothing can be written any more by this process. @returns the error for every write from now on */
  lost(problem: string, remedy: string): AppError {
    if (!this.isLost) this.unfit(new OperatorError('unavailable', problem, remedy))
    this.isLost = true
    return unavailable()
  }

  async close(): Promise<void> {
    await this.thread.close()
  }

  private async beginWith(group: Group): Promise<void> {
    if (this.isLost) throw unavailable()
    if (this.thread.isOver) await this.replace()
    await this.thread.run(group)
  }

  private async replace(): Promise<void> {
    const now = performance.now()
    if (this.endedAt !== undefined && now - this.endedAt < ACCIDENT_MILLISECONDS)
      throw this.lost(
        'the thread that writes to the store ended twice within a minute',
        'start the server again; if that does not help, run synapse doctor',
      )
    this.endedAt = now
    this.thread = await openThread(this.path, this.start)
  }
}

function openThread(path: string, start: StartWorker): Promise<StatementThread> {
  return StatementThread.open({ path, readonly: false, pragmas: PRAGMAS }, start)
}

function unavailable(): AppError {
  return new AppError('unavailable', 'unavailable', 'The store cannot be written; the server is about to end')
}
