import { Database } from 'bun:sqlite'
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import type { RequestOptions } from '@synapse/client'
import { markOf } from '../../../home'
import { CliError } from '../../lib/cli-error'
import { EXIT } from '../../lib/exit-codes'
import { isRunning, type StartedProcess } from '../started-process'

/** A message that was sent is remembered for so long, so that its key is not used again. */
const KEEP_DAYS = 30
/** After so many failures in a row, a message is only sent again when a person says so. */
const MOST_FAILURES = 8
/** The pause after the first failure; each further one doubles it. */
const FIRST_PAUSE_MS = 2000
/** How long another process may take for a change. */
const BUSY_MS = 10_000

/** The body of `POST /v1/messages`. */
type Post = RequestOptions<'POST /v1/messages'>['body']

/** A message to send. */
export interface Draft {
  /** Makes it happen once: its `client_msg_id`. */
  readonly key: string
  readonly post: Omit<Post, 'client_msg_id'>
}

/** A message in the outbox. Times are milliseconds since 1970. */
export interface Letter extends Draft {
  readonly id: number
  readonly addedAt: number
  /** `failed`: it is not sent again by itself. */
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly failures: number
  /** When it is sent next, if it waits. */
  readonly nextAt: number
  /** Why the last attempt failed. */
  readonly problem: string | null
}

interface Row {
  readonly id: number
  readonly key: string
  readonly post: string
  readonly added_at: number
  readonly state: Letter['state']
  readonly failures: number
  readonly next_at: number
  readonly problem: string | null
  readonly sender: string | null
}

/**
 * The outbox of an account on one server, in a file that several processes may have open. What was added is on disk when
 * `add` returns. A message is sent by one process at a time; that of a process which was killed is taken over.
 */
export class Outbox implements Disposable {
  private constructor(
    private readonly database: Database,
    private readonly url: string,
    private readonly now: () => number,
  ) {}

  /** @throws CliError if the file cannot be used */
  static open(path: string, url: string, now: () => number = Date.now): Outbox {
    let database: Database | undefined
    try {
      // SQLite would make the file readable for others.
      closeSync(openSync(path, 'a', 0o600))
      chmodSync(path, 0o600)
      database = new Database(path, { create: false, readwrite: true })
      database.run(`PRAGMA busy_timeout = ${BUSY_MS}`)
      database.run('PRAGMA synchronous = FULL')
      database.run(
        `CREATE TABLE IF NOT EXISTS letters (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           url TEXT NOT NULL,
           key TEXT NOT NULL,
           channel TEXT NOT NULL,
           post TEXT NOT NULL,
           added_at INTEGER NOT NULL,
           state TEXT NOT NULL DEFAULT 'waiting',
           failures INTEGER NOT NULL DEFAULT 0,
           next_at INTEGER NOT NULL,
           problem TEXT,
           sender TEXT,
           UNIQUE (url, key)
         ) STRICT`,
      )
      const outbox = new Outbox(database, url, now)
      outbox.run("DELETE FROM letters WHERE state = 'sent' AND next_at < ?", now() - KEEP_DAYS * 86_400_000)
      return outbox
    } catch (cause) {
      database?.close()
      throw new CliError(
        EXIT.failure,
        `cannot use ${path}: ${cause instanceof Error ? cause.message : cause}`,
        ['correct the permissions, free space, or remove a damaged file'],
      )
    }
  }

  /** Opens the file if there is one. @throws CliError */
  static openIfAny(path: string, url: string): Outbox | undefined {
    return existsSync(path) ? Outbox.open(path, url) : undefined
  }

  /**
   * Adds a message. One that was added before with the same key stays as it is.
   * @throws CliError conflict if the key belongs to another message
   */
  add({ key, post }: Draft): Letter {
    const text = JSON.stringify(post)
    this.run(
      'INSERT OR IGNORE INTO letters (url, key, channel, post, added_at, next_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[this.url, key, post.channel, text, this.now(), this.now()],
    )
    const letter = this.find(key)
    if (letter !== undefined && (letter.state === 'sent' || JSON.stringify(letter.post) === text))
      return letter
    throw new CliError(EXIT.conflict, `another message in the outbox has the key ${key}`, [
      'use another --key, or see synapse outbox',
    ])
  }

