import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BLOB_AREAS, type BlobArea } from '../core/kernel/blobs'
import { OperatorError } from '../core/kernel/operator-error'
import type { InstanceKey } from '../home/instance-key'
import { homePaths } from '../home/paths'
import { translated } from './backup-error'
import { backupRoot } from './backup-root'
import { copyMissingBlobs } from './blobs'
import { dumpCommand } from './dump-command'
import { type Heartbeat, noteHeartbeat, readHeartbeat } from './heartbeat'
import { folderOf, namesOf, stampOf } from './names'
import { type PrunePlan, planPrune, removeBackups } from './prune'
import {
  type Backup,
  type BackupRecord,
  byDate,
  listBackups,
  noteVerified,
  noticesOf,
  writeRecord,
} from './records'
import { type KeepReason, newestVerified, type RetentionRule } from './retention'
import { runSnapshot, runVerification } from './run-snapshot'
import { type KeyFiles, writeSealedKeys } from './sealed-keys'
import { makeFolder } from './snapshot'

export interface BackupsDeps {
  readonly home: string
  readonly store:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string }
  /** The blobs in a folder; null if all are in buckets, which are copied by their own means. */
  readonly blobs: BlobFolder | null
  /** Folder of all backups; null if there is none outside the home. */
  readonly root: string | null
  readonly version: string
  readonly key: InstanceKey
  /** If set, scheduled backups include the keys, sealed with it. */
  readonly passphrase: string | undefined
  readonly rule: () => RetentionRule
  readonly now: () => Date
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** A folder of blobs, and the areas that it has. */
export interface BlobFolder {
  readonly path: string
  readonly areas: readonly BlobArea[]
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

/** The result of pruning. */
export interface PruneOutcome {
  /** Paths of the copies that were removed, or would be. */
  readonly pruned: readonly string[]
  /** Paths of the others, and why each is kept. */
  readonly kept: readonly { readonly file: string; readonly kept_by: readonly KeepReason[] }[]
  readonly notices: readonly string[]
}

export interface BackupStatus {
  readonly last_ok_at: string | null
  readonly last_error: string | null
  /** When the newest copy that passed a complete check was made. */
  readonly last_verified_at: string | null
  /** The last heartbeat; null if none was sent. */
  readonly heartbeat: Heartbeat | null
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
  private isCopying = false

  constructor(private readonly deps: BackupsDeps) {}

  get status(): BackupStatus {
    const { lastOkAt } = this
    const last = lastOkAt && lastOkAt <= this.deps.now() ? lastOkAt : this.newest()
    return {
      last_ok_at: last?.toISOString() ?? null,
      last_error: this.lastError,
      last_verified_at: this.newestVerified()?.toISOString() ?? null,
      heartbeat: this.folder === undefined ? null : (readHeartbeat(this.folder) ?? null),
      dated_ahead: this.datedAhead().map(({ names }) => basename(names.database)),
    }
  }

  /** Reports whether blobs are being copied, so that none may be removed. It is so from the copy of the store on. */
  get isCopyingBlobs(): boolean {
    return this.isCopying
  }

  /** Returns when the newest copy was made, scheduled or by hand. Dates in the future do not count. */
  newest(): Date | undefined {
    const [backup] = this.byDate().dated
    return backup && new Date(backup.record.created_at)
  }

  /** Returns when the newest copy was made that passed a complete check. */
  newestVerified(): Date | undefined {
    const backup = newestVerified(this.all(), this.deps.now())
    return backup && new Date(backup.record.created_at)
  }

  /** Returns the copies that were made while the clock was ahead. */
  datedAhead(): readonly Backup[] {
    return this.byDate().ahead
  }

  /** @throws OperatorError */
  create(request: BackupRequest): Promise<BackupOutcome> {
    return this.inTurn(() => this.noted(() => this.make(request)))
  }

  /** Makes the hourly or daily backup, with blobs, and with keys if there is a passphrase. @throws OperatorError */
  createScheduled(label: 'hourly' | 'daily'): Promise<BackupOutcome> {
    return this.create({ label, blobs: true, passphrase: this.deps.passphrase })
  }

  /** Removes the copies that exceed the limits, or says which it would remove. @throws OperatorError */
  prune(options: { readonly isDryRun: boolean }): Promise<PruneOutcome> {
    return this.inTurn(async () => {
      try {
        return await this.pruneNow(options)
      } catch (error) {
        throw translated(error, this.folder ?? '')
      }
    })
  }

  /** Keeps the result of a heartbeat, which doctor shows. */
  noteHeartbeat(heartbeat: Heartbeat): void {
    if (this.folder !== undefined) noteHeartbeat(this.folder, heartbeat)
  }

