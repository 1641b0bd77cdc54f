import { Database } from 'bun:sqlite'
import { inArray, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { OperatorError } from '../../core/kernel/operator-error'
import { CommonStatements } from '../common-statements'
import type { ColumnType, Dialect, Handle } from '../database'
import * as schema from '../schema'
import { checkDatabase, checkWriteAheadLog, damaged } from './check'
import { checkMigrations, migrateSqlite } from './migrate'
import { wordIndex } from './word-index'
import { CHECKPOINT_PAGES, KEPT_LOG_BYTES } from './write-ahead-log'

/** How long a read waits for a lock of another process. */
const READ_PATIENCE_MILLISECONDS = 50

export interface SqliteConnections {
  readonly writer: Database
  readonly reader: Database
  readonly migrated: readonly string[]
}

/**
 * Opens the database. Creates and migrates it as needed. Uses one connection for writing and one that only reads, so
 * a reader never sees an uncommitted transaction. `beforeMigration` is called before an existing store is changed.
 * @throws OperatorError, and what `beforeMigration` throws
 */
export function openSqlite(path: string, beforeMigration?: (path: string) => void): SqliteConnections {
  checkWriteAheadLog(path)
  const writer = connect(path, { create: true, readwrite: true })
  try {
    writer.run('PRAGMA busy_timeout = 5000')
    // The checks come first, because the next statements would change a file that is refused.
    const isNew = !refuseForeign(writer)
    checkDatabase(writer, path)
    if (!isNew) checkMigrations(writer)
    // Lets a purge release disk space. Only takes effect before the first table, and writes to a file that has one.
    if (isNew) writer.run('PRAGMA auto_vacuum = INCREMENTAL')
    writer.run('PRAGMA journal_mode = WAL')
    writer.run('PRAGMA synchronous = FULL')
    writer.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    // Otherwise the log keeps the size that it reached during the longest read, such as a backup under load.
    writer.run(`PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}`)
    const migrated = migrateSqlite(writer, () => beforeMigration?.(path))
    const reader = connect(path, { readonly: true })
    // Reads run on the serving thread. They wait only for another process that locks the whole file.
    reader.run(`PRAGMA busy_timeout = ${READ_PATIENCE_MILLISECONDS}`)
    return { writer, reader, migrated }
  } catch (error) {
    writer.close()
    throw translate(error, path)
  }
}

/** The table in which SQLite itself keeps the last id of each other one. */
const sequences = sqliteTable('sqlite_sequence', {
  name: text('name').notNull(),
  seq: integer('seq').notNull(),
})

export const dialect: Dialect = {
  numbers: (json) => sql`SELECT value FROM json_each(${json})`,
  amongNumbers: (column, json) => sql`${column} IN (SELECT value FROM json_each(${json}))`,
  amongTexts: (column, json) => sql`${column} IN (SELECT value FROM json_each(${json}))`,
  membershipKey: sql`memberships.rowid`,
  // Members are counted on the serving thread, half a microsecond each.
  countedMembers: sql`250`,
  byCodePoint: (text) => sql`${text} COLLATE BINARY`,
  shifted: (instant, micros) => sql`${instant} + ${micros}`,
  withNull: (json, key) => sql`json_set(${json}, ${`$.${key}`}, NULL)`,
  instants: (byId) =>
    sql`(SELECT value ->> 0 AS id, value ->> 1 AS at FROM json_each(${JSON.stringify([...byId])})) AS given`,
  textsById: (byId) =>
    sql`(SELECT value ->> 0 AS id, value ->> 1 AS text FROM json_each(${JSON.stringify([...byId])})) AS given`,
  table: (types, json) => {
    const read = (type: ColumnType, i: number) =>
      type === 'uuid' ? `unhex(value ->> ${i}, '-')` : `value ->> ${i}`
    const columns = types.map((type, i) => sql.raw(`${read(type, i)} AS c${i}`))
    return sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json})`
  },
  nextId: () => sql`NULL`,
  // SQLite does so by itself.
  raiseCounter: async () => {},
  async skipIds(db, tables, count) {
    const known = await db
      .select()
      .from(sequences)
      .where(inArray(sequences.name, [...tables]))
    await db
      .update(sequences)
      .set({ seq: sql`${sequences.seq} + ${count}` })
      .where(inArray(sequences.name, [...tables]))
    // SQLite notes a table when it gets its first row.
    const missing = tables.filter((table) => !known.some(({ name }) => name === table))
    if (missing.length > 0) await db.insert(sequences).values(missing.map((name) => ({ name, seq: count })))
  },
  wordIndex,
}

/** Returns the handle for the queries over a connection. */
export function handleOf(connection: Database): Handle {
  return { db: drizzle({ client: connection }), t: schema, dialect, common: new CommonStatements() }
}

function connect(
  path: string,
  options: { create?: boolean; readwrite?: boolean; readonly?: boolean },
): Database {
  try {
    return new Database(path, { ...options, strict: true })
  } catch (error) {
    throw translate(error, path)
  }
}

/**
 * Returns whether there is a store already.
 * @throws OperatorError if the file belongs to another program
 */
function refuseForeign(db: Database): boolean {
  const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  const names = new Set(tables.map(({ name }) => name))
  if (names.has('alembic_version'))
    throw new OperatorError(
      'not_a_store',
      'this is a database of the earlier Synapse server',
      'import it into a new store: synapse import-original',
    )
  if (names.size > 0 && !names.has('migrations'))
    throw new OperatorError(
      'not_a_store',
      'this database belongs to another program',
      'name an empty or missing file',
    )
  return names.size > 0
}

function translate(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_NOTADB')
    return new OperatorError(
      'not_a_store',
      `${path} is not a SQLite database, or its beginning is damaged`,
      'name another file, or put a copy back: synapse backup list, then synapse backup restore <file>',
    )
  if (code.startsWith('SQLITE_CORRUPT')) return damaged(path)
  if (code === 'SQLITE_CANTOPEN')
    return new OperatorError(
      'unreadable',
      `${path} cannot be opened`,
      'check that its folder exists and may be written',
    )
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM')
    return new OperatorError(
      'unreadable',
      `${path} cannot be written by this user`,
      'change its owner or name another file',
    )
  return error
}
