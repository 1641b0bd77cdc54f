/** The tables of threads. */

import { integer, primaryKey, sqliteTable } from 'drizzle-orm/sqlite-core'

/** Written with the first reply. */
export const threads = sqliteTable('threads', {
  rootSeq: integer('root_seq').primaryKey(),
  replyCount: integer('reply_count').notNull(),
  lastReplySeq: integer('last_reply_seq').notNull(),
  /** Seq of what began the budgets of agents anew last: a person's reply, a decision, or Continue; null = the root. */
  resetSeq: integer('reset_seq'),
  /** How many times its limit each agent may reply since then. */
  resetTimes: integer('reset_times').notNull().default(1),
})

/** Who takes part in a thread: one row per account that replied, or that chose whether to follow it. */
export const threadMembers = sqliteTable(
  'thread_members',
  {
    rootSeq: integer('root_seq').notNull(),
    accountId: integer('account_id').notNull(),
    /** Seq of the account's last reply; null if it did not reply. The root does not count. */
    lastSeq: integer('last_seq'),
    /** Null: replies decide. A reply sets false back to null. */
    follow: integer('follow', { mode: 'boolean' }),
    /** Seq of the last reply by which an agent spent of its budget; what it spent before `threads.reset_seq` is void. */
    spentSeq: integer('spent_seq'),
    spent: integer('spent').notNull().default(0),
    /** Whether it has used its correction. */
    corrected: integer('corrected', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.rootSeq, table.accountId] })],
)
