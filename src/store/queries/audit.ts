import { and, asc, desc, eq, gt, gte, lt, sql } from 'drizzle-orm'
import { type AuditEntry, type AuditRecord, chainedEntry } from '../../core/governance/audit'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'

export function auditReads({ db, t }: Handle) {
  return {
    async auditEntries({ actorId, action, targetId, since }, { after, before, limit }) {
      const begins =
        action === null ? undefined : sql`substr(${t.audit.action}, 1, ${action.length}) = ${action}`
      const rows = await db
        .select()
        .from(t.audit)
        .where(
          and(
            gt(t.audit.id, after),
            lt(t.audit.id, before),
            actorId === null ? undefined : eq(t.audit.actorId, actorId),
            targetId === null ? undefined : eq(t.audit.targetId, targetId),
            since === null ? undefined : gte(t.audit.at, since),
            begins,
          ),
        )
        .orderBy(desc(t.audit.id))
        .limit(limit)
      return rows.map(toRecord)
    },

    async auditChain(after, limit) {
      const rows = await db
        .select()
        .from(t.audit)
        .where(gt(t.audit.id, after))
        .orderBy(asc(t.audit.id))
        .limit(limit)
      return rows.map(toRecord)
    },
  } satisfies Partial<Reads>
}

export function auditWrites({ db, t }: Handle, stamp: Stamp) {
  return {
    /** The transaction holds the lock of the log, so no other entry can be added in between. */
    async audit(...entries: readonly AuditEntry[]) {
      const [newest] = await db
        .select({ id: t.audit.id, hash: t.audit.hash })
        .from(t.audit)
        .orderBy(desc(t.audit.id))
        .limit(1)
      let last: Pick<AuditRecord, 'id' | 'hash'> | undefined = newest
      const records: AuditRecord[] = []
      for (const entry of entries) {
        const record = chainedEntry(last, entry, stamp)
        records.push(record)
        last = record
      }
      if (records.length > 0) await db.insert(t.audit).values(records)
    },
  } satisfies Partial<Writes>
}

function toRecord({ via, ...row }: Handle['t']['audit']['$inferSelect']): AuditRecord {
  // Only entries of the core are written.
  return { ...row, via: via as AuditRecord['via'] }
}
