import type { Database } from 'bun:sqlite'
import { existsSync, rmSync, statSync } from 'node:fs'
import { OperatorError } from '../../core/kernel/operator-error'
import { suspicionOf } from './faults'
import { lostCommits } from './write-ahead-log'

/**
 * A database up to this size is checked page by page at every start (about 80 ms). A larger one is checked by every
 * backup, by `synapse doctor`, and at the start after damage was found.
 */
const WHOLE_BYTES = 64 * 1024 * 1024

/**
 * Refuses a write-ahead log from which commits would be lost. Must be called before SQLite opens the database,
 * because SQLite silently truncates such a log. After a clean stop there is no log.
 * @throws OperatorError damaged
 */
export function checkWriteAheadLog(path: string): void {
  const lost = lostCommits(`${path}-wal`)
  if (lost > 0)
    throw damaged(path, `its write-ahead log is broken in front of acknowledged commits (${lost})`)
}

/**
 * Refuses a damaged database, as far as damage can be found in bounded time. SQLite has no page checksums, so only
 * contradictions are found.
 * @throws OperatorError damaged
 */
export function checkDatabase(db: Database, path: string): void {
  const suspicion = suspicionOf(path)
  const isSuspect = existsSync(suspicion)
  if (isSuspect || statSync(path).size <= WHOLE_BYTES) {
    const found = db.query<{ quick_check: string }, []>('PRAGMA quick_check(1)').get()?.quick_check
    if (found !== 'ok') throw damaged(path, found)
  }
  refuseOtherLog(db, path)
  if (isSuspect) rmSync(suspicion)
}

export function damaged(path: string, how?: string): OperatorError {
  return new OperatorError(
    'damaged',
    `${path} is damaged${how === undefined ? '' : ` (${how})`}`,
    'put a copy back: synapse backup list shows them, synapse backup restore <file> does it',
  )
}

/** Refuses a database whose log goes beyond its head: new events would overwrite those beyond it. */
function refuseOtherLog(db: Database, path: string): void {
  if (!db.query("SELECT 1 FROM sqlite_master WHERE name = 'log_head'").get()) return
  const row = db
    .query<{ head: number | null; last: number | null }, []>(
      'SELECT (SELECT seq FROM log_head) AS head, (SELECT max(seq) FROM events) AS last',
    )
    .get()
  const { head = null, last = null } = row ?? {}
  if (last !== null && last > (head ?? 0))
    throw damaged(path, `the log goes to ${last}, its head says ${head ?? 0}`)
}
