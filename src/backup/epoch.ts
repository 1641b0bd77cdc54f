import type { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import { ulid, ulidTime } from '../core/kernel/ids'

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
  const latest = Math.max(
    ...[...stored.map(({ epoch }) => epoch), ...above].map((epoch) => ulidTime(epoch) + 1),
  )
  const epoch = ulid(Math.max(now.getTime(), latest), randomBytes(16).toString('hex'))
  // One in which nothing was ever written gives way.
  db.query(
    'INSERT OR REPLACE INTO epochs (first_seq, epoch, started_at, reason) SELECT seq + 1, ?, ?, ? FROM log_head',
  ).run(epoch, now.getTime() * 1000, reason)
}
