import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'
import { placeholders } from './rows'

export function idempotencyReads({ db, t, common }: Handle): Pick<Reads, 'usedKey'> {
  const ofKey = common.lazily(() =>
    db
      .select({ requestHash: t.idempotency.requestHash, answer: t.idempotency.answer })
      .from(t.idempotency)
      .where(
        and(
          eq(t.idempotency.accountId, sql.placeholder('accountId')),
          eq(t.idempotency.key, sql.placeholder('key')),
        ),
      )
      .prepare(),
  )
  return {
    async usedKey({ accountId, key }) {
      const [used] = await ofKey().execute({ accountId, key })
      return used
    },
  }
}

const INSERTED = ['accountId', 'key', 'requestHash', 'answer', 'subject', 'at'] as const

export function idempotencyWrites(
  { db, t, common }: Handle,
  stamp: Stamp,
): Pick<Writes, 'insertKey' | 'forgetKeys'> {
  const insert = common.lazily(() => db.insert(t.idempotency).values(placeholders(INSERTED)).prepare())
  return {
    async insertKey({ accountId, key, requestHash, answer, subject }) {
      await insert().execute({ accountId, key, requestHash, answer, subject, at: stamp.now() })
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
