import { and, asc, desc, eq, inArray, lt, max } from 'drizzle-orm'
import type { SettingChange } from '../../core/kernel/entities'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { chunks } from './rows'

export function settingReads({ db, t }: Handle) {
  return {
    async settingChanges(which) {
      if (which === 'newest') {
        const newest = db
          .select({ seq: max(t.settingChanges.seq) })
          .from(t.settingChanges)
          .groupBy(t.settingChanges.key)
        const rows = await db
          .select()
          .from(t.settingChanges)
          .where(inArray(t.settingChanges.seq, newest))
          .orderBy(asc(t.settingChanges.seq))
        return rows.map(toChange)
      }
      const found: SettingChange[] = []
      for (const some of chunks(which.seqs)) {
        const rows = await db.select().from(t.settingChanges).where(inArray(t.settingChanges.seq, some))
        found.push(...rows.map(toChange))
      }
      return found
    },

    async settingHistory(key, { before, limit }) {
      const ofKey = key === null ? undefined : eq(t.settingChanges.key, key)
      const rows = await db
        .select()
        .from(t.settingChanges)
        .where(and(lt(t.settingChanges.seq, before), ofKey))
        .orderBy(desc(t.settingChanges.seq))
        .limit(limit)
      return rows.map(toChange)
    },
  } satisfies Partial<Reads>
}

export function settingWrites({ db, t }: Handle) {
  return {
    async insertSettingChange({ at, ...change }) {
      await db.insert(t.settingChanges).values({ ...change, createdAt: at })
    },

    async updateSettingChange(seq, value) {
      await db.update(t.settingChanges).set({ value }).where(eq(t.settingChanges.seq, seq))
    },
  } satisfies Partial<Writes>
}

function toChange({ createdAt, ...row }: Handle['t']['settingChanges']['$inferSelect']): SettingChange {
  return { ...row, at: createdAt }
}
