import { eq } from 'drizzle-orm'
import type { ConfigSyncReads, ConfigSyncWrites } from '../../../core/configsync/ports'
import type { Handle, Stamp } from '../../database'

export function keypairReads({ db, t }: Handle) {
  return {
    async keypair(userId) {
      const [row] = await db.select().from(t.csKeypairs).where(eq(t.csKeypairs.userId, userId))
      return row
    },
  } satisfies Partial<ConfigSyncReads>
}

export function keypairWrites({ db, t }: Handle, stamp: Stamp) {
  return {
    async insertKeypair(userId, keypair) {
      await db.insert(t.csKeypairs).values({ ...keypair, userId, createdAt: stamp.now() })
    },

    async deleteKeypair(userId) {
      await db.delete(t.csKeypairs).where(eq(t.csKeypairs.userId, userId))
    },
  } satisfies Partial<ConfigSyncWrites>
}
