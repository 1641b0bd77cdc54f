import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Backup, byDate, listBackups, readHeartbeat, verifyBackup } from '../../backup'
import { type Config, parseGenerations } from '../../config'
import { foldersOf } from '../backup'
import { type Check, type Finding, fail, pass, warn } from './check'
import type { Diagnosis } from './diagnosis'

const STALE_MS = 48 * 3600_000

/** Checks that a recent, intact backup exists, and that the keys were backed up, which a restored store needs. */
export const backup: Check = {
  name: 'backup',
  async look({ config, settings }) {
    const { backupDir } = config
    if (backupDir === null)
      return [warn('no folder for backups is configured', 'set SYNAPSE_BACKUP_DIR to a folder')]
    const backups = foldersOf(config).flatMap(listBackups)
    const { dated, ahead } = byDate(backups, new Date())
    return [
      ...place(backupDir, (dated[0] ?? ahead[0])?.bytes ?? 0),
      ...(await copies(config, dated)),
      ...wronglyDated(ahead),
      ...keys(backups),
      ...heartbeat(config, settings),
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

async function copies({ database }: Config, backups: readonly Backup[]): Promise<Finding[]> {
  if (database.kind === 'postgres')
    return [pass('Postgres is backed up with pg_dump; backup create prints the command')]
  const [newest] = backups
  if (newest === undefined) return [warn('there is no backup yet', 'synapse backup create')]
  const { problems } = await verifyBackup(newest.names.database)
  if (problems.length > 0) {
    const whole = await newestWhole(backups.slice(1))
    const other = whole
      ? `the newest that is whole was made at ${whole.record.created_at}`
      : 'and no other is whole'
    return [
      fail(`${newest.names.database} is damaged: ${problems.join(', ')}; ${other}`, 'synapse backup create'),
    ]
  }
  const { created_at: at } = newest.record
  if (Date.now() - Date.parse(at) > STALE_MS)
    return [
      warn(
        `the newest verified backup was made at ${at}`,
        'synapse backup create; and check in the log why no automatic backup was made',
      ),
    ]
  return [pass(`${newest.names.database}, made at ${at}, is whole`)]
}

async function newestWhole(backups: readonly Backup[]): Promise<Backup | undefined> {
  for (const one of backups) if ((await verifyBackup(one.names.database)).problems.length === 0) return one
  return undefined
}

function heartbeat(config: Config, settings: Diagnosis['settings']): Finding[] {
  if (typeof settings.get('backup.heartbeat_url') !== 'string') return []
  const unset = 'synapse config unset backup.heartbeat_url'
  if (config.database.kind === 'postgres')
    return [
      warn(
        'backup.heartbeat_url is never requested: the store is Postgres, which Synapse does not copy',
        `${unset}, and let the job that runs pg_dump request it`,
      ),
    ]
  // The setting is checked when it is set.
  const isHourly = (parseGenerations(settings.get('backup.retain') as string | null)?.hourly ?? 0) > 0
  if (!isHourly && settings.get('backup.daily_at') === null)
    return [
      warn(
        'backup.heartbeat_url is never requested: automatic backups are off',
        `${unset}, or synapse config set backup.daily_at 03:00`,
      ),
    ]
  const last = foldersOf(config).flatMap((folder) => readHeartbeat(folder) ?? [])[0]
  if (last === undefined || last.problem === null) return []
  return [
    warn(
      `the heartbeat after the last backup failed at ${last.at}: ${last.problem}`,
      'synapse config set backup.heartbeat_url <url>, or see to the service behind it',
    ),
  ]
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
