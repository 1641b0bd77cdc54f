import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Backup, byDate, listBackups, verifyBackup } from '../../backup'
import type { Config } from '../../config'
import { foldersOf } from '../backup'
import { type Check, type Finding, fail, pass, warn } from './check'

const STALE_MS = 48 * 3600_000

/** Checks that a recent, intact backup exists, and that the keys were backed up, which a restored store needs. */
export const backup: Check = {
  name: 'backup',
  look({ config }) {
    const { backupDir } = config
    if (backupDir === null)
      return [warn('no folder for backups is configured', 'set SYNAPSE_BACKUP_DIR to a folder')]
    const backups = foldersOf(config).flatMap(listBackups)
    const { dated, ahead } = byDate(backups, new Date())
    return [
      ...place(backupDir, (dated[0] ?? ahead[0])?.bytes ?? 0),
      ...copies(config, dated),
      ...wronglyDated(ahead),
      ...keys(backups),
    ]
  },
}

function place(path: string, nextBytes: number): Finding[] {
  let existing = path
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  try {
    accessSync(existing, constants.W_OK)
    const { bavail, bsize } = statfsSync(existing)
    if (bavail * bsize >= nextBytes) return []
    return [
      warn(
        `not enough free space at ${existing} for another backup`,
        'free space, or set SYNAPSE_BACKUP_DIR',
      ),
    ]
  } catch {
    return [
      fail(
        `${existing} is not writable`,
        'make it writable for the user that runs the server, or set SYNAPSE_BACKUP_DIR',
      ),
    ]
  }
}

function copies({ database }: Config, backups: readonly Backup[]): Finding[] {
  if (database.kind === 'postgres')
    return [pass('Postgres is backed up with pg_dump; backup create prints the command')]
  const [newest] = backups
  if (newest === undefined) return [warn('there is no backup yet', 'synapse backup create')]
  const { problems } = verifyBackup(newest.names.database)
  if (problems.length > 0)
    return [fail(`${newest.names.database} is damaged: ${problems.join(', ')}`, 'synapse backup create')]
  const { created_at: at } = newest.record
  if (Date.now() - Date.parse(at) > STALE_MS)
    return [
      warn(
        `the newest backup was made at ${at}`,
        'synapse backup create; and check in the log why the daily backup was not made',
      ),
    ]
  return [pass(`${newest.names.database}, made at ${at}`)]
}

function wronglyDated(ahead: readonly Backup[]): Finding[] {
  if (ahead.length === 0) return []
  const files = ahead.map(({ names }) => names.database).join(' ')
  return [
    warn(
      `these backups are dated in the future, and are never pruned: ${files}`,
      'set the clock; after the next synapse backup create, delete them by hand',
    ),
  ]
}

function keys(backups: readonly Backup[]): Finding[] {
  if (backups.length === 0 || backups.some(({ record }) => record.keys)) return []
  return [
    warn(
      'the keys were never backed up; without them no backup can be restored on another machine',
      'synapse backup create --with-keys',
    ),
  ]
}
