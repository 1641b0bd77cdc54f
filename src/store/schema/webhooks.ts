/** The tables of webhooks: where accounts want to be called, and the calls that are made or still to be made. */

import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { WakeReason } from '../../core/kernel/entities'
import type { DeliveryAttempt } from '../../core/kernel/webhook-ports'
import { accounts } from './accounts'
import { instantColumn, uuidColumn } from './columns'

export const webhooks = sqliteTable(
  'webhooks',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** Null for the push endpoint, of which an account has one. */
    uuid: uuidColumn('uuid').unique(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    name: text('name').notNull(),
    /** Null for a push endpoint that was disabled. */
    url: text('url'),
    source: text('source', { enum: ['inbox', 'events'] })
      .notNull()
      .default('inbox'),
    /** Reasons of notifications; null = those of the push endpoint. */
    reasons: text('reasons', { mode: 'json' }).$type<readonly WakeReason[]>(),
    /** Types of events, or prefixes; null = all. */
    types: text('types', { mode: 'json' }).$type<readonly string[]>(),
    /** Inner ids; null = every channel that the account may read. */
    channels: text('channels', { mode: 'json' }).$type<readonly number[]>(),
    mode: text('mode', { enum: ['message', 'inbox'] })
      .notNull()
      .default('message'),
    batchSeconds: integer('batch_s').notNull().default(5),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    disabledReason: text('disabled_reason', { enum: ['failing', 'gone'] }),
    disabledAt: instantColumn('disabled_at'),
    /** Sealed under the key of the instance: src/platform/encryption.ts. */
    secretSealed: text('secret_sealed'),
    /** The secret before the last change, which signs too for a while. */
    formerSecretSealed: text('former_secret_sealed'),
    formerUntil: instantColumn('former_until'),
    /** An admin has set this URL, so it may lead to a private address. */
    vouched: integer('vouched', { mode: 'boolean' }).notNull().default(false),
    /** Scopes of the token that set it last, which limit what it is sent; null = not limited. */
    scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>(),
    /** Seq after which events count: that of its creation, or of when it was enabled again. */
    sinceSeq: integer('since_seq').notNull().default(0),
    /** Of `events`: seq of the last event that was examined. */
    position: integer('position').notNull().default(0),
    /** Dead deliveries since the last success. */
    deadInARow: integer('dead_in_a_row').notNull().default(0),
    lastSuccessAt: instantColumn('last_success_at'),
    failingSince: instantColumn('failing_since'),
    createdAt: instantColumn('created_at'),
  },
  (table) => [
    index('webhooks_account').on(table.accountId),
    uniqueIndex('webhooks_push').on(table.accountId).where(sql`uuid IS NULL`),
  ],
)

/** Calls of webhooks. What is sent is rendered at each attempt and never stored. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: uuidColumn('uuid').notNull().unique(),
    webhookId: integer('webhook_id')
      .notNull()
      .references(() => webhooks.id),
    /** Type of the event. */
    event: text('event').notNull(),
    /** Seq of the event; of a batch, of its last item. Null for a test. */
    seq: integer('seq'),
    /** Of a batch: seq of its first item. */
    firstSeq: integer('first_seq'),
    state: text('state', { enum: ['pending', 'delivered', 'dead'] }).notNull(),
    attempts: text('attempts', { mode: 'json' }).$type<readonly DeliveryAttempt[]>().notNull(),
    /** Attempts since it was last queued. */
    tries: integer('tries').notNull().default(0),
    /** When it is due. While it is attempted: when another process may take it, because the first one has died. */
    nextAt: instantColumn('next_at').notNull(),
    isTaken: integer('is_taken', { mode: 'boolean' }).notNull().default(false),
    createdAt: instantColumn('created_at').notNull(),
    endedAt: instantColumn('ended_at'),
  },
  (table) => [
    uniqueIndex('webhook_deliveries_event').on(table.seq, table.webhookId),
    index('webhook_deliveries_webhook').on(table.webhookId, table.id),
    index('webhook_deliveries_due').on(table.nextAt, table.webhookId).where(sql`state = 'pending'`),
    index('webhook_deliveries_ended').on(table.endedAt).where(sql`ended_at IS NOT NULL`),
  ],
)
