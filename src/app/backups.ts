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
import type { Clock } from '../core/kernel/time'
import { homePaths, lockHome, prepareHome, writeState } from '../home'
import type { InstanceKey } from '../home/instance-key'
import { daily, type Job } from '../jobs'
import { systemClock, systemSecrets } from '../platform'
import { createLogger, type Logger } from '../platform/logger'
import type { OpenStore } from '../store'
import { reviveDatabase } from './data-migration'
import { openHomeStore } from './open-store'
import { VERSION } from './version'

/** Only one process of a store makes the daily backup. Its lease lasts until all processes have checked the time. */
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
  /** Called after every backup with who requested it (null for the daily backup), and the name of the backup. */
  readonly onMade: (by: Principal | null, name: string | null) => void
}

/** The backups of a server. */
export interface BackupService {
  readonly backups: Backups
  /** Makes backups for requests of the local operator. */
  readonly maker: BackupMaker
  /** Returns the job of the daily backup; empty without a folder for backups. */
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
  onMade,
}: BackupServiceParts): BackupService {
  const now = () => new Date(clock.now() / 1000)
  const backups = new Backups({
    home: config.home,
    store: config.database,
    root: config.backupDir,
    version: VERSION,
    key,
    passphrase: config.backupPassphrase,
    keep: () => settings.get('backup.keep'),
    now,
    warn: (message, facts) => logger.warning(message, facts),
  })
  return {
    backups,
    maker: {
      create: async (by, request) => {
        try {
          const made = await backups.create(request)
          onMade(by, nameOf(made))
          return { made }
        } catch (error) {
          if (error instanceof OperatorError) return { failed: error }
          throw error
        }
      },
    },
    jobs: async () => {
      if (config.backupDir === null) {
        logger.warning('no daily backup: there is no place for one; set SYNAPSE_BACKUP_DIR')
        return []
      }
      for (const notice of noticesOf(backups.datedAhead())) logger.warning(notice)
      const born = new Date(ulidTime((await store.reads.epochs())[0]?.epoch ?? ''))
      const job = daily({
        name: 'backup',
        at: () => settings.get('backup.daily_at'),
        // A store without a backup is due at the next daily time.
        lastDone: () => [backups.newest(), born],
        lease: { seconds: LEASE_SECONDS, isGivenBack: false },
        run: async () => {
          const made = await backups.createDaily()
          tell(logger, made)
          onMade(null, nameOf(made))
        },
        clock,
        report: (fault) => {
          if (fault instanceof OperatorError)
            logger.error('the daily backup failed', { problem: fault.problem, fix: fault.remedy })
          else logger.error('the daily backup failed', { fault })
        },
      })
      return [job]
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

function tell(logger: Logger, { file, dump, pruned }: BackupOutcome): void {
  if (dump === null) logger.info('made the daily backup', { file, pruned: pruned.length })
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
