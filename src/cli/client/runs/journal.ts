import { Database } from 'bun:sqlite'
import { chmodSync, closeSync, openSync } from 'node:fs'
import { CliError } from '../../lib/cli-error'
import { EXIT } from '../../lib/exit-codes'
import type { StartedProcess } from '../started-process'

/** Ended runs are forgotten after this: a webhook may deliver what they did again until then. */
const KEEP_DAYS = 30

/** What a program is started for. */
export interface Task {
  /** Identifies it among all of the account. */
  readonly id: string
  readonly messageId: string
  /** Slug. */
  readonly channel: string
  /** What the program gets, as JSON. */
  readonly item: unknown
}

/** How a run ended. */
export interface Outcome {
  readonly state: 'acked' | 'failed'
  /** Tells the sender why it failed. */
  readonly note: string | null
}

interface Row {
  readonly id: string
  readonly message_id: string
  readonly channel: string
  readonly item: string
  readonly process: string | null
  readonly state: Outcome['state'] | null
  readonly note: string | null
}

/**
 * What was started, in a file of its own. A task is on disk before its program starts, so a program is never started
 * twice for the same task, whatever ends in between: this process, the server or the machine. One process at a time has
 * the file open.
 */
export class Journal implements Disposable {
  private constructor(private readonly database: Database) {}

  /** @throws CliError conflict if another process has it, failure if the file cannot be used */
  static open(path: string): Journal {
    let database: Database | undefined
    try {
      // SQLite would make the file readable for others.
      closeSync(openSync(path, 'a', 0o600))
      chmodSync(path, 0o600)
      database = new Database(path, { create: false, readwrite: true })
      database.run('PRAGMA locking_mode = EXCLUSIVE')
      database.run('PRAGMA synchronous = FULL')
      database.run(
        `CREATE TABLE IF NOT EXISTS runs (
           place INTEGER PRIMARY KEY,
           id TEXT NOT NULL UNIQUE,
           message_id TEXT NOT NULL,
           channel TEXT NOT NULL,
           item TEXT NOT NULL,
           added_at INTEGER NOT NULL,
           process TEXT,
           started_at INTEGER,
           ended_at INTEGER,
           state TEXT,
           note TEXT,
           told_at INTEGER
         ) STRICT`,
      )
      // The lock is taken with the first write and kept.
      database.run('DELETE FROM runs WHERE told_at < ?', [Date.now() - KEEP_DAYS * 86_400_000])
      return new Journal(database)
    } catch (cause) {
      database?.close()
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
      if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
        throw new CliError(EXIT.conflict, 'another process starts programs for this account already', [
          'stop that one first, or name another --consumer',
        ])
      throw new CliError(
        EXIT.failure,
        `cannot use ${path}: ${cause instanceof Error ? cause.message : cause}`,
        ['correct the permissions, free space, or remove a damaged file'],
      )
    }
  }

  /** Reports whether a program was started for a task. One that was only added still waits. */
  wasStarted(id: string): boolean {
    return this.database.query('SELECT 1 FROM runs WHERE id = ? AND started_at IS NOT NULL').get(id) !== null
  }

  /** Adds tasks that wait for their start. Leaves out those that were added before. On disk when it returns. */
  add(tasks: readonly Task[]): void {
    const insert = this.database.query(
      'INSERT OR IGNORE INTO runs (id, message_id, channel, item, added_at) VALUES (?, ?, ?, ?, ?)',
    )
    this.database.transaction(() => {
      for (const { id, messageId, channel, item } of tasks)
        insert.run(id, messageId, channel, JSON.stringify(item), Date.now())
    })()
  }

  /** The tasks that wait for their start, oldest first. */
  waiting(): Task[] {
    return this.select('started_at IS NULL AND ended_at IS NULL').map(taskOf)
  }

  /** Notes that a program starts now. On disk when it returns. */
  start(tasks: readonly Task[]): void {
    this.update(tasks, 'started_at = ?', [Date.now()])
  }

  /** Notes which process runs. */
  running(tasks: readonly Task[], started: StartedProcess): void {
    this.update(tasks, 'process = ?', [JSON.stringify(started)])
  }

  end(tasks: readonly Task[], { state, note }: Outcome): void {
    this.update(tasks, 'ended_at = ?, state = ?, note = ?', [Date.now(), state, note])
  }

  /** Tasks whose program was started and whose end is unknown, with the process if that is known. */
  cutOff(): { readonly task: Task; readonly process: StartedProcess | undefined }[] {
    return this.select('started_at IS NOT NULL AND ended_at IS NULL').map((row) => ({
      task: taskOf(row),
      process: row.process === null ? undefined : (JSON.parse(row.process) as StartedProcess),
    }))
  }

  /** Ended tasks that the server has not been told of. */
  untold(): { readonly task: Task; readonly outcome: Outcome }[] {
    return this.select('ended_at IS NOT NULL AND told_at IS NULL').map((row) => ({
      task: taskOf(row),
      outcome: { state: row.state ?? 'failed', note: row.note },
    }))
  }

  told(tasks: readonly Task[]): void {
    // What the program was given is not needed any more.
    this.update(tasks, "told_at = ?, item = 'null'", [Date.now()])
  }

  /** Notes that the server has to be told again. */
  untell(tasks: readonly Task[]): void {
    this.update(tasks, 'told_at = NULL', [])
  }

  /** How many programs were started since then, in milliseconds of the wall clock. */
  startedSince(at: number): number {
    const row = this.database.query('SELECT count(*) AS n FROM runs WHERE started_at >= ?').get(at)
    return (row as { n: number }).n
  }

  [Symbol.dispose](): void {
    this.database.close()
  }

  private select(where: string): Row[] {
    return this.database.query<Row, []>(`SELECT * FROM runs WHERE ${where} ORDER BY place`).all()
  }

  private update(tasks: readonly Task[], set: string, values: readonly (string | number | null)[]): void {
    const statement = this.database.query(`UPDATE runs SET ${set} WHERE id = ?`)
    this.database.transaction(() => {
      for (const { id } of tasks) statement.run(...values, id)
    })()
  }
}

function taskOf({ id, message_id: messageId, channel, item }: Row): Task {
  return { id, messageId, channel, item: JSON.parse(item) }
}
