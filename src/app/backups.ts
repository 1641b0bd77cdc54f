/**
 * The backups of a running server, the copy of a store before a migration, and the start of a new epoch while no server
 * runs. Commands call this file directly; main.ts uses it for a server.
 */

import { basename } from 'node:path'
import { type BackupOutcome, Backups, copyBeforeMigration, noticesOf, refuseHalfRestored } from '../backup'
import type { Config } from '../config'
import type { Settings } from '../core/governance/settings'
import type { Principal } from '../core/identity/actor'
import type { BackupMaker } from '../core/kernel'
import { ulidTime } from '../core/kernel/ids'
import { OperatorError } from '../core/kernel/operator-error'
import type { Outbound } from '../core/kernel/outbound'
import type { Clock } from '../core/kernel/time'
import { homePaths, lockHome, prepareHome, writeState } from '../home'
import type { InstanceKey } from '../home/instance-key'
import { Heartbeat, type Job, lastFullHour, lastTimeOfDay, scheduled } from '../jobs'
import { systemClock, systemSecrets } from '../platform'
import { createLogger, type Logger } from '../platform/logger'
import type { OpenStore } from '../store'
import { blobFolderOf } from './blobs'
import { openHomeStore } from './open-store'
import { VERSION } from './version'

/** Only one process of a store makes the scheduled backup. Its lease lasts until all processes have checked the time. */
const LEASE_SECONDS = 600
/** How long a stopping server waits for a running backup. */
const STOP_MILLISECONDS = 5000

export interface BackupServiceParts {
  readonly config: Config
  readonly store: OpenStore
  readonly key: InstanceKey
  readonly clock: Clock
  readonly logger: Logger
  /** Read when a backup is made. */
  readonly settings: Settings
  /** Sends the heartbeat. */
  readonly outbound: Outbound
  /** Called after every backup with who requested it (null for a scheduled backup), and the name of the backup. */
  readonly onMade: (by: Principal | null, name: string | null) => void
}

/** The backups of a server. */
export interface BackupService {
  readonly backups: Backups
  /** Makes backups for requests of the local operator. */
  readonly maker: BackupMaker
  /** Returns the jobs of scheduled backups; empty without a folder for backups. */
  jobs(): Promise<Job[]>
  /** Waits for a running backup, at most STOP_MILLISECONDS. */
  stop(): Promise<void>
}

/** Creates the backups of a server from its parts. */
export function keepBackups({
  config,
  store,
  key,
  clock,
  logger,
  settings,
  outbound,
  onMade,
}: BackupServiceParts): BackupService {
  const now = () => new Date(clock.now() / 1000)
  const backups = new Backups({
    home: config.home,
    store: config.database,
    blobs: blobFolderOf(config),
    root: config.backupDir,
    version: VERSION,
    key,
    passphrase: config.backupPassphrase,
    rule: () => ({ keep: settings.get('backup.keep'), generations: settings.get('backup.retain') }),
    now,
    warn: (message, facts) => logger.warning(message, facts),
  })
  const heartbeat = new Heartbeat({
    url: () => settings.get('backup.heartbeat_url'),
    outbound,
    done: (problem) => {
      backups.noteHeartbeat({ at: now().toISOString(), problem })
      if (problem !== null) logger.error('the heartbeat after a backup failed', { problem })
    },
  })
  const isSqlite = config.database.kind === 'sqlite'
  // On Postgres the store is not copied, so there is nothing to do every hour.
  const isHourly = () => isSqlite && (settings.get('backup.retain')?.hourly ?? 0) > 0
  return {
    backups,
    maker: {
      prune: (isDryRun) => orFailed(() => backups.prune({ isDryRun })),
      create: (by, request) =>
        orFailed(async () => {
          const made = await backups.create(request)
          onMade(by, nameOf(made))
          return made
        }),
    },
    jobs: async () => {
      if (config.backupDir === null) {
        logger.warning('no scheduled backup: there is no place for one; set SYNAPSE_BACKUP_DIR')
        return []
      }
      for (const notice of noticesOf(backups.datedAhead())) logger.warning(notice)
      const born = new Date(ulidTime((await store.reads.epochs())[0]?.epoch ?? ''))
      const job = scheduled({
        name: 'backup',
        lastDue: (now) => {
          if (isHourly()) return lastFullHour(now)
          const time = settings.get('backup.daily_at')
          return time === null ? null : lastTimeOfDay(time, now)
        },
        // A store without a backup is due at the next scheduled time.
        lastDone: () => [backups.newest(), born],
        lease: { seconds: LEASE_SECONDS, isGivenBack: false },
        run: async () => {
          const label = isHourly() ? 'hourly' : 'daily'
          const made = await backups.createScheduled(label)
          tell(logger, label, made)
          onMade(null, nameOf(made))
          if (made.file !== null) heartbeat.beat()
        },
        clock,
        report: (fault) => {
          if (fault instanceof OperatorError)
            logger.error('the scheduled backup failed', { problem: fault.problem, fix: fault.remedy })
          else logger.error('the scheduled backup failed', { fault })
        },
      })
      return isSqlite ? [job, heartbeat.job()] : [job]
    },
    stop: async () => {
      const timeout = Promise.withResolvers<void>()
      const timer = setTimeout(timeout.resolve, STOP_MILLISECONDS)
      await Promise.race([backups.idle(), timeout.promise])
      clearTimeout(timer)
    },
  }
}

