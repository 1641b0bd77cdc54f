import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import type { InstanceKey } from '../home/instance-key'
import { homePaths, isWithin } from '../home/paths'
import { translated } from './backup-error'
import { copyMissingBlobs } from './blobs'
import { dumpCommand } from './dump-command'
import { folderOf, namesOf, stampOf } from './names'
import { isSuspicious, PRE_MIGRATION, removeBackups, superfluous } from './prune'
import { type Backup, type BackupRecord, byDate, listBackups, writeRecord } from './records'
import { runSnapshot } from './run-snapshot'
import { type KeyFiles, writeSealedKeys } from './sealed-keys'
import { makeFolder, takeSnapshot } from './snapshot'

export interface BackupsDeps {
  readonly home: string
  readonly store:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string }
  /** Folder of all backups; null if there is none outside the home. */
  readonly root: string | null
  readonly version: string
  readonly key: InstanceKey
  /** If set, scheduled backups include the keys, sealed with it. */
  readonly passphrase: string | undefined
  readonly keep: () => number
  readonly now: () => Date
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

export interface BackupRequest {
  readonly label?: string | null
  readonly blobs?: boolean
  /** Absent: the keys are not included. */
  readonly passphrase?: string | undefined
}

/** The result of a backup. */
export interface BackupOutcome {
  /** Path of the copy of the store; null on Postgres, where `dump` is a command that makes one. */
  readonly file: string | null
  readonly dump: string | null
  readonly record: BackupRecord | null
  readonly bytes: number
  readonly keys: string | null
  /** Number of blobs in the backup; null if they were not included. */
  readonly blobs: number | null
  /** Paths of older copies that were removed. */
  readonly pruned: readonly string[]
  readonly notices: readonly string[]
}

export interface BackupStatus {
  readonly last_ok_at: string | null
  readonly last_error: string | null
  /**
   * Names of copies that were made while the clock was ahead. They are never pruned, and do not count as the latest
   * backup.
   */
  readonly dated_ahead: readonly string[]
}

/** Makes the backups of one instance, one at a time. A finished backup is never changed. */
export class Backups {
  private line: Promise<unknown> = Promise.resolve()
  private lastOkAt: Date | undefined
  private lastError: string | null = null

  constructor(private readonly deps: BackupsDeps) {}

  get status(): BackupStatus {
    const { lastOkAt } = this
    const last = lastOkAt && lastOkAt <= this.deps.now() ? lastOkAt : this.newest()
    return {
      last_ok_at: last?.toISOString() ?? null,
      last_error: this.lastError,
      dated_ahead: this.datedAhead().map(({ names }) => basename(names.database)),
    }
  }

  /** Returns when the newest copy was made, scheduled or by hand. Dates in the future do not count. */
  newest(): Date | undefined {
    const [backup] = this.byDate().dated
    return backup && new Date(backup.record.created_at)
  }

  /** Returns the copies that were made while the clock was ahead. */
  datedAhead(): readonly Backup[] {
    return this.byDate().ahead
  }

  /** @throws OperatorError */
  create(request: BackupRequest): Promise<BackupOutcome> {
    const turn = this.line.then(() => this.noted(() => this.make(request)))
    this.line = turn.catch(() => {})
    return turn
  }

  /** Makes the daily backup, with blobs, and with keys if there is a passphrase. @throws OperatorError */
  createDaily(): Promise<BackupOutcome> {
    return this.create({ label: 'daily', blobs: true, passphrase: this.deps.passphrase })
  }

  /** Waits until no backup is running. */
  async idle(): Promise<void> {
    await this.line
  }

  private async noted(work: () => Promise<BackupOutcome>): Promise<BackupOutcome> {
    try {
      const outcome = await work()
      this.lastOkAt = this.deps.now()
      this.lastError = null
      return outcome
    } catch (error) {
      this.lastError = error instanceof OperatorError ? error.message : 'the backup failed'
      throw error
    }
  }

