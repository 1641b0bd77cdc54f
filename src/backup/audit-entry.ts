import type { Database } from 'bun:sqlite'
import { type AuditRecord, chainedEntry, entryBy } from '../core/governance/audit'
import type { Uuid } from '../core/kernel/ids'
import { toMicros } from '../core/kernel/time'

interface Restoring {
  /** File name of the copy, without its folder. */
  readonly file: string
  readonly now: Date
  /** The epoch that begins with the restore, and the last event before it. */
  readonly epoch: string
  readonly lastSeq: number
}

/**
 * Appends a restore to the audit log of a store that is not open anywhere else. A copy from before the audit log
 * existed gets no entry, because it is restored without being migrated.
 */
export function appendRestoreEntry(db: Database, { file, now, epoch, lastSeq }: Restoring): void {
  const table = db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit'").get()
  if (table === null) return
  const last = db
    .query<Pick<AuditRecord, 'id' | 'hash'>, []>('SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1')
    .get()
  const facts = { command: 'backup restore', epoch, last_seq: lastSeq }
  const entry = entryBy({ via: 'operator' }, 'restore', { type: 'backup', id: file }, facts)
  const record = chainedEntry(last ?? undefined, entry, {
    now: () => toMicros(now.getTime() * 1000),
    // Bun returns a UUID in its canonical form.
    uuid: () => Bun.randomUUIDv7() as Uuid,
    sha256: (text) => Bun.SHA256.hash(text, 'hex'),
  })
  const { id, at, via, action, targetType, targetId, metadata, hash } = record
  const uuid = Uint8Array.fromHex(record.uuid.replaceAll('-', ''))
  db.query(
    `INSERT INTO audit (id, uuid, at, via, action, target_type, target_id, metadata, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(id, uuid, at, via, action, targetType, targetId, JSON.stringify(metadata), hash)
}
