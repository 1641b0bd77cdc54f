import { and, asc, eq, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import type { PusherKey, PusherReads, PusherWrites } from '../../../core/matrix/pusher-ports'
import type { Handle } from '../../database'

export function pusherReads({ db, t }: Handle): PusherReads {
  const pushers = t.matrixPushers
  return {
    async livePushers(accountId) {
      const found = await db
        .select({
          pusher: pushers,
          localpart: t.matrixUsers.localpart,
          locked: t.matrixUsers.locked,
          token: t.tokens.uuid,
        })
        .from(pushers)
        .innerJoin(t.accounts, eq(t.accounts.id, pushers.accountId))
        .innerJoin(t.matrixUsers, eq(t.matrixUsers.accountId, pushers.accountId))
        .innerJoin(t.matrixDevices, eq(t.matrixDevices.id, pushers.device))
        .leftJoin(t.tokens, and(eq(t.tokens.uuid, t.matrixDevices.uuid), isNull(t.tokens.revokedAt)))
        .where(
          and(
            accountId === undefined ? undefined : eq(pushers.accountId, accountId),
            isNull(t.accounts.archivedAt),
            // The device of a person has a session, that of an agent has its token.
            sql`(${t.tokens.uuid} IS NOT NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.device = ${pushers.device}))`,
          ),
        )
        .orderBy(asc(pushers.accountId), asc(pushers.setAt))
      return found.map(({ pusher, ...user }) => ({ ...pusher, ...user }))
    },
  }
}

export function pusherWrites({ db, t, dialect }: Handle): PusherWrites {
  const pushers = t.matrixPushers
  const is = ({ accountId, appId, pushkey }: PusherKey) =>
    and(eq(pushers.accountId, accountId), eq(pushers.appId, appId), eq(pushers.pushkey, pushkey))
  return {
    async setPusher(pusher) {
      const { device, json, setAt } = pusher
      const whole = { failures: 0, failingSince: null, nextAt: null }
      await db
        .insert(pushers)
        .values(pusher)
        .onConflictDoUpdate({
          target: [pushers.accountId, pushers.appId, pushers.pushkey],
          set: { device, json, setAt, ...whole },
        })
    },

    async deletePusher(key) {
      await db.delete(pushers).where(is(key))
    },

    async deletePushersOfOthers({ accountId, appId, pushkey }) {
      const gone = await db
        .delete(pushers)
        .where(and(eq(pushers.appId, appId), eq(pushers.pushkey, pushkey), ne(pushers.accountId, accountId)))
        .returning({ accountId: pushers.accountId })
      return gone.map((row) => row.accountId)
    },

    async movePushers(moved) {
      if (moved.length === 0) return
      const rows = moved.map(({ accountId, appId, pushkey, pos }) => [accountId, appId, pushkey, pos])
      const table = dialect.table(['number', 'text', 'text', 'number'], sql`${JSON.stringify(rows)}`)
      await db
        .update(pushers)
        .set({ pos: sql`given.c3` })
        .from(sql`(${table}) AS given`)
        .where(
          sql`${pushers.accountId} = given.c0 AND ${pushers.appId} = given.c1 AND ${pushers.pushkey} = given.c2 AND ${pushers.pos} < given.c3`,
        )
    },

    async shiftPushers(micros) {
      const { failingSince, nextAt } = pushers
      await db
        .update(pushers)
        .set({ failingSince: dialect.shifted(failingSince, micros), nextAt: dialect.shifted(nextAt, micros) })
        .where(or(isNotNull(failingSince), isNotNull(nextAt)))
    },

    async notePusherFailures(key, { failures, failingSince, nextAt }) {
      await db.update(pushers).set({ failures, failingSince, nextAt }).where(is(key))
    },
  }
}
