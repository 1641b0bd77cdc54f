import type { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import { toMicros } from '../core/kernel/time'
import { nextEpoch } from '../core/log/epochs'
import { CLIENT_ID_TABLES, SKIPPED_IDS } from '../store/client-ids'

interface NewEpoch {
  readonly reason: string
  readonly now: Date
  /** Epochs outside this store that clients may know. The new epoch sorts after all of them. */
  readonly above: readonly string[]
}

/**
 * Begins an epoch after the head of a store that is not open anywhere else. Works on every schema with epochs, so a
 * copy need not be migrated before it is restored.
 */
export function insertEpoch(db: Database, { reason, now, above }: NewEpoch): void {
  const stored = db.query<{ epoch: string }, []>('SELECT epoch FROM epochs').all()
  const known = [...stored.map(({ epoch }) => epoch), ...above]
  const startedAt = toMicros(now.getTime() * 1000)
  const epoch = nextEpoch(known, startedAt, randomBytes(16).toString('hex'))
  // Replaces an epoch in which nothing was written.
  db.query(
    'INSERT OR REPLACE INTO epochs (first_seq, epoch, started_at, reason) SELECT seq + 1, ?, ?, ? FROM log_head',
  ).run(epoch, startedAt, reason)
}

/**
 * Lets the ids of ConfigSync go on after a gap. Clients may know ids that were given out after the copy was made. A copy
 * from before ConfigSync has none.
 */
export function skipClientIds(db: Database): void {
  for (const table of CLIENT_ID_TABLES) {
    if (db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) === null)
      continue
    const { changes } = db
      .query('UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?')
      .run(SKIPPED_IDS, table)
    // SQLite notes a table when it gets its first row.
    if (changes === 0)
      db.query('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, SKIPPED_IDS)
  }
}
