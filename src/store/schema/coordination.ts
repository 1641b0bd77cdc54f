/** The tables of coordination: who works on what, which agents are stopped, and who waits for a decision. */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { APPROVAL_STATES } from '../../core/kernel/approval-ports'
import { accounts } from './accounts'
import { instantColumn, uuidColumn } from './columns'

/** `epoch` is the seq of the claim.acquired event: the fencing number, and the key. */
export const claims = sqliteTable(
  'claims',
  {
    epoch: integer('epoch').primaryKey(),
    uuid: uuidColumn('uuid').notNull().unique(),
    channelId: integer('channel_id'),
    /** In canonical form, so that equal resources have equal texts. */
    resource: text('resource').notNull(),
    messageSeq: integer('message_seq'),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    instance: text('instance').notNull(),
    /** The credential by which it was acquired: the id of a token, or `browser`. */
    credential: text('credential').notNull(),
    note: text('note'),
    acquiredAt: instantColumn('acquired_at').notNull(),
    renewedAt: instantColumn('renewed_at').notNull(),
    expiresAt: instantColumn('expires_at').notNull(),
    /** When the end was recorded: the release, or after the expiry. */
    endedAt: instantColumn('ended_at'),
    releasedAt: instantColumn('released_at'),
    outcome: text('outcome', { enum: ['done', 'declined', 'failed'] }),
  },
  (table) => [
    index('claims_resource').on(table.resource).where(sql`ended_at IS NULL`),
    index('claims_expiry').on(table.expiresAt).where(sql`ended_at IS NULL`),
    index('claims_account').on(table.accountId, table.endedAt),
    index('claims_ended').on(table.endedAt).where(sql`ended_at IS NOT NULL`),
    index('claims_message').on(table.messageSeq).where(sql`message_seq IS NOT NULL`),
  ],
)

/**
 * By what approvals are found; what they ask is in `extra` of their messages. `seq` is that of the message. The row stays
 * while the message is a tombstone.
 */
export const approvals = sqliteTable(
  'approvals',
  {
    seq: integer('seq').primaryKey(),
    uuid: uuidColumn('uuid').notNull().unique(),
    channelId: integer('channel_id').notNull(),
    /** The account that asks. */
    accountId: integer('account_id').notNull(),
    /** The root of its thread, which may be its message itself. */
    rootSeq: integer('root_seq').notNull(),
    isNamed: integer('is_named', { mode: 'boolean' }).notNull(),
    state: text('state', { enum: APPROVAL_STATES }).notNull(),
    createdAt: instantColumn('created_at').notNull(),
    expiresAt: instantColumn('expires_at').notNull(),
    /** When the end was recorded: the decision, the cancellation, or after the expiry. */
    endedAt: instantColumn('ended_at'),
    decidedBy: integer('decided_by'),
    /** The message that tells the decision. */
    replySeq: integer('reply_seq'),
  },
  (table) => [
    index('approvals_channel').on(table.channelId, table.seq),
    index('approvals_account').on(table.accountId, table.seq),
    index('approvals_open').on(table.accountId, table.rootSeq).where(sql`ended_at IS NULL`),
    index('approvals_expiry').on(table.expiresAt).where(sql`ended_at IS NULL`),
    index('approvals_decided').on(table.decidedBy, table.seq).where(sql`decided_by IS NOT NULL`),
  ],
)

/** What an instance of an account does, for a while. */
export const presence = sqliteTable(
  'presence',
  {
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    instance: text('instance').notNull(),
    state: text('state', { enum: ['working', 'waiting', 'blocked', 'idle'] }).notNull(),
    note: text('note'),
    since: instantColumn('since').notNull(),
    expiresAt: instantColumn('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.instance] }),
    index('presence_expiry').on(table.expiresAt),
  ],
)

/** What the server processes have observed of an account. */
export const observations = sqliteTable('observations', {
  accountId: integer('account_id')
    .primaryKey()
    .references(() => accounts.id),
  lastReadAt: instantColumn('last_read_at'),
  /** The usual time between two reads. */
  readInterval: integer('read_interval_ms'),
  /** Until when other processes count a stream of the account as open. */
  streamUntil: instantColumn('stream_until'),
})

/** Agents whose posts are refused for a while. `seq` is that of the first pause.started event. */
export const pauses = sqliteTable(
  'pauses',
  {
    seq: integer('seq').primaryKey(),
    uuid: uuidColumn('uuid').notNull().unique(),
    /** Null: every channel. */
    channelId: integer('channel_id'),
    /** Null: every agent. */
    accountId: integer('account_id').references(() => accounts.id),
    /** Null: the operator. */
    byId: integer('by_id').references(() => accounts.id),
    note: text('note'),
    since: instantColumn('since').notNull(),
    /** Null: until somebody ends it. */
    until: instantColumn('until'),
    endedAt: instantColumn('ended_at'),
  },
  (table) => [
    index('pauses_end').on(table.until).where(sql`ended_at IS NULL`),
    index('pauses_ended').on(table.endedAt).where(sql`ended_at IS NOT NULL`),
  ],
)

/** Agents that a limit has stopped, in a thread or, by the run guard, in a channel. Void after the next reset. */
export const chainBlocks = sqliteTable(
  'chain_blocks',
  {
    channelId: integer('channel_id').notNull(),
    /** 0 = the channel. */
    rootSeq: integer('root_seq').notNull(),
    accountId: integer('account_id').notNull(),
    /** Seq of its chain.blocked event. */
    seq: integer('seq').notNull(),
    at: instantColumn('at').notNull(),
    limit: integer('limit_count').notNull(),
    used: integer('used').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channelId, table.rootSeq, table.accountId] }),
    index('chain_blocks_newest').on(table.channelId, table.seq),
  ],
)

/** Where Continue began the run of agents in a channel anew last. */
export const runResets = sqliteTable('run_resets', {
  channelId: integer('channel_id').primaryKey(),
  seq: integer('seq').notNull(),
  /** How many times the limit the agents may post since then. */
  times: integer('times').notNull(),
})
