import type { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import { toMicros } from '../core/kernel/time'
import { nextEpoch } from '../core/log/epochs'

interface NewEpoch {
  readonly reason: string
  readonly now: Date
  /** Epochs that clients may know besides those in the store; the new one sorts above all of them. */
  readonly above: readonly string[]
}

/**
 * Begins an epoch above the head of a store that is not open anywhere else. Works on every schema that has epochs, so
 * that a copy need not be migrated before it is put back.
 */
export function insertEpoch(db: Database, { reason, now, above }: NewEpoch): void {
  const stored = db.query<{ epoch: string }, []>('SELECT epoch FROM epochs').all()
  const known = [...stored.map(({ epoch }) => epoch), ...above]
  const startedAt = toMicros(now.getTime() * 1000)
  const epoch = nextEpoch(known, startedAt, randomBytes(16).toString('hex'))
  // One in which nothing was ever written gives way.
  db.query(
    'INSERT OR REPLACE INTO epochs (first_seq, epoch, started_at, reason) SELECT seq + 1, ?, ?, ? FROM log_head',
  ).run(epoch, startedAt, reason)
}
