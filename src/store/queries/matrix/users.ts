import { eq } from 'drizzle-orm'
import type { UserReads, UserWrites } from '../../../core/matrix/user-ports'
import type { Handle } from '../../database'
import { only } from '../rows'

export function userReads({ db, t }: Handle): UserReads {
  const users = t.matrixUsers
  return {
    async user(by) {
      const where = 'accountId' in by ? eq(users.accountId, by.accountId) : eq(users.localpart, by.localpart)
      const [row] = await db.select().from(users).where(where)
      return row
    },
  }
}

export function userWrites({ db, t }: Handle): UserWrites {
  return {
    async insertUser(user) {
      return only(await db.insert(t.matrixUsers).values(user).returning())
    },
  }
}
