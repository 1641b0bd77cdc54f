import { dirname } from 'node:path'
import { backupRoot } from './backup-root'
import { planPrune, removeBackups } from './prune'
import { type Backup, listBackups } from './records'
import { PRE_MIGRATION } from './retention'
import { takeSnapshot } from './snapshot'

/**
 * Makes the copy before a migration, synchronously, because the server does not run yet. Then keeps the newest three
 * of its kind.
 * @throws OperatorError; the migration must not begin then
 */
export function copyBeforeMigration(
  deps: {
    readonly home: string
    readonly root: string | null
    readonly version: string
    readonly now: () => Date
  },
  database: string,
): Backup {
  const { version, now } = deps
  const backup = takeSnapshot({
    database,
    root: backupRoot(deps),
    version,
    label: PRE_MIGRATION,
    at: now().getTime(),
  })
  const folder = dirname(backup.names.database)
  const rule = { keep: Number.POSITIVE_INFINITY, generations: null }
  removeBackups(folder, planPrune(listBackups(folder), { rule, now: now(), made: backup }))
  return backup
}
