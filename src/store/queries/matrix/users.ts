import { asc, eq, gt, or, sql } from 'drizzle-orm'
import type { UserReads, UserWrites } from '../../../core/matrix/user-ports'
import type { Handle, Stamp } from '../../database'
import { only } from '../rows'
import { deviceReads, deviceWrites } from './devices'

export function userReads({ db, t, dialect }: Handle): UserReads {
  const users = t.matrixUsers
  const ofAccounts = db
    .select()
    .from(users)
    .where(dialect.amongNumbers(users.accountId, sql.placeholder('accounts')))
    .prepare()
  return {
    async usersOfAccounts(accountIds) {
      return accountIds.length === 0 ? [] : ofAccounts.execute({ accounts: JSON.stringify(accountIds) })
    },
    async usersNamed(localparts) {
      if (localparts.length === 0) return []
      return db
        .select()
        .from(users)
        .where(dialect.amongTexts(users.localpart, sql`${JSON.stringify(localparts)}`))
    },
    restrictedUsers: async () =>
      db
        .select({ accountId: users.accountId, locked: users.locked, suspended: users.suspended })
        .from(users)
        .where(or(eq(users.locked, true), eq(users.suspended, true))),
    async listUsers({ after, limit }) {
      return db
        .select()
        .from(users)
        .where(gt(users.accountId, after))
        .orderBy(asc(users.accountId))
        .limit(limit)
    },
    async user(by) {
      const where = 'accountId' in by ? eq(users.accountId, by.accountId) : eq(users.localpart, by.localpart)
      const [row] = await db.select().from(users).where(where)
      return row
    },
  }
}

export function userWrites(handle: Handle, stamp: Stamp): UserWrites {
  const { db, t } = handle
  return {
    async insertUser(user) {
      return only(await db.insert(t.matrixUsers).values(user).returning())
    },

    async updateUser(accountId, change) {
      await db.update(t.matrixUsers).set(change).where(eq(t.matrixUsers.accountId, accountId))
    },

    async deactivateUser(accountId, { at, erased }) {
      await db
        .update(t.matrixUsers)
        .set({ deactivatedAt: at, erased })
        .where(eq(t.matrixUsers.accountId, accountId))
    },

    async forgetUser(accountId) {
      await db
        .update(t.matrixUsers)
        .set({ avatar: null, profile: {} })
        .where(eq(t.matrixUsers.accountId, accountId))
      for (const table of [t.matrixAccountData, t.matrixFilters, t.matrixSecrets, t.matrixPushers])
        await db.delete(table).where(eq(table.accountId, accountId))
      const devices = await deviceReads(handle).devices(accountId)
      if (devices.length > 0) await deviceWrites(handle, stamp).deleteDevices(devices.map(({ id }) => id))
    },
  }
}