  find(key: string): Letter | undefined {
    const row = this.database
      .query<Row, [string, string]>('SELECT * FROM letters WHERE url = ? AND key = ?')
      .get(this.url, key)
    return row === null ? undefined : letterOf(row)
  }

  /** What was not sent, oldest first. */
  unsent(): Letter[] {
    return this.rows().map(letterOf)
  }

  /** How many messages wait, and how many are not sent by themselves. */
  count(): { readonly waiting: number; readonly failed: number } {
    const failed = this.rows().filter(({ state }) => state === 'failed').length
    return { waiting: this.rows().length - failed, failed }
  }

  /**
   * Takes the next message that is due, for this process. In each channel, the order in which they were added is kept.
   * Returns undefined if none is due.
   */
  take(): Letter | undefined {
    const take = this.database.transaction((): Letter | undefined => {
      const passed = new Set<string>()
      for (const row of this.rows()) {
        if (row.state !== 'waiting') continue
        const letter = letterOf(row)
        const { channel } = letter.post
        if (passed.has(channel)) continue
        passed.add(channel)
        if (row.next_at > this.now() || isWithAnother(row.sender)) continue
        const sender: StartedProcess = { pid: process.pid, mark: markOf(process.pid) }
        this.run('UPDATE letters SET sender = ? WHERE id = ?', JSON.stringify(sender), row.id)
        return letter
      }
      return undefined
    })
    return take.immediate()
  }

  /** When a message becomes due next; infinite if none does. */
  nextAt(): number {
    const now = this.now()
    const ahead = this.rows().filter(({ state, next_at }) => state === 'waiting' && next_at > now)
    return Math.min(...ahead.map(({ next_at }) => next_at))
  }

  /** Gives a message back that was neither sent nor refused. */
  release({ id }: Letter): void {
    this.run('UPDATE letters SET sender = NULL WHERE id = ?', id)
  }

  sent({ id }: Letter): void {
    this.run(
      "UPDATE letters SET state = 'sent', post = '{}', problem = NULL, sender = NULL, next_at = ? WHERE id = ?",
      ...[this.now(), id],
    )
  }

  /** Notes an attempt that may succeed later, at the earliest after so many milliseconds. */
  missed({ id, failures }: Letter, problem: string, afterMs = 0): void {
    const count = failures + 1
    const pause = Math.max(FIRST_PAUSE_MS * 2 ** failures, afterMs)
    const state: Letter['state'] = count >= MOST_FAILURES ? 'failed' : 'waiting'
    this.run(
      'UPDATE letters SET state = ?, failures = ?, problem = ?, sender = NULL, next_at = ? WHERE id = ?',
      ...[state, count, problem, this.now() + pause, id],
    )
  }

  /** Notes that the server has refused a message. */
  refused({ id, failures }: Letter, problem: string): void {
    this.run(
      "UPDATE letters SET state = 'failed', failures = ?, problem = ?, sender = NULL WHERE id = ?",
      ...[failures + 1, problem, id],
    )
  }

  /** Lets a message be sent now, as if it had not failed before. */
  retry({ id }: Letter): void {
    this.run("UPDATE letters SET state = 'waiting', failures = 0, next_at = ? WHERE id = ?", this.now(), id)
  }

  /** Lets a message that waits be sent now. */
  hurry({ id }: Letter): void {
    this.run("UPDATE letters SET next_at = ? WHERE id = ? AND state = 'waiting'", this.now(), id)
  }

  remove({ id }: Letter): void {
    this.run('DELETE FROM letters WHERE id = ?', id)
  }

  [Symbol.dispose](): void {
    this.database.close()
  }

  private rows(): Row[] {
    return this.database
      .query<Row, [string]>("SELECT * FROM letters WHERE url = ? AND state <> 'sent' ORDER BY id")
      .all(this.url)
  }

  private run(sql: string, ...values: (string | number)[]): void {
    this.database.query(sql).run(...values)
  }
}

/** Whether a living process, other than this one, is sending a message. */
function isWithAnother(sender: string | null): boolean {
  if (sender === null) return false
  const holder = JSON.parse(sender) as StartedProcess
  return holder.pid !== process.pid && isRunning(holder)
}

function letterOf(row: Row): Letter {
  const { id, key, added_at: addedAt, state, failures, next_at: nextAt, problem } = row
  return { id, key, post: JSON.parse(row.post), addedAt, state, failures, nextAt, problem }
}
