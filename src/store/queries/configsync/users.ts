import { asc, eq, gt, sql } from 'drizzle-orm'
import type { ConfigSyncReads, ConfigSyncWrites } from '../../../core/configsync/ports'
import type { Handle, Stamp } from '../../database'
import { only } from '../rows'

export function userReads({ db, t, common }: Handle) {
  const users = t.configsyncUsers
  const where = (column: typeof users.id | typeof users.accountId) =>
    common.lazily(() =>
      db
        .select()
        .from(users)
        .where(eq(column, sql.placeholder('id')))
        .prepare(),
    )
  const byId = where(users.id)
  const byAccount = where(users.accountId)
  return {
    async user(by) {
      const [row] = await ('id' in by
        ? byId().execute({ id: by.id })
        : byAccount().execute({ id: by.accountId }))
      return row
    },

    async users({ after, limit }) {
      return db
        .select()
        .from(t.configsyncUsers)
        .where(gt(t.configsyncUsers.id, after))
        .orderBy(asc(t.configsyncUsers.id))
        .limit(limit)
    },
  } satisfies Partial<ConfigSyncReads>
}

export function userWrites({ db, t, common }: Handle, stamp: Stamp) {
  const add = common.lazily(() =>
    db
      .update(t.configsyncUsers)
      .set({ usedBytes: sql`used_bytes + ${sql.placeholder('bytes')}` })
      .where(eq(t.configsyncUsers.id, sql.placeholder('id')))
      .prepare(),
  )
  return {
    async endLogins(accountId) {
      await db
        .update(t.configsyncUsers)
        .set({ credentialVersion: sql`credential_version + 1` })
        .where(eq(t.configsyncUsers.accountId, accountId))
    },

    async insertUser(accountId) {
      const row = { accountId, createdAt: stamp.now() }
      return only(await db.insert(t.configsyncUsers).values(row).returning())
    },

    async updateUser(id, change) {
      return only(
        await db.update(t.configsyncUsers).set(change).where(eq(t.configsyncUsers.id, id)).returning(),
      )
    },

    async addUsed(id, bytes) {
      await add().execute({ id, bytes })
    },
  } satisfies Partial<ConfigSyncWrites>
}
