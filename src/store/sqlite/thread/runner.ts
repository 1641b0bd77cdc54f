import { Database, type Statement } from 'bun:sqlite'
import {
  type Answer,
  type Batch,
  type Failure,
  type Group,
  NO_TRANSACTION,
  type Opening,
  OTHER_ERROR,
  type Query,
  type Request,
  type Upkeep,
  type Value,
  WRONG_CHANGES,
} from './protocol'

/** Statements that are kept prepared. */
const KEPT = 200

/** How long the emptying of the write-ahead log waits for readers. */
const READER_MILLISECONDS = 20
/** Pause between two attempts to empty the log before the connection closes, and the time for all of them. */
const RETRY_MILLISECONDS = 20
const CLOSE_MILLISECONDS = 2000

type Prepared = Statement<unknown, Value[]>

class Refused extends Error {
  constructor(
    readonly code: string,
    readonly at?: Failure['at'],
  ) {
    super(code)
  }
}

/**
 * Runs statements on one connection and answers. Knows no schema, no rule and no clock: everything it runs comes from
 * the serving thread.
 */
export class Runner {
  private db: Database | undefined
  private isReadonly = false
  private readonly prepared = new Map<string, Prepared>()

  /** Takes a request as it crossed: groups are JSON. */
  answer(data: string | Request): Answer {
    try {
      if (data === 'rollback') this.rollback()
      else if (data === 'empty-log') return [[this.emptyLog() ? 1 : 0]]
      else if (data === 'close') this.close()
      else if (typeof data === 'string') this.run(JSON.parse(data))
      else if ('path' in data) this.open(data)
      else if ('upkeep' in data) return [[this.keepUp(data)]]
      else if ('begin' in data) this.run(data)
      else return this.rowsOf(data)
      return null
    } catch (error) {
      return failureOf(error)
    }
  }

  private get connection(): Database {
    if (!this.db) throw new Error('the connection is not open')
    return this.db
  }

  private open({ path, readonly, pragmas }: Opening): void {
    this.isReadonly = readonly
    this.db = new Database(path, { ...(readonly ? { readonly } : { readwrite: true }), strict: true })
    for (const pragma of pragmas) this.db.run(pragma)
  }

  private run({ begin, batches, commit }: Group): void {
    try {
      if (begin) this.statement('BEGIN IMMEDIATE').run()
      this.requireTransaction()
      for (const [at, batch] of batches.entries()) this.runBatch(batch, at)
      if (commit) this.statement('COMMIT').run()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  private runBatch({ sql, rows, changes }: Batch, at: number): void {
    const statement = this.statement(sql)
    let changed = 0
    for (let row = 0; row < rows.length; row++)
      try {
        changed += statement.run(...(rows[row] ?? [])).changes
      } catch (error) {
        throw new Refused(failureOf(error).code, [at, row])
      }
    if (changes !== undefined && changed !== changes) throw new Refused(WRONG_CHANGES)
  }

  private rowsOf({ sql, values }: Query): Value[][] {
    // Outside a transaction each statement would be committed at once.
    if (!this.isReadonly) this.requireTransaction()
    return (this.statement(sql).values(...values) ?? []) as Value[][]
  }

  private requireTransaction(): void {
    if (!this.connection.inTransaction) throw new Refused(NO_TRANSACTION)
  }

  private rollback(): void {
    if (!this.db?.inTransaction) return
    try {
      this.db.run('ROLLBACK')
    } catch {
      // SQLite ends the transaction anyway, and the next one begins with what is committed.
    }
  }

  /** Writes the write-ahead log into the file and cuts it off, unless a reader stays in the way. */
  private emptyLog(): boolean {
    const db = this.connection
    if (db.inTransaction) return false
    const patience = this.numberOf('PRAGMA busy_timeout')
    // Writes wait meanwhile.
    db.run(`PRAGMA busy_timeout = ${READER_MILLISECONDS}`)
    try {
      return this.numberOf('PRAGMA wal_checkpoint(TRUNCATE)') === 0
    } finally {
      db.run(`PRAGMA busy_timeout = ${patience}`)
    }
  }

  /** Returns the first value of a statement's first row. */
  private numberOf(sql: string): number {
    return Number(this.statement(sql).values()[0]?.[0])
  }

  private keepUp({ upkeep }: Upkeep): number {
    const db = this.connection
    if (db.inTransaction) return -1
    const changes = () => this.numberOf('SELECT total_changes()')
    const before = changes()
    // Each row of the result is one step of the work.
    this.statement(upkeep).values()
    return changes() - before
  }

  /** Empties the write-ahead log and closes. */
  private close(): void {
    const db = this.connection
    this.rollback()
    try {
      if (!this.isReadonly) this.emptyLogBeforeClosing()
    } finally {
      // SQLite keeps a connection, and its lock on the file, until its last statement is gone.
      for (const statement of this.prepared.values()) statement.finalize()
      this.prepared.clear()
      db.close()
      this.db = undefined
    }
  }

  /** Tries again for a while: another connection that closes at the same moment may block it for some milliseconds. */
  private emptyLogBeforeClosing(): void {
    const end = performance.now() + CLOSE_MILLISECONDS
    while (!this.emptyLog() && performance.now() < end) Bun.sleepSync(RETRY_MILLISECONDS)
  }

  /** Keeps statements prepared, and drops the one that was not used for longest when there are too many. */
  private statement(sql: string): Prepared {
    const known = this.prepared.get(sql)
    if (known) this.prepared.delete(sql)
    const made = known ?? this.connection.prepare<unknown, Value[]>(sql)
    this.prepared.set(sql, made)
    if (this.prepared.size > KEPT)
      for (const [text, oldest] of this.prepared) {
        this.prepared.delete(text)
        oldest.finalize()
        break
      }
    return made
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Refused) return error.at ? { code: error.code, at: error.at } : { code: error.code }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return { code: code.startsWith('SQLITE_') ? code : OTHER_ERROR }
}
