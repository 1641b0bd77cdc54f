import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, ne, or, sql } from 'drizzle-orm'
import type { ErasureReads, ErasureWrites, PendingErasure } from '../../core/kernel/erasure-ports'
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle } from '../database'
import { chunks } from './rows'

/** The erasure of an account: what it left in the tables. */

export function erasureReads({ db, t }: Handle) {
  return {
    async heldChannels() {
      const rows = await db
        .select({ id: t.channels.id })
        .from(t.channels)
        // The one dialect returns true as 1, the other one as a word.
        .where(sql`CAST(${t.channels.settings} ->> 'legalHold' AS text) IN ('1', 'true')`)
      return rows.map(({ id }) => id)
    },

    async hasMessageIn(accountId, channelIds, after) {
      const { channelId, senderId, seq } = t.messages
      for (const id of channelIds) {
        const [found] = await db
          .select({ seq })
          .from(t.messages)
          .where(and(eq(channelId, id), gt(seq, after), eq(senderId, accountId)))
          .limit(1)
        if (found) return true
      }
      return false
    },

    pendingErasures: () => db.select().from(t.erasures).orderBy(asc(t.erasures.accountId)),

    async pendingErasure(accountId) {
      const [found] = await db.select().from(t.erasures).where(eq(t.erasures.accountId, accountId))
      return found
    },

    async tracesOf(accountId, name, { after, through, limit }) {
      const { seq, body, senderId, deletedAt } = t.messages
      const exists = (table: string, root: string) =>
        sql<boolean>`EXISTS (SELECT 1 FROM ${sql.raw(table)} AS own
          WHERE own.${sql.raw(root)} = messages.seq AND own.account_id = ${accountId})`.mapWith(Boolean)
      const isNaming = name === null ? sql`false` : sql`lower(${body}) LIKE ${`%@${name}%`}`
      const rows = await db
        .select({
          seq,
          isOwn: sql<boolean>`${senderId} = ${accountId} AND ${deletedAt} IS NULL`.mapWith(Boolean),
          hasReaction: exists('reactions', 'message_seq'),
          isInThread: exists('thread_members', 'root_seq'),
          isNaming: sql<boolean>`${isNaming}`.mapWith(Boolean),
        })
        .from(t.messages)
        .where(and(gt(seq, after), lte(seq, through)))
        .orderBy(asc(seq))
        .limit(limit)
      const traces = rows.filter((row) => row.isOwn || row.hasReaction || row.isInThread || row.isNaming)
      return { traces, last: rows.at(-1)?.seq }
    },
  } satisfies ErasureReads & Partial<Reads>
}