  /** Waits until no backup is running. */
  async idle(): Promise<void> {
    await this.line
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.line.then(work)
    this.line = turn.catch(() => {})
    return turn
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

  private async make({
    label = null,
    blobs: isWanted = false,
    passphrase,
  }: BackupRequest): Promise<BackupOutcome> {
    const { store, version, key, now } = this.deps
    const root = backupRoot(this.deps)
    const at = now()
    const source = isWanted ? this.deps.blobs : null
    const blobs = source !== null
    try {
      this.isCopying = blobs
      const sqlite = store.kind === 'sqlite' ? store.path : undefined
      const backup =
        sqlite === undefined
          ? undefined
          : await runSnapshot({ database: sqlite, root, version, label, at: at.getTime() })
      const folder = makeFolder(root, key.did)
      const names = backup ? backup.names : namesOf(folder, stampOf(at))
      const taken = blobs ? await copyMissingBlobs(source.path, folder, names.manifest) : null
      if (passphrase !== undefined) await writeSealedKeys(names.keys, key.did, this.keyFiles(), passphrase)
      const made =
        backup &&
        (await this.completed(backup, {
          blobs,
          keys: passphrase !== undefined,
          ...(source && source.areas.length < BLOB_AREAS.length && { blob_areas: [...source.areas] }),
        }))
      const { pruned, notices } = this.pruneAfter(folder, made)
      return {
        file: made ? names.database : null,
        dump:
          store.kind === 'postgres' ? dumpCommand(store.url, names.database.replace(/db$/, 'dump')) : null,
        record: made ? made.record : null,
        bytes: made ? made.bytes : 0,
        keys: passphrase === undefined ? null : names.keys,
        blobs: taken,
        pruned,
        notices,
      }
    } catch (error) {
      throw translated(error, root)
    } finally {
      this.isCopying = false
    }
  }

  /** Notes what a copy includes, and reads all of it. @throws OperatorError if it is not what it should be */
  private async completed(
    backup: Backup,
    parts: Pick<BackupRecord, 'blobs' | 'keys' | 'blob_areas'>,
  ): Promise<Backup> {
    const record = { ...backup.record, ...parts }
    if (parts.blobs || parts.keys) writeRecord(backup.names, record)
    const { database } = backup.names
    const problems = await runVerification(database)
    if (problems.length === 0) return noteVerified({ ...backup, record }, this.deps.now())
    throw new OperatorError(
      'damaged',
      `${database} was made and is not whole: ${problems.join(', ')}`,
      'check the disk; no older copy was removed',
    )
  }

  /** Removes the copies that exceed the limits, after a new one was made. */
  private pruneAfter(folder: string, made: Backup | undefined): Pick<BackupOutcome, 'pruned' | 'notices'> {
    const { rule, now, warn } = this.deps
    const all = listBackups(folder)
    const plan = planPrune(all, { rule: rule(), now: now(), made, ...(made && { verified: made }) })
    const notices = noticesOn(plan, byDate(all, now()).ahead)
    for (const notice of notices) warn(notice, {})
    if (plan.suspicious === undefined) removeBackups(folder, plan)
    return { pruned: plan.gone.map(({ names }) => names.database), notices }
  }

  private async pruneNow({ isDryRun }: { readonly isDryRun: boolean }): Promise<PruneOutcome> {
    const folder = folderOf(backupRoot(this.deps), this.deps.key.did)
    const all = listBackups(folder)
    const view = { rule: this.deps.rule(), now: this.deps.now() }
    const notices = []
    let plan = planPrune(all, view)
    // Nothing is removed before a copy that stays was read completely.
    if (plan.gone.length > 0) {
      const verified = await this.newestWhole(all)
      if (verified === undefined) notices.push('no copy passes a complete check, so nothing was pruned')
      plan = verified === undefined ? sparing(plan) : planPrune(all, { ...view, verified })
    }
    notices.push(...noticesOn(plan, byDate(all, view.now).ahead))
    if (!isDryRun && plan.suspicious === undefined) removeBackups(folder, plan)
    return {
      pruned: plan.gone.map(({ names }) => names.database),
      kept: plan.kept.map(({ backup, reasons }) => ({ file: backup.names.database, kept_by: reasons })),
      notices,
    }
  }

  /** Reads copies completely, the newest first, until one is whole. */
  private async newestWhole(all: readonly Backup[]): Promise<Backup | undefined> {
    for (const backup of byDate(all, this.deps.now()).dated)
      if ((await runVerification(backup.names.database)).length === 0) return backup
    return undefined
  }

  private byDate(): ReturnType<typeof byDate> {
    return byDate(this.all(), this.deps.now())
  }

  private all(): Backup[] {
    return this.folder === undefined ? [] : listBackups(this.folder)
  }

  /** The folder of this instance; it may not exist yet. */
  private get folder(): string | undefined {
    const { root, key } = this.deps
    return root === null ? undefined : folderOf(root, key.did)
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

/** Returns what the operator should know about a plan. */
function noticesOn({ suspicious }: PrunePlan, ahead: readonly Backup[]): string[] {
  if (suspicious === undefined) return noticesOf(ahead)
  const { database } = suspicious.names
  return [
    ...noticesOf(ahead),
    `this copy has fewer than half of the messages of another one, so nothing was pruned: ${database}`,
  ]
}

/** The same plan without a removal. */
function sparing({ gone, kept, suspicious }: PrunePlan): PrunePlan {
  return { gone: [], kept: [...kept, ...gone.map((backup) => ({ backup, reasons: [] }))], suspicious }
}
