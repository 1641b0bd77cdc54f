import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { RetryKeyReads, RetryKeyWrites } from '../../core/kernel/retry-key-ports'
import type { Handle, Stamp } from '../database'
import { rowInsert } from './row-inserts'

export function idempotencyReads({ db, t, dialect, common }: Handle): RetryKeyReads {
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
  const among = common.lazily(() =>
    db
      .select({ accountId: t.idempotency.accountId, key: t.idempotency.key })
      .from(sql`(${dialect.table(['number', 'text'], sql.placeholder('keys'))}) AS given`)
      .innerJoin(
        t.idempotency,
        sql`${t.idempotency.accountId} = given.c0 AND ${t.idempotency.key} = given.c1`,
      )
      .prepare(),
  )
  return {
    async usedKeys(keys) {
      if (keys.length === 0) return []
      const given = keys.map(({ accountId, key }) => [accountId, key])
      return among().execute({ keys: JSON.stringify(given) })
    },

    async usedKey({ accountId, key }) {
      const [used] = await ofKey().execute({ accountId, key })
      return used
    },
  }
}

export function idempotencyWrites(handle: Handle, stamp: Stamp): RetryKeyWrites {
  const { db, t } = handle
  const insert = rowInsert(handle, t.idempotency, {
    columns: {
      ...{ accountId: 'number', key: 'text', requestHash: 'text' },
      ...{ subject: 'number', answer: 'text', at: 'instant' },
    },
  })
  return {
    insertKeys(used) {
      const at = stamp.now()
      return insert(
        used.map(({ accountId, key, requestHash, answer, subject }) => [
          ...[accountId, key, requestHash, subject, answer, at],
        ]),
      )
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
