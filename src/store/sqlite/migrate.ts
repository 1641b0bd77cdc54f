import type { Database } from 'bun:sqlite'
import { readMigrations } from '../migrations' with { type: 'macro' }
import type { Migration } from '../migrations'
import { pendingMigrations } from '../pending-migrations'

const migrations: Migration[] = readMigrations('sqlite')

/**
 * Migrates a database to this program's schema in one transaction. Returns the names of the applied migrations.
 * Foreign keys are off meanwhile, because rebuilding a table would otherwise delete its child rows. `before` is
 * called when an existing store is about to be changed, while the write lock is held.
 * @throws OperatorError newer_schema, changed_migration; what `before` throws, with nothing changed
 */
export function migrateSqlite(db: Database, before: () => void = () => {}): string[] {
  db.run('PRAGMA foreign_keys = OFF')
  db.run('BEGIN IMMEDIATE')
  try {
    db.run(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)',
    )
    const applied = appliedTo(db)
    const pending = pendingMigrations(applied, migrations)
    if (applied.length > 0 && pending.length > 0) before()
    const note = db.prepare('INSERT INTO migrations (name, hash, applied_at) VALUES (?, ?, ?)')
    for (const migration of pending) {
      for (const statement of migration.statements)
        if (!/^PRAGMA foreign_keys/i.test(statement)) db.run(statement)
      note.run(migration.name, migration.hash, new Date().toISOString())
    }
    // This reads every row of the store, so it runs only if something has changed.
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

/**
 * Checks that this program knows the migrations of a store. Writes nothing.
 * @throws OperatorError newer_schema, changed_migration
 */
export function checkMigrations(db: Database): void {
  pendingMigrations(appliedTo(db), migrations)
}

function appliedTo(db: Database): Pick<Migration, 'name' | 'hash'>[] {
  return db.query<{ name: string; hash: string }, []>('SELECT name, hash FROM migrations ORDER BY name').all()
}
