import type { Handle } from '../database'
import { remoteHandle } from './remote-handle'
import type { Batch, Query, Rows } from './thread/protocol'

/** A transaction in which nothing happens for this long is rolled back, because posts wait for it. */
const IDLE_MILLISECONDS = 5000
const LOOK_MILLISECONDS = 1000
const REMOVAL =
  /^\s*(?:delete from "(?:messages|reactions|attachments|erasures)"|update "(?:messages|accounts)")/i

/**
 * The handle through which acts write, for one transaction after another. After a failure it is closed for good and
 * another one is made: a statement that an act sends too late must not run in the transaction of another.
 */
export class ActStatements {
  readonly handle: Handle
  /** The number of statements so far that may have written. */
  writes = 0
  /** Whether something that people wrote was deleted or replaced. */
  hasRemoved = false
  private isOpen = false
  private isClosed = false
  private inFlight = 0
  private usedAt = 0
  private gathering: { readonly batches: Batch[]; readonly sent: Promise<void> } | undefined

  constructor(
    private readonly run: (query: Query) => Promise<Rows>,
    private readonly runBatches: (batches: readonly Batch[]) => Promise<void>,
  ) {
    this.handle = remoteHandle(
      (query) => this.send([query.sql], () => this.run(query)),
      (sql, rows) => this.together({ sql, rows }),
    )
  }

  /** Runs acts in the open transaction. @throws what they throw; an error if they stop using it */
  async during<Result>(run: () => Promise<Result>): Promise<Result> {
    this.isOpen = true
    this.writes = 0
    this.hasRemoved = false
    this.usedAt = performance.now()
    const { promise: idle, reject } = Promise.withResolvers<never>()
    const look = setInterval(() => {
      if (this.inFlight === 0 && performance.now() - this.usedAt > IDLE_MILLISECONDS)
        reject(new Error(`a transaction was idle for ${IDLE_MILLISECONDS / 1000} s and is rolled back`))
    }, LOOK_MILLISECONDS)
    try {
      return await Promise.race([run(), idle])
    } catch (error) {
      this.isClosed = true
      throw error
    } finally {
      clearInterval(look)
      this.isOpen = false
    }
  }

  /** Whether an act failed in it. */
  get isOver(): boolean {
    return this.isClosed
  }

  /** Sends the batches of one moment in one request. */
  private together(batch: Batch): Promise<void> {
    if (this.gathering) {
      this.gathering.batches.push(batch)
      this.note(batch.sql)
      return this.gathering.sent
    }
    const batches = [batch]
    this.note(batch.sql)
    const sent = Promise.resolve().then(() => {
      this.gathering = undefined
      return this.send([], () => this.runBatches(batches))
    })
    this.gathering = { batches, sent }
    return sent
  }

  private note(sql: string): void {
    if (!/^\s*select\b/i.test(sql)) this.writes++
    if (REMOVAL.test(sql)) this.hasRemoved = true
  }

  private async send<Result>(sqls: readonly string[], run: () => Promise<Result>): Promise<Result> {
    if (!this.isOpen || this.isClosed) throw new Error('a statement came after the end of its transaction')
    for (const sql of sqls) this.note(sql)
    this.inFlight++
    try {
      return await run()
    } finally {
      this.inFlight--
      this.usedAt = performance.now()
    }
  }
}
