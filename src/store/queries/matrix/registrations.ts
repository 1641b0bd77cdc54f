import { eq, sql } from 'drizzle-orm'
import type { RegistrationReads, RegistrationWrites } from '../../../core/matrix/registration-ports'
import type { Handle } from '../../database'

export function registrationReads({ db, t }: Handle): RegistrationReads {
  const tokens = t.matrixRegistrationTokens
  return {
    async registrationToken(token) {
      const [row] = await db.select().from(tokens).where(eq(tokens.token, token))
      return row
    },
  }
}

export function registrationWrites({ db, t }: Handle): RegistrationWrites {
  const tokens = t.matrixRegistrationTokens
  return {
    async countRegistration(token, { pending = 0, completed = 0 }) {
      await db
        .update(tokens)
        .set({ pending: sql`pending + ${pending}`, completed: sql`completed + ${completed}` })
        .where(eq(tokens.token, token))
    },
  }
}
