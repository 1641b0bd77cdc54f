import { asc, eq, gt, sql } from 'drizzle-orm'
import type { RegistrationReads, RegistrationWrites } from '../../../core/matrix/registration-ports'
import type { Handle } from '../../database'
import { only } from '../rows'

export function registrationReads({ db, t }: Handle): RegistrationReads {
  const tokens = t.matrixRegistrationTokens
  return {
    async registrationToken(token) {
      const [row] = await db.select().from(tokens).where(eq(tokens.token, token))
      return row
    },
    listRegistrationTokens: async ({ after, limit }) =>
      db.select().from(tokens).where(gt(tokens.token, after)).orderBy(asc(tokens.token)).limit(limit),
  }
}

export function registrationWrites({ db, t }: Handle): RegistrationWrites {
  const tokens = t.matrixRegistrationTokens
  return {
    insertRegistrationToken: async (token) => only(await db.insert(tokens).values(token).returning()),

    async deleteRegistrationToken(token) {
      const gone = await db.delete(tokens).where(eq(tokens.token, token)).returning({ token: tokens.token })
      return gone.length > 0
    },

    async countRegistration(token, { pending = 0, completed = 0 }) {
      await db
        .update(tokens)
        .set({ pending: sql`pending + ${pending}`, completed: sql`completed + ${completed}` })
        .where(eq(tokens.token, token))
    },
  }
}
