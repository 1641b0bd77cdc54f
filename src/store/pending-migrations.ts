import { OperatorError } from '../core/kernel/operator-error'
import type { Migration } from './migrations'

/** Returns the migrations that are still to be applied. @throws OperatorError newer_schema, changed_migration */
export function pendingMigrations(
  applied: readonly Pick<Migration, 'name' | 'hash'>[],
  known: readonly Migration[],
): Migration[] {
  const hashes = new Map(known.map(({ name, hash }) => [name, hash]))
  for (const { name, hash } of applied) {
    if (!hashes.has(name))
      throw new OperatorError(
        'newer_schema',
        `the database was written by a newer version of Synapse (migration ${name} is unknown to this one)`,
        'start that version, or restore a backup made before the upgrade',
      )
    if (hashes.get(name) !== hash)
      throw new OperatorError(
        'changed_migration',
        `migration ${name} of the database is not the one in this program`,
        'start the program that made this database',
      )
  }
  const done = new Set(applied.map(({ name }) => name))
  return known.filter(({ name }) => !done.has(name))
}
