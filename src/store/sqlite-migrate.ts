import type { Database } from 'bun:sqlite'
import { readMigrations } from './migrations' with { type: 'macro' }
import type { Migration } from './migrations'
import { StoreError } from './store-error'

const migrations: Migration[] = readMigrations('sqlite')

/**
 * Brings a database to this program's schema, all in one transaction, and answers the names it applied. Foreign keys
 * are off meanwhile, because a table that is rebuilt would otherwise take its children with it.
 * @throws StoreError newer_schema, changed_migration
 */
export function migrateSqlite(db: Database): string[] {
  db.run('PRAGMA foreign_keys = OFF')
  db.run('BEGIN IMMEDIATE')
  try {
    db.run(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)',
    )
    const pending = pendingMigrations(appliedTo(db), migrations)
    const note = db.prepare('INSERT INTO migrations (name, hash, applied_at) VALUES (?, ?, ?)')
    for (const migration of pending) {
      for (const statement of migration.statements)
        if (!/^PRAGMA foreign_keys/i.test(statement)) db.run(statement)
      note.run(migration.name, migration.hash, new Date().toISOString())
    }
    // Reads every row of the store, so only after something has changed.
    const broken = pending.length > 0 ? db.query('PRAGMA foreign_key_check').all() : []
    if (broken.length > 0)
      throw new Error(`the migration would leave ${broken.length} rows without what they refer to`)
    db.run('COMMIT')
    return pending.map(({ name }) => name)
  } catch (error) {
    db.run('ROLLBACK')
    throw error
  } finally {
    db.run('PRAGMA foreign_keys = ON')
  }
}

function appliedTo(db: Database): Pick<Migration, 'name' | 'hash'>[] {
  return db.query<{ name: string; hash: string }, []>('SELECT name, hash FROM migrations ORDER BY name').all()
}

/** What is still to be applied. @throws StoreError newer_schema, changed_migration */
function pendingMigrations(
  applied: readonly Pick<Migration, 'name' | 'hash'>[],
  known: readonly Migration[],
): Migration[] {
  const hashes = new Map(known.map(({ name, hash }) => [name, hash]))
  for (const { name, hash } of applied) {
    if (!hashes.has(name))
      throw new StoreError(
        'newer_schema',
        `the database was written by a newer version of Synapse (migration ${name} is unknown to this one)`,
        'start that version, or restore a backup made before the upgrade',
      )
    if (hashes.get(name) !== hash)
      throw new StoreError(
        'changed_migration',
        `migration ${name} of the database is not the one in this program`,
        'start the program that made this database',
      )
  }
  const done = new Set(applied.map(({ name }) => name))
  return known.filter(({ name }) => !done.has(name))
}
