import { background } from '../../core/kernel/background'
import { Semaphore } from '../../core/kernel/semaphore'
import type { Query, Rows } from './thread/protocol'
import { type StartWorker, StatementThread, ThreadEnded } from './thread/thread'

/** Statements that run at once. More would take processors and memory from requests. */
const THREADS = 2
/** Statements that wait for a thread; further ones are refused. */
const WAITING = 64
/** A thread without work ends after this long, because it takes about 9 MB. */
const IDLE_MILLISECONDS = 60_000

/** How long `close` waits for statements. */
const CLOSE_MILLISECONDS = 5000

/** A thread that has no work, and the timer that ends it. */
interface Idle {
  readonly thread: StatementThread
  readonly timer: Timer
}

/**
 * Runs statements that may look at many rows in threads of their own, so that the serving thread goes on. Threads are
 * started when they are needed.
 */
export class ReadThreads {
  private readonly idle: Idle[] = []
  private readonly pending = new Set<Promise<unknown>>()
  private isClosed = false
  private readonly places = new Semaphore(
    (running) => running < THREADS,
    WAITING,
    'Too many searches at once; try again',
  )

  constructor(
    private readonly path: string,
    private readonly start: StartWorker,
  ) {}

  /** Runs a statement that only reads. @throws StatementError; unavailable if too many wait */
  query(query: Query): Promise<Rows> {
    return this.awaitedByClose(this.places.run(() => this.run(query)))
  }

  /**
   * Ends the threads. Waits a while for statements that run or wait for a thread: a connection that is closed after the
   * writer's would leave the write-ahead log behind.
   */
  async close(): Promise<void> {
    this.isClosed = true
    for (const { thread, timer } of this.idle.splice(0)) {
      clearTimeout(timer)
      await end(thread)
    }
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, CLOSE_MILLISECONDS)
    await Promise.race([Promise.allSettled(this.pending), patience.promise])
    clearTimeout(timer)
  }

  private async awaitedByClose<Result>(work: Promise<Result>): Promise<Result> {
    this.pending.add(work)
    try {
      return await work
    } finally {
      this.pending.delete(work)
    }
  }

  private async run(query: Query): Promise<Rows> {
    const thread = this.takeIdle() ?? (await this.open())
    try {
      const rows = await thread.query(query)
      await this.keep(thread)
      return rows
    } catch (error) {
      if (error instanceof ThreadEnded) return await this.again(query)
      await this.keep(thread)
      throw error
    }
  }

  /** A thread ended. A read changes nothing, so it is repeated, once. */
  private async again(query: Query): Promise<Rows> {
    const thread = await this.open()
    const rows = await thread.query(query)
    await this.keep(thread)
    return rows
  }

  private open(): Promise<StatementThread> {
    const pragmas = ['PRAGMA busy_timeout = 5000']
    return StatementThread.open({ path: this.path, readonly: true, pragmas }, this.start)
  }

  private takeIdle(): StatementThread | undefined {
    for (let found = this.idle.pop(); found; found = this.idle.pop()) {
      clearTimeout(found.timer)
      if (!found.thread.isOver) return found.thread
    }
    return undefined
  }

  private async keep(thread: StatementThread): Promise<void> {
    if (this.isClosed) return end(thread)
    const timer = setTimeout(() => {
      const at = this.idle.findIndex((one) => one.thread === thread)
      this.idle.splice(at, 1)
      background(this.awaitedByClose(end(thread)), () => {})
    }, IDLE_MILLISECONDS).unref()
    this.idle.push({ thread, timer })
  }
}

/** Closing a connection that only reads can lose nothing, so a failure is not reported. */
async function end(thread: StatementThread): Promise<void> {
  await thread.close().catch(() => {})
}
