import { and, desc, eq, gte, isNull, lt, max, ne, sql } from 'drizzle-orm'
import { SYSTEM_HANDLE } from '../../core/identity/system-account'
import { stateNumber } from '../../core/inbox/items'
import type { ActivityRange, ActivityReads, ActivityWrites } from '../../core/kernel/activity-ports'
import type { Handle } from '../database'
import { chunks } from './rows'

const ACKED = stateNumber('acked')
const UNREACHABLE = stateNumber('unreachable')

type ActivityTuple = [
  part: number,
  accountId: number,
  isAgent: 0 | 1,
  lastSeq: number,
  counts: number[],
  usage: number[],
]

export function activityReads({ db, t, dialect }: Handle) {
  const { activity } = t
  const listed = (numbers: readonly number[]) => sql`${JSON.stringify(numbers)}`
  const within = ({ span, fromPart, channelIds }: ActivityRange) =>
    and(
      eq(activity.span, span),
      gte(activity.part, fromPart),
      dialect.amongNumbers(activity.channelId, listed(channelIds)),
    )
  return {
    async agentsIn(channelIds, limit) {
      const rows = await db
        .select({ id: t.accounts.id })
        .from(t.accounts)
        .innerJoin(t.memberships, eq(t.memberships.accountId, t.accounts.id))
        .where(
          and(
            eq(t.accounts.kind, 'agent'),
            ne(t.accounts.handle, SYSTEM_HANDLE),
            isNull(t.accounts.archivedAt),
            dialect.amongNumbers(t.memberships.channelId, listed(channelIds)),
          ),
        )
        .groupBy(t.accounts.id)
        .limit(limit)
      return rows.map(({ id }) => id)
    },

    async activityIn(range) {
      // One text for each channel: thousands of rows would take longer to cross from a read thread than to be read.
      const columns = [
        ...[activity.part, activity.accountId].map((column) => sql`CAST(${column} AS text)`),
        sql`CASE WHEN ${activity.isAgent} THEN '1' ELSE '0' END`,
        ...[activity.lastSeq, activity.counts, activity.usage].map((column) => sql`CAST(${column} AS text)`),
      ]
      const row = sql`'[' || ${sql.join(columns, sql` || ',' || `)} || ']'`
      const found = await db
        .select({ channelId: activity.channelId, rows: sql<string>`'[' || string_agg(${row}, ',') || ']'` })
        .from(activity)
        .where(within(range))
        .groupBy(activity.channelId)
      const { span } = range
      return found.flatMap(({ channelId, rows }) =>
        // It was written as such above.
        (JSON.parse(rows) as ActivityTuple[]).map(([part, accountId, isAgent, lastSeq, counts, usage]) => ({
          ...{ span, part, channelId, accountId, lastSeq, counts, usage },
          isAgent: isAgent === 1,
        })),
      )
    },

    activityAt: async ({ span, part }, channelIds, accountIds) =>
      db
        .select()
        .from(activity)
        .where(
          and(
            eq(activity.span, span),
            eq(activity.part, part),
            dialect.amongNumbers(activity.channelId, listed(channelIds)),
            dialect.amongNumbers(activity.accountId, listed(accountIds)),
          ),
        ),

    async lastPosts(range) {
      const last = max(activity.lastSeq).mapWith(Number)
      const rows = await db
        .select({ accountId: activity.accountId, last })
        .from(activity)
        .where(and(within(range), eq(activity.isAgent, true)))
        .groupBy(activity.accountId)
        .orderBy(desc(last))
      return new Map(rows.map(({ accountId, last }) => [accountId, last]))
    },

    async openItems(accountIds, channelIds, limit) {
      const owner = sql`given.value`
      const mark = sql`coalesce((SELECT acked_seq FROM inboxes WHERE account_id = ${owner}), 0)`
      const open = sql`inbox.account_id = ${owner} AND inbox.seq > ${mark} AND inbox.state < ${ACKED}
        AND ${dialect.amongNumbers(sql`inbox.channel_id`, listed(channelIds))}`
      const some = sql`SELECT inbox.state FROM inbox WHERE ${open} LIMIT ${limit}`
      const number = (text: unknown) => Number(text)
      const rows = await db
        .select({
          accountId: sql`${owner}`.mapWith(number),
          pending: sql`(SELECT count(*) FROM (${some}) AS listed)`.mapWith(number),
          unreachable: sql`(SELECT count(*) FROM (${some}) AS listed WHERE state = ${UNREACHABLE})`.mapWith(
            number,
          ),
          oldest:
            sql`coalesce((SELECT inbox.seq FROM inbox WHERE ${open} ORDER BY inbox.seq LIMIT 1), 0)`.mapWith(
              number,
            ),
        })
        .from(sql`(${dialect.numbers(listed(accountIds))}) AS given`)
      return rows.map(({ accountId, pending, unreachable, oldest }) => ({
        accountId,
        pending,
        oldestSeq: oldest === 0 ? null : oldest,
        hasUnreachable: unreachable > 0,
      }))
    },

    async storedItems(accountIds, messages) {
      if (messages.length === 0) return []
      const { accountId, messageSeq } = t.inbox
      return db
        .select({ accountId, messageSeq })
        .from(t.inbox)
        .where(
          and(
            dialect.amongNumbers(messageSeq, listed(messages)),
            dialect.amongNumbers(accountId, listed(accountIds)),
          ),
        )
    },
  } satisfies ActivityReads
}

export function activityWrites({ db, t }: Handle) {
  const { activity } = t
  return {
    async putActivity(rows) {
      for (const some of chunks(rows))
        await db
          .insert(activity)
          .values(some)
          .onConflictDoUpdate({
            target: [activity.span, activity.part, activity.channelId, activity.accountId],
            set: {
              lastSeq: sql`excluded.last_seq`,
              counts: sql`excluded.counts`,
              usage: sql`excluded.usage`,
            },
          })
    },

    async forgetActivity(span, beforePart) {
      await db.delete(activity).where(and(eq(activity.span, span), lt(activity.part, beforePart)))
    },

    async forgetActivityOf(accountId) {
      await db.delete(activity).where(eq(activity.accountId, accountId))
    },
  } satisfies ActivityWrites
}
