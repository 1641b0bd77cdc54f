import {
  and,
  asc,
  count,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  max,
  ne,
  notInArray,
  sql,
} from 'drizzle-orm'
import type { Account } from '../../core/kernel/entities'
import type { AccountChange, NewAccount, Reads } from '../../core/kernel/ports'
import type { Micros } from '../../core/kernel/time'
import type { Handle, Stamp } from '../database'
import { chunks, isStorable, only } from './rows'

export function accountReads({ db, t, dialect, common }: Handle) {
  const byHandles = common.lazily(() =>
    db
      .select()
      .from(t.accounts)
      .where(dialect.amongTexts(t.accounts.handle, sql.placeholder('handles')))
      .prepare(),
  )
  const canSignIn = and(
    eq(t.accounts.kind, 'human'),
    isNull(t.accounts.archivedAt),
    isNotNull(t.accounts.passwordHash),
  )
  const { id, handle, displayName, kind } = t.accounts
  const names = common.lazily(() =>
    db
      .select({ id, handle, displayName, kind })
      .from(t.accounts)
      .where(and(gt(handle, sql.placeholder('after')), isNull(t.accounts.archivedAt)))
      .orderBy(asc(handle))
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  const lastUses = async (table: typeof t.tokens | typeof t.sessions, accountIds: readonly number[]) => {
    const used = new Map<number, Micros>()
    for (const some of chunks(accountIds)) {
      const rows = await db
        .select({ id: table.accountId, at: max(table.lastUsedAt) })
        .from(table)
        .where(and(inArray(table.accountId, some), isNotNull(table.lastUsedAt)))
        .groupBy(table.accountId)
      for (const { id, at } of rows) if (at !== null) used.set(id, at)
    }
    return used
  }
  const find = async (where: ReturnType<typeof eq>) => {
    const [row] = await db.select().from(t.accounts).where(where).limit(1)
    return row && toAccount(row)
  }
  return {
    async account(by) {
      if ('handle' in by && !isStorable(by.handle)) return undefined
      return find(
        'id' in by
          ? eq(t.accounts.id, by.id)
          : 'uuid' in by
            ? eq(t.accounts.uuid, by.uuid)
            : eq(t.accounts.handle, by.handle),
      )
    },

    async humanWithEmail(email) {
      if (!isStorable(email)) return undefined
      const rows = await db
        .select()
        .from(t.accounts)
        .where(and(eq(sql`lower(${t.accounts.email})`, email), eq(t.accounts.kind, 'human')))
        .limit(2)
      const [row] = rows
      return row && rows.length === 1 ? toAccount(row) : undefined
    },

    async accountsByIds(ids) {
      const found: Account[] = []
      for (const some of chunks(ids))
        for (const row of await db.select().from(t.accounts).where(inArray(t.accounts.id, some)))
          found.push(toAccount(row))
      return found
    },

    async accountsByHandles(handles) {
      const rows = await byHandles().execute({ handles: JSON.stringify(handles.filter(isStorable)) })
      return rows.map(toAccount)
    },

    async listAccounts({ after, limit }) {
      const rows = await db
        .select()
        .from(t.accounts)
        .where(gt(t.accounts.handle, after))
        .orderBy(asc(t.accounts.handle))
        .limit(limit)
      return rows.map(toAccount)
    },

    accountNames: (page) => names().execute({ ...page }),

    countAccounts: () => db.$count(t.accounts),

    async passwordHash(accountId) {
      const rows = await db
        .select({ hash: t.accounts.passwordHash })
        .from(t.accounts)
        .where(eq(t.accounts.id, accountId))
      return rows[0]?.hash ?? null
    },

    /** The last use of a token or session. Uses within the current minute may be missing. */
    async lastSeen(accountIds) {
      const seen = await lastUses(t.tokens, accountIds)
      for (const [id, at] of await lastUses(t.sessions, accountIds))
        if (at > (seen.get(id) ?? 0)) seen.set(id, at)
      return seen
    },

    tokensUsed: (accountIds) => lastUses(t.tokens, accountIds),

    async channelCounts(accountIds) {
      const { memberships, channels } = t
      const counts = new Map<number, number>()
      for (const some of chunks(accountIds)) {
        const rows = await db
          .select({ id: memberships.accountId, count: count() })
          .from(memberships)
          .innerJoin(channels, eq(channels.id, memberships.channelId))
          .where(
            and(inArray(memberships.accountId, some), ne(channels.kind, 'dm'), isNull(channels.archivedAt)),
          )
          .groupBy(memberships.accountId)
        for (const row of rows) counts.set(row.id, row.count)
      }
      return counts
    },

    async agentsUnseenSince(since) {
      const { accounts, tokens, sessions, observations } = t
      const usedIn = (table: typeof tokens | typeof sessions) =>
        db.select({ id: table.accountId }).from(table).where(gte(table.lastUsedAt, since))
      const streamed = db
        .select({ id: observations.accountId })
        .from(observations)
        .where(gte(observations.streamUntil, since))
      const rows = await db
        .select({ id: accounts.id })
        .from(accounts)
        .where(
          and(
            eq(accounts.kind, 'agent'),
            isNull(accounts.archivedAt),
            lt(accounts.createdAt, since),
            notInArray(accounts.id, usedIn(tokens)),
            notInArray(accounts.id, usedIn(sessions)),
            notInArray(accounts.id, streamed),
          ),
        )
      return rows.map((row) => row.id)
    },

    async humansWithPassword() {
      const rows = await db.select().from(t.accounts).where(canSignIn)
      return rows.map(toAccount)
    },

    async hasHumanWithPassword() {
      const rows = await db.select({ id: t.accounts.id }).from(t.accounts).where(canSignIn).limit(1)
      return rows.length > 0
    },
  } satisfies Partial<Reads>
}

export function accountWrites({ db, t }: Handle, stamp: Stamp) {
  return {
    async insertAccount(account: NewAccount): Promise<Account> {
      const row = { ...account, uuid: stamp.uuid(), createdAt: stamp.now() }
      return toAccount(only(await db.insert(t.accounts).values(row).returning()))
    },

    async updateAccount(id: number, change: AccountChange): Promise<Account> {
      return toAccount(only(await db.update(t.accounts).set(change).where(eq(t.accounts.id, id)).returning()))
    },
  }
}

function toAccount({ passwordHash, ...row }: Handle['t']['accounts']['$inferSelect']): Account {
  return { ...row, hasPassword: passwordHash !== null }
}
