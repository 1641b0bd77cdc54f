import type { Sql } from 'postgres'
import { background } from '../../core/kernel/background'
import { meaningOf } from './error'

/** The share of the timeout during which a query waits for a free connection, and the pause between attempts. */
const CROWDED_SHARE = 2 / 3
const CROWDED_PAUSE_MILLISECONDS = 50

/** A pool of connections, and the pending calls over it. */
interface Current<Over> {
  readonly sql: Sql
  readonly over: Over
  readonly waiting: Set<(fault: Error) => void>
}

/**
 * A pool of connections that replaces itself. If a connection breaks during a call, does not answer, or leads to a
 * read-only server, all connections of the pool are replaced: a driver that lost its connection during a transaction
 * may wait for an answer for ever.
 */
export class PostgresClient<Over> {
  /** Called when the database refused a write because it is read-only, or a connection because it has none left. */
  onTrouble: (meaning: 'read_only' | 'crowded') => void = () => {}
  private current: Current<Over>
  private closed = false

  constructor(
    private readonly connect: () => Sql,
    /** Builds what callers use over the connections. Called again for new connections. */
    private readonly dress: (sql: Sql) => Over,
    /** Timeout of a statement or transaction. */
    private readonly patienceMs: number,
    /** When connections are replaced, their other pending calls get this long to finish. */
    private readonly graceSeconds: number,
  ) {
    this.current = this.open()
  }

  /**
   * Runs `work` over the connections. If no further connection can be opened, waits for an open one, without
   * replacing the open ones.
   * @throws what `work` throws; an error with the code ETIMEDOUT if no answer comes in time
   */
  async run<Result>(work: (over: Over, sql: Sql) => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + this.patienceMs * CROWDED_SHARE
    for (;;) {
      const { current } = this
      try {
        return await this.inTime(current, work(current.over, current.sql))
      } catch (error) {
        const meaning = meaningOf(error)
        if (meaning === 'crowded' || meaning === 'read_only') this.onTrouble(meaning)
        // A new connection may lead to a server that accepts writes.
        if (meaning === 'lost' || meaning === 'read_only') this.replace(current)
        if (meaning !== 'crowded' || this.closed || performance.now() > deadline) throw error
      }
      await Bun.sleep(CROWDED_PAUSE_MILLISECONDS)
    }
  }

  private async inTime<Result>({ waiting }: Current<Over>, working: Promise<Result>): Promise<Result> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(silence()), this.patienceMs)
    waiting.add(reject)
    // It may fail after the timeout, when no caller is waiting for it any more.
    background(working, () => {})
    try {
      return await Promise.race([working, late])
    } finally {
      clearTimeout(timer)
      waiting.delete(reject)
    }
  }

  /** Replaces the connections for later calls. */
  renew(): void {
    this.replace(this.current)
  }

  /** Runs a read. Retries it once over new connections if the connection was lost. */
  async ask<Result>(work: (over: Over, sql: Sql) => Promise<Result>): Promise<Result> {
    try {
      return await this.run(work)
    } catch (error) {
      if (meaningOf(error) !== 'lost') throw error
      return this.run(work)
    }
  }

  /** Replaces connections that are known to be dead. Pending calls fail at once with ETIMEDOUT. */
  abandon(): void {
    const { current } = this
    this.replace(current)
    for (const reject of current.waiting) reject(silence())
  }

  async close(): Promise<void> {
    this.closed = true
    await this.current.sql.end({ timeout: 2 })
  }

  private replace(current: Current<Over>): void {
    if (current !== this.current || this.closed) return
    this.current = this.open()
    // A dead connection does not close cleanly.
    background(current.sql.end({ timeout: this.graceSeconds }), () => {})
  }

  private open(): Current<Over> {
    const sql = this.connect()
    return { sql, over: this.dress(sql), waiting: new Set() }
  }
}

function silence(): Error {
  return Object.assign(new Error('the database does not answer'), { code: 'ETIMEDOUT' })
}
