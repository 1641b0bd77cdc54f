import { and, asc, eq, inArray, lt } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'

export function idempotencyReads({ db, t }: Handle): Pick<Reads, 'usedKey'> {
  return {
    async usedKey({ accountId, key }) {
      const [used] = await db
        .select({ requestHash: t.idempotency.requestHash, answer: t.idempotency.answer })
        .from(t.idempotency)
        .where(and(eq(t.idempotency.accountId, accountId), eq(t.idempotency.key, key)))
      return used
    },
  }
}

export function idempotencyWrites({ db, t }: Handle, stamp: Stamp): Pick<Writes, 'insertKey' | 'forgetKeys'> {
  return {
    async insertKey({ accountId, key, requestHash, answer, subject }) {
      const values = { accountId, key, requestHash, answer, subject }
      await db.insert(t.idempotency).values({ ...values, at: stamp.now() })
    },

    async forgetKeys(before, limit) {
      // Ids grow with time, so the oldest keys come first.
      const oldest = db
        .select({ id: t.idempotency.id })
        .from(t.idempotency)
        .orderBy(asc(t.idempotency.id))
        .limit(limit)
      const gone = await db
        .delete(t.idempotency)
        .where(and(inArray(t.idempotency.id, oldest), lt(t.idempotency.at, before)))
        .returning({ id: t.idempotency.id })
      return gone.length
    },
  }
}
