import { and, asc, desc, eq, inArray, lt } from 'drizzle-orm'
import type { ConfigSyncReads, ConfigSyncWrites, StoredAuditEntry } from '../../../core/configsync/ports'
import { parseUuid } from '../../../core/kernel/ids'
import type { Handle, Stamp } from '../../database'
import { placeholders } from '../rows'

export function auditReads({ db, t }: Handle) {
  return {
    async auditEntries(userId, { before, limit }) {
      const rows = await db
        .select()
        .from(t.csAudit)
        .where(and(eq(t.csAudit.userId, userId), lt(t.csAudit.id, before)))
        .orderBy(desc(t.csAudit.id))
        .limit(limit)
      return rows.map(
        (row): StoredAuditEntry => ({ ...row, tokenUuid: parseUuid(row.tokenUuid ?? '') ?? null }),
      )
    },
  } satisfies Partial<ConfigSyncReads>
}

export function auditWrites({ db, t, common }: Handle, stamp: Stamp) {
  const columns = ['userId', 'tokenUuid', 'ip', 'event', 'ref', 'bytes', 'at'] as const
  const one = common.lazily(() => db.insert(t.csAudit).values(placeholders(columns)).prepare())
  return {
    async insertAudit(entries) {
      const at = stamp.now()
      const [entry, ...others] = entries
      // Most acts have one.
      if (entry && others.length === 0) await one().execute({ ...entry, at })
      else if (entry) await db.insert(t.csAudit).values(entries.map((entry) => ({ ...entry, at })))
    },

    async forgetAudit(before, limit) {
      const old = db
        .select({ id: t.csAudit.id })
        .from(t.csAudit)
        .where(lt(t.csAudit.at, before))
        .orderBy(asc(t.csAudit.at))
        .limit(limit)
      const gone = await db
        .delete(t.csAudit)
        .where(inArray(t.csAudit.id, old))
        .returning({ id: t.csAudit.id })
      return gone.length
    },
  } satisfies Partial<ConfigSyncWrites>
}
