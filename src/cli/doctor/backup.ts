import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Backup, byDate, listBackups, verifyBackup } from '../../backup'
import type { Config } from '../../config'
import { foldersOf } from '../backup'
import { type Check, type Finding, fail, pass, warn } from './check'

const STALE_MS = 48 * 3600_000

/** Whether there is a recent copy that can be trusted, and one of the keys without which it is worth little. */
export const backup: Check = {
  name: 'backup',
  look({ config }) {
    const { backupDir } = config
    if (backupDir === null)
      return [warn('there is no place for backups outside the home', 'set SYNAPSE_BACKUP_DIR to a folder')]
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
    return [warn(`at ${existing} there is no room for another copy`, 'make room, or set SYNAPSE_BACKUP_DIR')]
  } catch {
    return [
      fail(`${existing} cannot be written`, 'let the user of the server write it, or set SYNAPSE_BACKUP_DIR'),
    ]
  }
}

function copies({ database }: Config, backups: readonly Backup[]): Finding[] {
  if (database.kind === 'postgres')
    return [pass('Postgres: copies are made by pg_dump; backup create prints the command')]
  const [newest] = backups
  if (newest === undefined) return [warn('there is no copy yet', 'synapse backup create')]
  const { problems } = verifyBackup(newest.names.database)
  if (problems.length > 0)
    return [fail(`${newest.names.database} is not whole: ${problems.join(', ')}`, 'synapse backup create')]
  const { created_at: at } = newest.record
  if (Date.now() - Date.parse(at) > STALE_MS)
    return [
      warn(`the newest copy is of ${at}`, 'synapse backup create; and look why the daily one was not made'),
    ]
  return [pass(`${newest.names.database}, of ${at}`)]
}

function wronglyDated(ahead: readonly Backup[]): Finding[] {
  if (ahead.length === 0) return []
  const files = ahead.map(({ names }) => names.database).join(' ')
  return [
    warn(
      `the clock was ahead when these copies were made, or is behind now; they are never pruned: ${files}`,
      'set the clock right; once synapse backup create has made a new copy, delete them by hand',
    ),
  ]
}

function keys(backups: readonly Backup[]): Finding[] {
  if (backups.length === 0 || backups.some(({ record }) => record.keys)) return []
  return [
    warn(
      'the keys were never sealed, and without them no copy can be served elsewhere',
      'synapse backup create --with-keys',
    ),
  ]
}
