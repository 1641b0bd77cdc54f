import { sql } from 'drizzle-orm'
import { OperatorError } from '../../core/kernel/operator-error'
import { readMigrations } from '../migrations' with { type: 'macro' }
import type { Migration } from '../migrations'
import { pendingMigrations } from '../pending-migrations'
import { codeOf } from './error'
import { MIGRATION_LOCK, SERVER_LOCK } from './locks'
import type { PgDatabase } from './open'

type Transaction = Parameters<Parameters<PgDatabase['transaction']>[0]>[0]

/** How long to wait for servers that are stopping, and for table locks of other sessions. */
const WAIT_MS = 5000
const POLL_MS = 100

const LOCK_NOT_AVAILABLE = '55P03'

const migrations: Migration[] = readMigrations('postgres')

/**
 * Migrates a database to this program's schema in one transaction. Returns the names of the applied migrations.
 * `then` runs in the same transaction. Replicas that start together wait for the first of them.
 * A used database is migrated only while no server runs on it, because an earlier version could not continue on the
 * new schema. `isAlone` says that the caller has made sure of this.
 * @throws OperatorError newer_schema, changed_migration, not_a_store, no_rights, busy
 */
export function migratePostgres(
  db: PgDatabase,
  then: (tx: Transaction) => Promise<void>,
  isAlone = false,
): Promise<string[]> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`)
    const found = await examineSchema(tx)
    if (found.isEmpty) await prepareEmpty(tx)
    const { isEmpty, pending } = found
    if (!isEmpty && pending.length > 0) {
      if (!isAlone) await waitForServers(tx)
      await tx.execute(sql.raw(`SET LOCAL lock_timeout = ${WAIT_MS}`))
    }
    for (const migration of pending) await apply(tx, migration)
    await then(tx)
    return pending.map(({ name }) => name)
  })
}

/**
 * Reports whether the database is empty and which migrations are pending. Changes nothing.
 * @throws OperatorError newer_schema, changed_migration, not_a_store, no_rights
 */
export async function examineSchema(
  tx: Pick<Transaction, 'execute'>,
): Promise<{ isEmpty: boolean; pending: readonly Migration[] }> {
  const [found] = await tx.execute<{ ours: boolean; original: boolean; other: boolean }>(sql`
    SELECT count(*) = 3 AS ours, to_regclass('alembic_version') IS NOT NULL AS original,
      coalesce(to_regclass('messages'), to_regclass('accounts'), to_regclass('migrations')) IS NOT NULL AS other
    FROM pg_attribute
    WHERE attrelid = to_regclass('migrations') AND attname IN ('name', 'hash', 'applied_at')`)
  if (!found?.ours) {
    await requireEmpty(tx, found?.original === true, found?.other === true)
    return { isEmpty: true, pending: migrations }
  }
  const applied = await tx.execute<{ name: string; hash: string }>(
    sql`SELECT name, hash FROM migrations ORDER BY name`,
  )
  return { isEmpty: applied.length === 0, pending: pendingMigrations(applied, migrations) }
}

async function apply(tx: Transaction, { name, hash, statements }: Migration): Promise<void> {
  try {
    // The search path, not "public", decides where tables are created.
    for (const statement of statements)
      if (statement !== '') await tx.execute(sql.raw(statement.replaceAll('"public".', '')))
  } catch (error) {
    if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error
    throw new OperatorError(
      'busy',
      'another session locks a table that this version has to migrate',
      'wait until it ends (a long transaction, VACUUM, CREATE INDEX), or end it: pg_locks and pg_stat_activity show it',
    )
  }
  await tx.execute(sql`INSERT INTO migrations (name, hash, applied_at)
    VALUES (${name}, ${hash}, ${new Date().toISOString()})`)
}

/** Waits a short time for servers that are stopping. @throws OperatorError busy */
async function waitForServers(tx: Transaction): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const [lock] = await tx.execute<{ held: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(${SERVER_LOCK}) AS held`,
    )
    if (lock?.held === true) return
    if (performance.now() >= deadline)
      throw new OperatorError(
        'busy',
        'a server of an earlier version runs on this database, which this version has to migrate',
        'stop every replica (synapse serve --stop), then start them with this version',
      )
    await Bun.sleep(POLL_MS)
  }
}

/** Refuses a database of another program, and one in which this role may not create tables. */
async function requireEmpty(
  tx: Pick<Transaction, 'execute'>,
  isOriginal: boolean,
  isOther: boolean,
): Promise<void> {
  if (isOriginal)
    throw new OperatorError(
      'not_a_store',
      'this is a database of the earlier Synapse server',
      'name an empty database, and import this one into it: synapse import-original',
    )
  if (isOther)
    throw new OperatorError(
      'not_a_store',
      'this database belongs to another program',
      'name an empty database',
    )
  const rights = await rightsIn(tx)
  if (!rights.in_schema && !rights.in_database)
    throw new OperatorError(
      'no_rights',
      `the role ${rights.role} may not create tables in the database ${rights.name}`,
      `as its owner run: GRANT CREATE ON DATABASE ${rights.name} TO ${rights.role}`,
    )
}

async function prepareEmpty(tx: Transaction): Promise<void> {
  const { in_schema: hasSchema } = await rightsIn(tx)
  // A schema named after the role comes first in the default search path.
  if (!hasSchema) await tx.execute(sql`CREATE SCHEMA IF NOT EXISTS AUTHORIZATION CURRENT_USER`)
  await tx.execute(
    sql`CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)`,
  )
}

async function rightsIn(tx: Pick<Transaction, 'execute'>) {
  const [rights] = await tx.execute<{
    in_schema: boolean
    in_database: boolean
    role: string
    name: string
  }>(sql`
    SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS in_schema,
      has_database_privilege(current_database(), 'CREATE') AS in_database,
      current_user AS role, current_database() AS name`)
  if (!rights) throw new Error('Postgres returned no rights of this role')
  return rights
}
