import type { Database } from 'bun:sqlite'
import { CHAIN_START, chainHash, entryBy } from '../core/governance/audit'
import type { Uuid } from '../core/kernel/ids'
import { toMicros } from '../core/kernel/time'

interface Restoring {
  /** Name of the copy, without its folder. */
  readonly file: string
  readonly now: Date
  /** The epoch that begins with it, and the last event before it. */
  readonly epoch: string
  readonly lastSeq: number
}

interface Last {
  readonly id: number
  readonly hash: string
}

/**
 * Adds a restore to the audit log of a store that is not open anywhere else, behind the last entry of its chain. A copy
 * from before there was an audit log stays without: it need not be migrated to be put back.
 */
export function writeDownRestore(db: Database, { file, now, epoch, lastSeq }: Restoring): void {
  const table = db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit'").get()
  if (table === null) return
  const last = db.query<Last, []>('SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1').get()
  const facts = { command: 'backup restore', epoch, last_seq: lastSeq }
  const entry = entryBy({ via: 'operator' }, 'restore', { type: 'backup', id: file }, facts)
  const { via, action, targetType, targetId, metadata } = entry
  // This is the form of every UUID that Bun makes.
  const uuid = Bun.randomUUIDv7() as Uuid
  const record = { ...entry, id: (last?.id ?? 0) + 1, uuid, at: toMicros(now.getTime() * 1000) }
  const hash = chainHash((text) => Bun.SHA256.hash(text, 'hex'), last?.hash ?? CHAIN_START, record)
  const bytes = Uint8Array.fromHex(uuid.replaceAll('-', ''))
  db.query(
    `INSERT INTO audit (id, uuid, at, via, action, target_type, target_id, metadata, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(record.id, bytes, record.at, via, action, targetType, targetId, JSON.stringify(metadata), hash)
}