  private async make({ label = null, blobs = false, passphrase }: BackupRequest): Promise<BackupOutcome> {
    const { home, store, version, key, now } = this.deps
    const root = backupRoot(this.deps)
    const at = now()
    try {
      const sqlite = store.kind === 'sqlite' ? store.path : undefined
      const backup =
        sqlite === undefined
          ? undefined
          : await runSnapshot({ database: sqlite, root, version, label, at: at.getTime() })
      const folder = makeFolder(root, key.did)
      const names = backup ? backup.names : namesOf(folder, stampOf(at))
      const taken = blobs ? copyMissingBlobs(homePaths(home).blobs, folder, names.manifest) : null
      if (passphrase !== undefined) await writeSealedKeys(names.keys, key.did, this.keyFiles(), passphrase)
      const record = backup ? { ...backup.record, blobs, keys: passphrase !== undefined } : null
      if (record && (blobs || record.keys)) writeRecord(names, record)
      const { pruned, notices } = this.prune(folder, backup)
      return {
        file: backup ? names.database : null,
        dump:
          store.kind === 'postgres' ? dumpCommand(store.url, names.database.replace(/db$/, 'dump')) : null,
        record,
        bytes: backup ? backup.bytes : 0,
        keys: passphrase === undefined ? null : names.keys,
        blobs: taken,
        pruned,
        notices,
      }
    } catch (error) {
      throw translated(error, root)
    }
  }

  /** Removes the copies that exceed the limit, after a new one was made. */
  private prune(folder: string, made: Backup | undefined): { pruned: string[]; notices: string[] } {
    const all = listBackups(folder)
    const { dated, ahead } = byDate(all, this.deps.now())
    const newest = made ?? dated[0]
    const notices = noticesOf(ahead)
    for (const notice of notices) this.deps.warn(notice, {})
    if (newest === undefined) return { pruned: [], notices }
    const others = all.filter(({ names }) => names.stamp !== newest.names.stamp)
    if (isSuspicious(newest, others)) {
      const notice = `this copy has fewer than half of the messages of another one, so nothing was pruned: ${newest.names.database}`
      this.deps.warn(notice, { messages: newest.record.counts['messages'] })
      return { pruned: [], notices: [...notices, notice] }
    }
    const { keep, now } = this.deps
    const gone = superfluous(all, { keep: keep(), now: now(), made })
    removeBackups(
      folder,
      gone,
      [...dated, ...ahead].filter((backup) => !gone.includes(backup)),
    )
    return { pruned: gone.map(({ names }) => names.database), notices }
  }

  private byDate(): ReturnType<typeof byDate> {
    const { root, key, now } = this.deps
    return byDate(root === null ? [] : listBackups(folderOf(root, key.did)), now())
  }

  /** Returns every file in `keys/`, and the current instance key even if it came from elsewhere. */
  private keyFiles(): KeyFiles {
    const { keys, instanceKey } = homePaths(this.deps.home)
    const names = readdirSync(keys, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(?:tmp|restoring)$/.test(entry.name))
      .map(({ name }) => name)
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(keys, name), 'utf8')]))
    const inUse = this.deps.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return { ...files, [instanceKey.slice(keys.length + 1)]: inUse }
  }
}

/**
 * Makes the copy before a migration, synchronously, because the server does not run yet. Then keeps the newest three
 * of its kind.
 * @throws OperatorError; the migration must not begin then
 */
export function copyBeforeMigration(
  deps: Pick<BackupsDeps, 'home' | 'root' | 'version' | 'now'>,
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
  const folder = join(backup.names.database, '..')
  const all = listBackups(folder)
  const gone = superfluous(all, { keep: Number.POSITIVE_INFINITY, now: now(), made: backup })
  const { dated, ahead } = byDate(all, now())
  removeBackups(
    folder,
    gone,
    [...dated, ...ahead].filter((each) => !gone.includes(each)),
  )
  return backup
}

/** Returns a notice of copies that were made while the clock was ahead. */
export function noticesOf(ahead: readonly Backup[]): string[] {
  if (ahead.length === 0) return []
  const names = ahead.map(({ names }) => basename(names.database)).join(', ')
  return [
    `the clock was ahead when these copies were made, or is behind now, so they are neither pruned nor counted: ${names}`,
  ]
}

function backupRoot({ root, home }: Pick<BackupsDeps, 'root' | 'home'>): string {
  if (root !== null && !isWithin(root, home)) return root
  throw new OperatorError(
    'not_allowed',
    'there is no place for backups outside the home',
    'set SYNAPSE_BACKUP_DIR to a folder, best on another disk',
  )
}
