import {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  min,
  ne,
  not,
  type SQLWrapper,
  sql,
} from 'drizzle-orm'
import type { WebhookReads, WebhookWrites } from '../../core/kernel/webhook-ports'
import type { Handle } from '../database'
import { chunks, only } from './rows'

/** The newest attempts that are kept of a delivery. */
const MAX_ATTEMPTS = 24

/** Webhooks, and the calls that are made or still to be made. */
export function webhookReads({ db, t, dialect }: Handle) {
  const { webhooks, webhookDeliveries: deliveries } = t
  const isPending = sql`state = 'pending'`
  const isNone = (column: SQLWrapper, numbers: readonly number[]) =>
    numbers.length === 0 ? undefined : not(dialect.amongNumbers(column, sql`${JSON.stringify(numbers)}`))
  const joined = () =>
    db
      .select({ delivery: deliveries, webhook: webhooks })
      .from(deliveries)
      .innerJoin(webhooks, eq(webhooks.id, deliveries.webhookId))
  return {
    async webhook(by) {
      const where =
        'id' in by
          ? eq(webhooks.id, by.id)
          : 'uuid' in by
            ? eq(webhooks.uuid, by.uuid)
            : and(eq(webhooks.accountId, by.pushOf), isNull(webhooks.uuid))
      return (await db.select().from(webhooks).where(where))[0]
    },

    async webhooksOf(accountIds) {
      const found = []
      for (const some of chunks(accountIds))
        found.push(
          ...(await db
            .select()
            .from(webhooks)
            .where(inArray(webhooks.accountId, some))
            .orderBy(asc(webhooks.id))),
        )
      return found
    },

    listWebhooks: (accountId, { after, limit }) =>
      db
        .select()
        .from(webhooks)
        .where(
          and(gt(webhooks.id, after), accountId === null ? undefined : eq(webhooks.accountId, accountId)),
        )
        .orderBy(asc(webhooks.id))
        .limit(limit),

    async wakeableAccounts() {
      const rows = await db
        .select({
          id: webhooks.accountId,
          works: sql<number>`count(*) - count(failing_since)`.mapWith(Number),
        })
        .from(webhooks)
        .where(and(eq(webhooks.enabled, true), eq(webhooks.source, 'inbox'), isNotNull(webhooks.url)))
        .groupBy(webhooks.accountId)
      return new Map(rows.map(({ id, works }) => [id, works > 0 ? 'ok' : 'failing'] as const))
    },

    eventWebhooks: () =>
      db
        .select()
        .from(webhooks)
        .where(and(eq(webhooks.enabled, true), eq(webhooks.source, 'events'))),

    async delivery(uuid) {
      return (await joined().where(eq(deliveries.uuid, uuid)))[0]
    },

    deliveries: ({ webhookId, accountId, state }, { before, limit }) =>
      joined()
        .where(
          and(
            lt(deliveries.id, before),
            webhookId === undefined ? undefined : eq(deliveries.webhookId, webhookId),
            accountId === undefined ? undefined : eq(webhooks.accountId, accountId),
            state === undefined ? undefined : eq(deliveries.state, state),
          ),
        )
        .orderBy(desc(deliveries.id))
        .limit(limit),

    async webhookCounts(webhookIds) {
      const counts = new Map(webhookIds.map((id) => [id, { pending: 0, dead: 0 }]))
      for (const some of chunks(webhookIds)) {
        const rows = await db
          .select({ id: deliveries.webhookId, state: deliveries.state, n: count() })
          .from(deliveries)
          .where(and(inArray(deliveries.webhookId, some), ne(deliveries.state, 'delivered')))
          .groupBy(deliveries.webhookId, deliveries.state)
        for (const { id, state, n } of rows) {
          const known = counts.get(id)
          if (known && state !== 'delivered') known[state] = n
        }
      }
      return counts
    },

    pendingDeliveries: (exceptWebhooks, limit) =>
      joined()
        .where(
          and(
            isPending,
            // Both are in the index, so what waits for others is passed over quickly.
            isNone(deliveries.webhookId, exceptWebhooks),
            eq(webhooks.enabled, true),
          ),
        )
        .orderBy(asc(deliveries.nextAt), asc(deliveries.id))
        .limit(limit),

    async outboxState() {
      const [row] = await db
        .select({ pending: count(), oldest: min(deliveries.createdAt) })
        .from(deliveries)
        .where(isPending)
      return { pending: row?.pending ?? 0, oldest: row?.oldest ?? null }
    },
  } satisfies WebhookReads
}

