import { eq, inArray, lt } from 'drizzle-orm'
import type { SecretReads, SecretWrites, ShortSecret } from '../../../core/matrix/secret-ports'
import type { Handle } from '../../database'

export function secretReads({ db, t }: Handle): SecretReads {
  return {
    async shortSecret(hash) {
      const [row] = await db.select().from(t.matrixSecrets).where(eq(t.matrixSecrets.hash, hash))
      return row && secretOf(row)
    },
  }
}

export function secretWrites({ db, t }: Handle): SecretWrites {
  const secrets = t.matrixSecrets
  return {
    async insertShortSecret({ json, ...secret }) {
      await db.insert(secrets).values({ ...secret, json: JSON.stringify(json) })
    },

    async updateShortSecret(hash, json) {
      await db
        .update(secrets)
        .set({ json: JSON.stringify(json) })
        .where(eq(secrets.hash, hash))
    },

    async takeShortSecret(hash) {
      const [row] = await db.delete(secrets).where(eq(secrets.hash, hash)).returning()
      return row && secretOf(row)
    },

    async takeExpiredSecrets(before, limit) {
      const expired = db
        .select({ hash: secrets.hash })
        .from(secrets)
        .where(lt(secrets.expiresAt, before))
        .limit(limit)
      const rows = await db.delete(secrets).where(inArray(secrets.hash, expired)).returning()
      return rows.map(secretOf)
    },
  }
}

type Row = Omit<ShortSecret, 'json'> & { readonly json: string }

function secretOf({ json, ...row }: Row): ShortSecret {
  // The port stored a JSON object.
  return { ...row, json: JSON.parse(json) as ShortSecret['json'] }
}
