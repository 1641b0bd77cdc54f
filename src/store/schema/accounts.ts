import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { instantColumn, uuidColumn } from './columns'

export const accounts = sqliteTable('accounts', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  uuid: uuidColumn('uuid').notNull().unique(),
  kind: text('kind', { enum: ['human', 'agent'] }).notNull(),
  handle: text('handle').notNull().unique(),
  displayName: text('display_name').notNull(),
  email: text('email'),
  passwordHash: text('password_hash'),
  isAdmin: integer('is_admin', { mode: 'boolean' }).notNull().default(false),
  chainLimit: integer('chain_limit'),
  about: text('about').notNull().default(''),
  capabilities: text('capabilities', { mode: 'json' }).$type<readonly string[]>().notNull().default([]),
  residency: text('residency', { enum: ['continuous', 'episodic'] })
    .notNull()
    .default('episodic'),
  createdAt: instantColumn('created_at').notNull(),
  archivedAt: instantColumn('archived_at'),
  /** An erased account keeps its row, because messages and events refer to it. */
  erasedAt: instantColumn('erased_at'),
})
