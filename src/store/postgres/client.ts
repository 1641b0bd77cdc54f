import type { Sql } from 'postgres'
import { background } from '../../core/kernel/background'
import { meaningOf } from './error'

/** The share of its patience in which work waits for a connection, and the pause between two attempts. */
const CROWDED_SHARE = 2 / 3
const CROWDED_PAUSE_MILLISECONDS = 50

/** Connections, and those who wait for answers over them. */
interface Current<Over> {
  readonly sql: Sql
  readonly over: Over
  readonly waiting: Set<(fault: Error) => void>
}

/**
 * Connections to the database, of which no caller has to think that they can break. When one breaks in the middle of
 * something, does not answer, or leads to a server that takes no changes, all of this client's are replaced: a driver
 * that lost its connection in the middle of a transaction may wait for an answer for ever.
 */
export class PostgresClient<Over> {
  /** Told that the database refused a change because it takes none, or a connection because it has none left. */
  onTrouble: (meaning: 'read_only' | 'crowded') => void = () => {}
  private current: Current<Over>
  private closed = false

  constructor(
    private readonly connect: () => Sql,
    /** What is made over the connections, and made anew with them. */
    private readonly dress: (sql: Sql) => Over,
    /** A statement, or a transaction, that takes longer counts as lost. */
    private readonly patienceMs: number,
    /** What else is on its way over connections that are replaced gets so long to end well. */
    private readonly graceSeconds: number,
  ) {
    this.current = this.open()
  }

  /**
   * Where no further connection is to be had, waits for one of those that are open, which are not replaced for it.
   * @throws what `work` throws; an error with the code ETIMEDOUT when there is no answer
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
        // Another one may lead to a server that takes changes.
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
    // It may still end badly after nobody waits for it any more.
    background(working, () => {})
    try {
      return await Promise.race([working, late])
    } finally {
      clearTimeout(timer)
      waiting.delete(reject)
    }
  }

  /** Connects anew for what comes from now on. */
  renew(): void {
    this.replace(this.current)
  }

  /** Runs what changes nothing: once more over new connections, where those that were used are lost. */
  async ask<Result>(work: (over: Over, sql: Sql) => Promise<Result>): Promise<Result> {
    try {
      return await this.run(work)
    } catch (error) {
      if (meaningOf(error) !== 'lost') throw error
      return this.run(work)
    }
  }

  /** Connects anew, because the connections are known to be dead: what waits hears at once that no answer comes. */
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
    // It may be dead, and then it does not end well.
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
