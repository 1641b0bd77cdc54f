/** What accounts post, counted in time. */

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The messages of an account in a channel, counted in stretches of one length. A row has as many stretches as the window of
 * that length, so a report reads two rows of each account and channel.
 */
export const activity = sqliteTable(
  'activity',
  {
    /** Length of a stretch, in seconds. */
    span: integer('span').notNull(),
    /** Number of the row's part of time since 1970. */
    part: integer('part').notNull(),
    channelId: integer('channel_id').notNull(),
    accountId: integer('account_id').notNull(),
    isAgent: integer('is_agent', { mode: 'boolean' }).notNull(),
    /** Seq of the last message. */
    lastSeq: integer('last_seq').notNull(),
    /** Pairs of a stretch and its messages, one after the other. */
    counts: text('counts', { mode: 'json' }).$type<readonly number[]>().notNull(),
    /** Of stretches with messages that report usage: six numbers each; see core/activity/packed.ts. */
    usage: text('usage', { mode: 'json' }).$type<readonly number[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.span, table.part, table.channelId, table.accountId] })],
)