export function erasureWrites({ db, t, dialect }: Handle) {
  const isAt = ({ accountId, position, throughSeq }: PendingErasure) =>
    and(
      eq(t.erasures.accountId, accountId),
      eq(t.erasures.position, position),
      eq(t.erasures.throughSeq, throughSeq),
    )

  /** Replaces a handle in the scopes and `actors` of a table. */
  const replaceInRights = async (table: Handle['t']['tokens' | 'pairCodes'], from: string, to: string) => {
    const { id, scopes, actors } = table
    const contains = (column: typeof scopes | typeof actors, text: string) =>
      sql`CAST(${column} AS text) LIKE ${`%${text}%`}`
    const rows = await db
      .select({ id, scopes, actors })
      .from(table)
      .where(or(contains(actors, `"${from}"`), contains(scopes, `"dm:${from}:`)))
    for (const row of rows)
      await db
        .update(table)
        .set({
          scopes: row.scopes.map((scope) => scope.replace(`dm:${from}:`, `dm:${to}:`)),
          actors: row.actors && replaced(row.actors, from, to),
        })
        .where(eq(id, row.id))
  }

  return {
    async beginErasure(erasure) {
      const { accountId, ...set } = erasure
      await db.insert(t.erasures).values(erasure).onConflictDoUpdate({ target: t.erasures.accountId, set })
    },

    async moveErasure(from, to) {
      const moved = await db
        .update(t.erasures)
        .set(to)
        .where(isAt(from))
        .returning({ accountId: t.erasures.accountId })
      return moved.length > 0
    },

    async endErasure(erasure) {
      await db.delete(t.erasures).where(isAt(erasure))
    },

    async deleteCredentials(accountId, now) {
      await db.delete(t.pairCodes).where(eq(t.pairCodes.accountId, accountId))
      const gone = await db
        .delete(t.tokens)
        .where(eq(t.tokens.accountId, accountId))
        .returning({ revokedAt: t.tokens.revokedAt, expiresAt: t.tokens.expiresAt })
      return gone.filter(
        ({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now),
      ).length
    },

    async eraseTokenNames(accountId) {
      const { data, subject, seq, type } = t.events
      const types = ['account.token_issued', 'account.token_revoked']
      await db
        .update(t.events)
        .set({ data: dialect.withNull(data, 'name') })
        // The second condition makes the index of events about accounts usable. It holds for all of these.
        .where(and(eq(subject, accountId), ne(subject, seq), inArray(type, types)))
    },

    async deleteMembershipsOf(accountId) {
      const { channelId } = t.memberships
      const own = eq(t.memberships.accountId, accountId)
      const rows = await db.select({ channelId }).from(t.memberships).where(own)
      const direct = db.select({ id: t.channels.id }).from(t.channels).where(eq(t.channels.kind, 'dm'))
      await db.delete(t.memberships).where(and(own, sql`${channelId} NOT IN (${direct})`))
      await db.update(t.memberships).set({ notify: 'all', wakeOn: null, readSeq: null }).where(own)
      return rows.map((row) => row.channelId)
    },

    async replaceHandle(from, to) {
      await replaceInRights(t.tokens, from, to)
      await replaceInRights(t.pairCodes, from, to)
      const { channelId, name, handles } = t.channelAliases
      const rows = await db
        .select()
        .from(t.channelAliases)
        .where(sql`CAST(${handles} AS text) LIKE ${`%"${from}"%`}`)
      const changed = rows.filter((row) => row.handles.includes(from))
      for (const row of changed)
        await db
          .update(t.channelAliases)
          .set({ handles: replaced(row.handles, from, to) })
          .where(and(eq(channelId, row.channelId), eq(name, row.name)))
      return [...new Set(changed.map((row) => row.channelId))]
    },

    async leaveThreads(accountId, roots, hasReplies) {
      const { threadMembers } = t
      for (const some of chunks(roots)) {
        const own = and(eq(threadMembers.accountId, accountId), inArray(threadMembers.rootSeq, some))
        await db.delete(threadMembers).where(and(own, hasReplies ? isNull(threadMembers.lastSeq) : undefined))
        if (hasReplies)
          await db
            .update(threadMembers)
            .set({ follow: null })
            .where(and(own, isNotNull(threadMembers.follow)))
      }
    },

    async forgetInboxOf(accountId, limit) {
      const { seq } = t.inbox
      const own = eq(t.inbox.accountId, accountId)
      const some = db.select({ seq }).from(t.inbox).where(own).limit(limit)
      const gone = await db
        .delete(t.inbox)
        .where(and(own, inArray(seq, some)))
        .returning({ seq })
      if (gone.length < limit) {
        await db.delete(t.consumers).where(eq(t.consumers.accountId, accountId))
        await db.delete(t.inboxes).where(eq(t.inboxes.accountId, accountId))
        await db.delete(t.awaited).where(eq(t.awaited.accountId, accountId))
      }
      return gone.length
    },

    async forgetKeysOf(accountId, limit) {
      const { id } = t.idempotency
      const some = db
        .select({ id })
        .from(t.idempotency)
        .where(eq(t.idempotency.accountId, accountId))
        .limit(limit)
      return (await db.delete(t.idempotency).where(inArray(id, some)).returning({ id })).length
    },
  } satisfies ErasureWrites & Partial<Writes>
}

function replaced(handles: readonly string[], from: string, to: string): readonly string[] {
  return handles.map((handle) => (handle === from ? to : handle))
}
