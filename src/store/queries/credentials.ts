import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, ne, or, sql } from 'drizzle-orm'
import { ADMIN_SCOPE } from '../../core/access/scopes'
import type { Session, Token } from '../../core/kernel/entities'
import type { NewSession, NewToken, Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'
import { only } from './rows'

export function credentialReads({ db, t }: Handle) {
  return {
    async token(by) {
      const where =
        'id' in by
          ? eq(t.tokens.id, by.id)
          : 'hash' in by
            ? eq(t.tokens.hash, by.hash)
            : eq(t.tokens.uuid, by.uuid)
      const [row] = await db.select().from(t.tokens).where(where).limit(1)
      return row
    },

    async listTokens(accountId, { after, limit }) {
      return db
        .select()
        .from(t.tokens)
        .where(and(eq(t.tokens.accountId, accountId), gt(t.tokens.id, Number(after))))
        .orderBy(asc(t.tokens.id))
        .limit(limit)
    },

    countLiveTokens: (accountId, now) =>
      db.$count(
        t.tokens,
        and(
          eq(t.tokens.accountId, accountId),
          isNull(t.tokens.revokedAt),
          or(isNull(t.tokens.expiresAt), gt(t.tokens.expiresAt, now)),
        ),
      ),

    async accountsWithAdminToken(now) {
      const rows = await db
        .select({ scopes: t.tokens.scopes, id: t.accounts.id })
        .from(t.tokens)
        .innerJoin(t.accounts, eq(t.accounts.id, t.tokens.accountId))
        .where(
          and(
            isNull(t.tokens.revokedAt),
            or(isNull(t.tokens.expiresAt), gt(t.tokens.expiresAt, now)),
            isNull(t.accounts.archivedAt),
          ),
        )
      return [...new Set(rows.filter(({ scopes }) => scopes.includes(ADMIN_SCOPE)).map(({ id }) => id))]
    },

    async session(by) {
      const where = 'hash' in by ? eq(t.sessions.hash, by.hash) : eq(t.sessions.uuid, by.uuid)
      const [row] = await db.select().from(t.sessions).where(where).limit(1)
      return row
    },

    async listSessions(accountId, now) {
      return db
        .select()
        .from(t.sessions)
        .where(
          and(
            eq(t.sessions.accountId, accountId),
            or(gt(t.sessions.expiresAt, now), isNotNull(t.sessions.refreshHash)),
          ),
        )
        .orderBy(desc(t.sessions.id))
    },
  } satisfies Partial<Reads>
}

export function credentialWrites({ db, t, dialect }: Handle, stamp: Stamp) {
  return {
    async insertToken(token: NewToken): Promise<Token> {
      const row = { ...token, uuid: stamp.uuid(), createdAt: stamp.now() }
      return only(await db.insert(t.tokens).values(row).returning())
    },

    async revokeToken(id) {
      return only(
        await db.update(t.tokens).set({ revokedAt: stamp.now() }).where(eq(t.tokens.id, id)).returning(),
      )
    },

    async limitToken(id, expiresAt) {
      await db.update(t.tokens).set({ expiresAt }).where(eq(t.tokens.id, id))
    },

    async insertSession(session: NewSession): Promise<Session> {
      const row = { uuid: stamp.uuid(), ...session, createdAt: stamp.now() }
      return only(await db.insert(t.sessions).values(row).returning())
    },

    async extendSession(id, expiresAt) {
      await db.update(t.sessions).set({ expiresAt }).where(eq(t.sessions.id, id))
    },

    async deleteSessions(by) {
      const where =
        'id' in by
          ? eq(t.sessions.id, by.id)
          : and(
              eq(t.sessions.accountId, by.accountId),
              by.not === undefined ? undefined : ne(t.sessions.id, by.not),
            )
      return db.delete(t.sessions).where(where).returning()
    },

    async noteUses(of, uses) {
      const table = t[of]
      await db
        .update(table)
        .set({ lastUsedAt: sql`given.at` })
        .from(dialect.instants(uses))
        .where(
          and(
            eq(table.id, sql`given.id`),
            // Otherwise Postgres may compare each row with each of these.
            dialect.amongNumbers(table.id, sql`${JSON.stringify([...uses.keys()])}`),
          ),
        )
    },

    async forgetSessions(before, { after, limit }) {
      const { id, expiresAt, refreshHash } = t.sessions
      const page = await db
        .select({ id, expiresAt, refreshHash })
        .from(t.sessions)
        .where(gt(id, after))
        .orderBy(asc(id))
        .limit(limit)
      const over = page
        .filter((session) => session.expiresAt < before && session.refreshHash === null)
        .map((session) => session.id)
      if (over.length > 0) await db.delete(t.sessions).where(inArray(id, over))
      return page.length < limit ? undefined : page.at(-1)?.id
    },

    async nthAttempt(key, { after, upTo }, n) {
      const rows = await db
        .select({ at: t.loginAttempts.at })
        .from(t.loginAttempts)
        .where(
          and(eq(t.loginAttempts.key, key), gt(t.loginAttempts.at, after), lte(t.loginAttempts.at, upTo)),
        )
        .orderBy(desc(t.loginAttempts.at))
        .limit(1)
        .offset(n - 1)
      return rows[0]?.at
    },

    async insertAttempts(keys, at) {
      await db.insert(t.loginAttempts).values(keys.map((key) => ({ key, at })))
    },

    async forgetAttemptsBeyond({ after, upTo }, limit) {
      const beyond = db
        .select({ id: t.loginAttempts.id })
        .from(t.loginAttempts)
        .where(or(lt(t.loginAttempts.at, after), gt(t.loginAttempts.at, upTo)))
        .limit(limit)
      const gone = await db
        .delete(t.loginAttempts)
        .where(inArray(t.loginAttempts.id, beyond))
        .returning({ id: t.loginAttempts.id })
      return gone.length
    },

    async forgetAttempts(keys) {
      for (const key of keys) {
        const latest = db
          .select({ id: t.loginAttempts.id })
          .from(t.loginAttempts)
          .where(eq(t.loginAttempts.key, key))
          .orderBy(desc(t.loginAttempts.id))
          .limit(1)
        await db.delete(t.loginAttempts).where(inArray(t.loginAttempts.id, latest))
      }
    },
  } satisfies Partial<Writes>
}
