import { and, asc, eq, inArray, max, or } from 'drizzle-orm'
import type { AccountDataWrites } from '../../../core/matrix/account-data-ports'
import type { Handle } from '../../database'

export function accountDataWrites({ db, t }: Handle): AccountDataWrites {
  const data = t.matrixAccountData
  const filters = t.matrixFilters
  return {
    async setAccountDatum(datum) {
      const { json, mx } = datum
      await db
        .insert(data)
        .values(datum)
        .onConflictDoUpdate({ target: [data.accountId, data.channelId, data.type], set: { json, mx } })
    },

    async dataOfMembers(channelId) {
      const { memberships } = t
      return db
        .select({ accountId: data.accountId, type: data.type, json: data.json })
        .from(memberships)
        .innerJoin(data, eq(data.accountId, memberships.accountId))
        .where(
          and(
            eq(memberships.channelId, channelId),
            or(
              and(eq(data.channelId, channelId), eq(data.type, 'm.tag')),
              and(eq(data.channelId, 0), inArray(data.type, ['m.direct', 'm.push_rules'])),
            ),
          ),
        )
        .orderBy(asc(data.accountId), asc(data.type))
    },

    async keepFilter(accountId, json) {
      const own = eq(filters.accountId, accountId)
      const [same] = await db
        .select({ n: filters.n })
        .from(filters)
        .where(and(own, eq(filters.json, json)))
        .limit(1)
      if (same) return same.n
      const [last] = await db
        .select({ n: max(filters.n) })
        .from(filters)
        .where(own)
      const n = (last?.n ?? 0) + 1
      await db.insert(filters).values({ accountId, n, json })
      return n
    },
  }
}
