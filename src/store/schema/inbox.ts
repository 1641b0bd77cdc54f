/** The tables of notifications. */

import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { accounts } from './accounts'
import { instantColumn } from './columns'

/**
 * What notified an account, and how far it got. `@channel` writes no row: a member's item follows from its membership
 * until its state changes.
 */
export const inbox = sqliteTable(
  'inbox',
  {
    accountId: integer('account_id').notNull(),
    /** Seq of the event that notified the account. */
    seq: integer('seq').notNull(),
    messageSeq: integer('message_seq').notNull(),
    channelId: integer('channel_id').notNull(),
    /** A set: core/inbox/reasons.ts. */
    reasons: integer('reasons').notNull(),
    /** The place of the state in DELIVERY_STATES: core/inbox/items.ts. */
    state: integer('state').notNull().default(0),
    stateAt: instantColumn('state_at'),
    note: text('note'),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.seq] }),
    index('inbox_message').on(table.messageSeq),
  ],
)

/** How far an account has acknowledged its inbox. */
export const inboxes = sqliteTable('inboxes', {
  accountId: integer('account_id')
    .primaryKey()
    .references(() => accounts.id),
  /** Every item up to it counts as acknowledged, unless it failed. */
  ackedSeq: integer('acked_seq').notNull(),
  ackedAt: instantColumn('acked_at').notNull(),
  /** Up to here the items are marked as acknowledged, too, and their senders were told. */
  settledSeq: integer('settled_seq').notNull().default(0),
})

/**
 * Where notifications wait for their recipient: one row for an account and a channel, from the oldest of them that is queued. A
 * row is judged again when it is due.
 */
export const awaited = sqliteTable(
  'awaited',
  {
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    channelId: integer('channel_id').notNull(),
    fromSeq: integer('from_seq').notNull(),
    /** Until when the account counts as reachable, because it was when the row was last judged. */
    reachableUntil: instantColumn('reachable_until'),
    dueAt: instantColumn('due_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.channelId] }),
    index('awaited_due').on(table.dueAt),
  ],
)

/** When those whom a message notifies must have answered it. */
export const ackDeadlines = sqliteTable(
  'ack_deadlines',
  {
    messageSeq: integer('message_seq').primaryKey(),
    dueAt: instantColumn('due_at').notNull(),
  },
  (table) => [index('ack_deadlines_due').on(table.dueAt)],
)

/** Named positions in inboxes, one for each session or process that reads. */
export const consumers = sqliteTable(
  'consumers',
  {
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    name: text('name').notNull(),
    /** Seq of the last item that was acknowledged by position. */
    position: integer('position').notNull(),
    updatedAt: instantColumn('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.name] })],
)
