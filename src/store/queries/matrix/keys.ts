import { desc, eq, sql } from 'drizzle-orm'
import type { KeyReads, KeyWrites } from '../../../core/matrix/key-ports'
import type { Handle, Stamp } from '../../database'
import { only } from '../rows'

export function keyReads({ db, t }: Handle): KeyReads {
  return {
    signingKeys: async () =>
      db
        .select()
        .from(t.matrixKeys)
        .orderBy(desc(t.matrixKeys.createdAt), sql`${t.matrixKeys.expiredAt} IS NULL DESC`),
  }
}

export function keyWrites({ db, t }: Handle, stamp: Stamp): KeyWrites {
  return {
    async insertSigningKey(key) {
      const row = { ...key, createdAt: stamp.now() }
      return only(await db.insert(t.matrixKeys).values(row).returning())
    },
    async retireSigningKey(keyId) {
      await db.update(t.matrixKeys).set({ expiredAt: stamp.now() }).where(eq(t.matrixKeys.keyId, keyId))
    },
  }
}