/** Returns the file of a SQLite store; null for Postgres, which pg_dump copies. */
function nameOf({ file }: BackupOutcome): string | null {
  return file === null ? null : basename(file)
}

/** Returns the result of `work`, or its refusal. */
async function orFailed<Made extends object>(
  work: () => Promise<Made>,
): Promise<{ readonly made: Made } | { readonly failed: OperatorError }> {
  try {
    return { made: await work() }
  } catch (error) {
    if (error instanceof OperatorError) return { failed: error }
    throw error
  }
}

function tell(logger: Logger, label: 'hourly' | 'daily', { file, dump, pruned }: BackupOutcome): void {
  if (dump === null) logger.info(`made the ${label} backup`, { file, pruned: pruned.length })
  else
    logger.warning('the daily backup took keys and blobs; the store itself is copied by', { command: dump })
}

/**
 * Returns a function that copies the store before a migration.
 * The function throws an OperatorError if the copy fails; the store is then unchanged.
 */
export function copyBefore(config: Config, clock: Clock, logger: Logger): (path: string) => void {
  return (path) => {
    try {
      const now = () => new Date(clock.now() / 1000)
      const place = { home: config.home, root: config.backupDir, version: VERSION, now }
      const { names } = copyBeforeMigration(place, path)
      logger.info('copied the store before migrating it', { file: names.database })
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      throw new OperatorError(
        'refused',
        `the store has to be migrated, and no copy can be made before: ${error.problem}`,
        error.remedy,
      )
    }
  }
}

export interface NewEpoch {
  readonly epoch: string
  readonly first_seq: number
}

/**
 * Begins a new epoch while no server runs. This is needed after a database was restored by other means than Synapse. A
 * store that was migrated to another one can be served again afterwards.
 * @throws OperatorError `locked` if a server runs; `refused` if `from` is greater than the next seq
 */
export async function rotateEpoch(config: Config, from?: number): Promise<NewEpoch> {
  prepareHome(config.home)
  const { database } = config
  const where = database.kind === 'sqlite' ? { database: database.path } : {}
  {
    await using _held = await lockHome(config.home, where)
    refuseHalfRestored(config.home)
  }
  // Loaded on use, so that no server loads the parts that move data between stores.
  const { reviveDatabase } = await import('./data-migration')
  await reviveDatabase(database)
  await using _held = await lockHome(config.home, where)
  const clock = systemClock
  const report = () => {}
  const logger = createLogger('error', () => {})
  const beforeMigration = copyBefore(config, clock, logger)
  await using store = await openHomeStore(database, {
    clock,
    secrets: systemSecrets,
    report,
    beforeMigration,
  })
  const next = (await store.reads.head()) + 1
  if (from !== undefined && from > next)
    throw new OperatorError('refused', `the log ends at ${next - 1}`, `--from may be at most ${next}`)
  await store.beginEpoch('rotate', from)
  const epoch = (await store.reads.epochs()).at(-1)?.epoch ?? ''
  writeState(homePaths(config.home).state, { epoch, lastSeq: next - 1 })
  return { epoch, first_seq: from ?? next }
}
