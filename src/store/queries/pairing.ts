import { and, asc, desc, eq, gt } from 'drizzle-orm'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'
import { accountReads } from './accounts'
import { only } from './rows'

export function pairingReads(handle: Handle) {
  const { db, t } = handle
  const { accountsByIds } = accountReads(handle)
  return {
    async pairCodes(by) {
      const where =
        'uuid' in by
          ? eq(t.pairCodes.uuid, by.uuid)
          : 'codeHash' in by
            ? eq(t.pairCodes.codeHash, by.codeHash)
            : eq(t.pairCodes.selector, by.selector)
      return db.select().from(t.pairCodes).where(where).orderBy(desc(t.pairCodes.id))
    },

    async listPairCodes({ after, limit }, accountId) {
      const rows = await db
        .select({ code: t.pairCodes, token: t.tokens })
        .from(t.pairCodes)
        .leftJoin(t.tokens, eq(t.tokens.id, t.pairCodes.tokenId))
        .where(
          and(
            gt(t.pairCodes.id, Number(after)),
            accountId === undefined ? undefined : eq(t.pairCodes.accountId, accountId),
          ),
        )
        .orderBy(asc(t.pairCodes.id))
        .limit(limit)
      const accounts = await accountsByIds([...new Set(rows.map(({ code }) => code.accountId))])
      const byId = new Map(accounts.map((account) => [account.id, account]))
      return rows.flatMap(({ code, token }) => {
        const account = byId.get(code.accountId)
        return account ? [{ code, account, token }] : []
      })
    },
  } satisfies Partial<Reads>
}

export function pairingWrites({ db, t }: Handle, stamp: Stamp) {
  return {
    async insertPairCode(code) {
      const row = { ...code, uuid: stamp.uuid(), createdAt: stamp.now() }
      return only(await db.insert(t.pairCodes).values(row).returning())
    },

    async redeemPairCode(id, tokenId, now) {
      const rows = await db
        .update(t.pairCodes)
        .set({ state: 'redeemed', tokenId })
        .where(and(eq(t.pairCodes.id, id), eq(t.pairCodes.state, 'active'), gt(t.pairCodes.expiresAt, now)))
        .returning({ id: t.pairCodes.id })
      return rows.length > 0
    },

    async updatePairCode(id, change) {
      await db.update(t.pairCodes).set(change).where(eq(t.pairCodes.id, id))
    },
  } satisfies Partial<Writes>
}