export function webhookWrites({ db, t, dialect }: Handle) {
  const { webhooks, webhookDeliveries: deliveries } = t
  return {
    async insertWebhook(webhook) {
      return only(await db.insert(webhooks).values(webhook).returning())
    },

    async updateWebhook(id, change) {
      return only(await db.update(webhooks).set(change).where(eq(webhooks.id, id)).returning())
    },

    async deleteWebhook(id) {
      await db.delete(deliveries).where(eq(deliveries.webhookId, id))
      await db.delete(webhooks).where(eq(webhooks.id, id))
    },

    async deleteWebhooksOf(accountId) {
      const own = db.select({ id: webhooks.id }).from(webhooks).where(eq(webhooks.accountId, accountId))
      await db.delete(deliveries).where(inArray(deliveries.webhookId, own))
      await db.delete(webhooks).where(eq(webhooks.accountId, accountId))
    },

    async insertDeliveries(all) {
      for (const some of chunks(all))
        await db
          .insert(deliveries)
          .values(some.map((one) => ({ ...one, state: 'pending' as const, attempts: [] })))
          .onConflictDoNothing({ target: [deliveries.seq, deliveries.webhookId] })
    },

    async openBatch(webhookId) {
      const [found] = await db
        .select()
        .from(deliveries)
        .where(
          and(
            eq(deliveries.webhookId, webhookId),
            sql`state = 'pending'`,
            sql`first_seq IS NOT NULL`,
            eq(deliveries.tries, 0),
            eq(deliveries.isTaken, false),
          ),
        )
        .orderBy(desc(deliveries.id))
        .limit(1)
      return found
    },

    async updateDelivery(id, { attempts, ...change }) {
      const set = { ...change, ...(attempts && { attempts: attempts.slice(-MAX_ATTEMPTS) }) }
      await db.update(deliveries).set(set).where(eq(deliveries.id, id))
    },

    async deleteDelivery(id) {
      await db.delete(deliveries).where(eq(deliveries.id, id))
    },

    async takeDeliveries(ids, now, until) {
      const taken = await db
        .update(deliveries)
        .set({ isTaken: true, nextAt: until })
        .where(and(inArray(deliveries.id, [...ids]), sql`state = 'pending'`, lte(deliveries.nextAt, now)))
        .returning({ id: deliveries.id })
      return new Set(taken.map(({ id }) => id))
    },

    async shiftDeliveries(micros) {
      await db
        .update(deliveries)
        .set({ nextAt: dialect.shifted(deliveries.nextAt, micros) })
        .where(sql`state = 'pending'`)
      await db
        .update(webhooks)
        .set({ failingSince: dialect.shifted(webhooks.failingSince, micros) })
        .where(isNotNull(webhooks.failingSince))
    },

    async endDeliveries(webhookId, at) {
      await db
        .update(deliveries)
        .set({ state: 'dead', endedAt: at })
        .where(
          and(eq(deliveries.webhookId, webhookId), sql`state = 'pending'`, eq(deliveries.isTaken, false)),
        )
    },

    async forgetDeliveries(state, before, limit) {
      const found = await db
        .select({ id: deliveries.id })
        .from(deliveries)
        .where(and(lt(deliveries.endedAt, before), eq(deliveries.state, state)))
        .limit(limit)
      for (const some of chunks(found))
        await db.delete(deliveries).where(
          inArray(
            deliveries.id,
            some.map(({ id }) => id),
          ),
        )
      return found.length
    },
  } satisfies WebhookWrites
}
