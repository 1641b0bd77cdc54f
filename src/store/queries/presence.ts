import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import type { PresenceReads, PresenceWrites, StoredObservation } from '../../core/kernel/coordination-ports'
import type { Handle } from '../database'
import { chunks } from './rows'

/** Who is there: leases of instances, and what was observed of accounts. */
export function presenceReads({ db, t }: Handle) {
  const { presence, observations } = t
  return {
    async presenceOf(accountIds) {
      const found = []
      for (const some of chunks(accountIds))
        found.push(...(await db.select().from(presence).where(inArray(presence.accountId, some))))
      return found
    },

    async nextPresenceExpiry() {
      const [row] = await db
        .select({ at: presence.expiresAt })
        .from(presence)
        .orderBy(asc(presence.expiresAt))
        .limit(1)
      return row?.at ?? null
    },

    expiredPresence: (now, limit) =>
      db
        .select()
        .from(presence)
        .where(lte(presence.expiresAt, now))
        .orderBy(asc(presence.expiresAt))
        .limit(limit),

    async presentAccounts(now) {
      const leased = await db
        .select({ id: presence.accountId })
        .from(presence)
        .where(gt(presence.expiresAt, now))
        .groupBy(presence.accountId)
      const streaming = await db
        .select({ id: observations.accountId })
        .from(observations)
        .where(gt(observations.streamUntil, now))
      return [...leased, ...streaming].map(({ id }) => id)
    },

    async readersSince(since) {
      const { accountId, lastReadAt } = observations
      const rows = await db.select({ accountId }).from(observations).where(gt(lastReadAt, since))
      return rows.map((row) => row.accountId)
    },

    async observations(accountIds) {
      const found = new Map<number, StoredObservation>()
      for (const some of chunks(accountIds)) {
        const rows = await db.select().from(observations).where(inArray(observations.accountId, some))
        for (const { accountId, lastReadAt, readInterval, streamUntil } of rows)
          found.set(accountId, {
            reads:
              lastReadAt === null ? null : { lastReadAt, readInterval: readInterval && readInterval / 1000 },
            streamUntil,
          })
      }
      return found
    },
  } satisfies PresenceReads
}

export function presenceWrites({ db, t, dialect }: Handle) {
  const { accounts, presence, observations } = t
  // Another process may still note what it observed before the erasure.
  const withoutErased = async (accountIds: readonly number[]): Promise<ReadonlySet<number>> => {
    const found = await db
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(inArray(accounts.id, [...accountIds]), isNull(accounts.erasedAt)))
    return new Set(found.map(({ id }) => id))
  }
  return {
    async putPresence({ accountId, instance, ...lease }) {
      await db
        .insert(presence)
        .values({ accountId, instance, ...lease })
        .onConflictDoUpdate({ target: [presence.accountId, presence.instance], set: lease })
    },

    async deletePresence(accountId, instance) {
      const own = eq(presence.accountId, accountId)
      await db.delete(presence).where(instance === null ? own : and(own, eq(presence.instance, instance)))
    },

    async shiftPresence(micros) {
      await db.update(presence).set({
        since: dialect.shifted(presence.since, micros),
        expiresAt: dialect.shifted(presence.expiresAt, micros),
      })
      await db
        .update(observations)
        .set({ lastReadAt: dialect.shifted(observations.lastReadAt, micros) })
        .where(isNotNull(observations.lastReadAt))
    },

    async noteReads(reads) {
      const present = await withoutErased([...reads.keys()])
      const known = [...reads].filter(([accountId]) => present.has(accountId))
      const rows = known.map(([accountId, { lastReadAt, readInterval }]) => ({
        accountId,
        lastReadAt,
        readInterval: readInterval === null ? null : Math.round(readInterval * 1000),
      }))
      if (rows.length === 0) return
      await db
        .insert(observations)
        .values(rows)
        .onConflictDoUpdate({
          target: observations.accountId,
          set: { lastReadAt: sql`excluded.last_read_at`, readInterval: sql`excluded.read_interval_ms` },
          setWhere: sql`observations.last_read_at IS NULL OR observations.last_read_at < excluded.last_read_at`,
        })
    },

    async noteStreams(accountIds, until) {
      const present = await withoutErased(accountIds)
      if (present.size === 0) return
      await db
        .insert(observations)
        .values([...present].map((accountId) => ({ accountId, streamUntil: until })))
        .onConflictDoUpdate({ target: observations.accountId, set: { streamUntil: until } })
    },

    async deleteObservations(accountId) {
      await db.delete(observations).where(eq(observations.accountId, accountId))
    },
  } satisfies PresenceWrites
}
