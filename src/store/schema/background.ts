/** The tables of background work. */

import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { instantColumn } from './columns'

/** Jobs that one replica runs for all, and when its lease ends. */
export const jobLeases = sqliteTable('job_leases', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  until: instantColumn('until').notNull(),
})

/** The position of each projection in the log. */
export const projections = sqliteTable('projections', {
  name: text('name').primaryKey(),
  /** Seq of the last event that it has applied. */
  position: integer('position').notNull(),
})

/** Events that are still to be delivered to an endpoint. The content is read when it is delivered. */
export const outbox = sqliteTable(
  'outbox',
  {
    endpoint: text('endpoint').notNull(),
    seq: integer('seq').notNull(),
  },
  (table) => [primaryKey({ columns: [table.endpoint, table.seq] })],
)
