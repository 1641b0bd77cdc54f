/**
 * A thread that runs SQL on a connection of its own: protocol.ts is what crosses, runner.ts runs there, and this file is
 * the thread as the serving thread sees it. Imports bun:sqlite only.
 */
import { workerUrl } from '../../../platform/worker-url'
import type { Answer, Failure, Group, Opening, Query, Request, Rows } from './protocol'

/** An error of SQLite that crossed from the thread. `code` as in bun:sqlite. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
  readonly code: string
  readonly at: Failure['at']

  constructor({ code, at }: Failure) {
    super(`a statement failed: ${code}`)
    this.code = code
    this.at = at
  }
}

/** The thread ended before it answered. Whether the request was carried out is unknown. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded'
  constructor() {
    super('the thread of the database ended')
  }
}

/** Reports whether the thread ended. drizzle wraps the errors of its queries. */
export function isThreadEnd(error: unknown): boolean {
  return error instanceof ThreadEnded || (error instanceof Error && error.cause instanceof ThreadEnded)
}

interface Waiting {
  readonly since: number
  resolve(rows: Rows): void
  reject(error: Error): void
}

/** Starts the worker of a thread. Tests give one that ends where they want it to. */
export type StartWorker = () => Worker

export const startStatementWorker: StartWorker = () =>
  new Worker(workerUrl(new URL('./statement-worker.ts', import.meta.url), 'store/sqlite/thread'))

/** A thread with a connection of its own, which carries out requests one after another. */
export class StatementThread {
  private readonly worker: Worker
  private readonly waiting: Waiting[] = []
  private hasEnded = false

  private constructor(start: StartWorker) {
    this.worker = start()
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.take(data)
    this.worker.addEventListener('close', () => this.end())
    // The worker answers every error that it can. After any other one it ends.
    this.worker.onerror = (event) => {
      event.preventDefault()
      this.terminate()
    }
  }

  static async open(opening: Opening, start: StartWorker): Promise<StatementThread> {
    const thread = new StatementThread(start)
    try {
      await thread.ask(opening)
    } catch (error) {
      thread.terminate()
      throw error
    }
    return thread
  }

  get isOver(): boolean {
    return this.hasEnded
  }

  /** How long the oldest request has been waiting for its answer, in milliseconds; 0 without one. */
  get silentFor(): number {
    const [oldest] = this.waiting
    return oldest ? performance.now() - oldest.since : 0
  }

  /** @throws StatementError, ThreadEnded */
  async run(group: Group): Promise<void> {
    await this.ask(JSON.stringify(group))
  }

  /** @throws StatementError, ThreadEnded */
  query(query: Query): Promise<Rows> {
    return this.ask(query)
  }

  /** @throws ThreadEnded */
  async rollback(): Promise<void> {
    await this.ask('rollback')
  }

  /** Reports whether the write-ahead log is empty now. @throws StatementError, ThreadEnded */
  async emptyLog(): Promise<boolean> {
    const [row] = await this.ask('empty-log')
    return row?.[0] === 1
  }

  /**
   * Runs a statement of its own unless a transaction is open. Returns how many rows it changed; undefined if it did not
   * run. @throws StatementError, ThreadEnded
   */
  async keepUp(statement: string): Promise<number | undefined> {
    const [row] = await this.ask({ upkeep: statement })
    const changes = Number(row?.[0])
    return changes < 0 ? undefined : changes
  }

  /** Closes the connection and ends the thread. @throws StatementError if the write-ahead log was not emptied */
  async close(): Promise<void> {
    try {
      if (!this.hasEnded) await this.ask('close')
    } finally {
      this.terminate()
    }
  }

  private ask(request: string | Request): Promise<Rows> {
    return new Promise((resolve, reject) => {
      if (this.hasEnded) return reject(new ThreadEnded())
      this.waiting.push({ since: performance.now(), resolve, reject })
      this.worker.postMessage(request)
    })
  }

  private take(answer: Answer): void {
    const asked = this.waiting.shift()
    if (answer !== null && 'code' in answer) asked?.reject(new StatementError(answer))
    else asked?.resolve(answer ?? [])
  }

  private terminate(): void {
    this.end()
    this.worker.terminate()
  }

  private end(): void {
    this.hasEnded = true
    for (const { reject } of this.waiting.splice(0)) reject(new ThreadEnded())
  }
}
