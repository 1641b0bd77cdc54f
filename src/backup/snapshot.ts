import { Database } from 'bun:sqlite'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { translated } from './backup-error'
import { factsOf, openCopy, sha256Of, soundnessOf, syncPath } from './inspect'
import { type BackupNames, folderOf, namesOf, stampOf } from './names'
import { type Backup, backupAt, namesIn, writeRecord } from './records'

/** What to copy, and the part of its side file that is not read from the copy. */
export interface SnapshotRequest {
  readonly database: string
  /** Root of the backups. The folder of the instance is created in it. */
  readonly root: string
  readonly version: string
  readonly label: string | null
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Part of the names of an unfinished copy and of the files that SQLite creates next to it. */
const UNFINISHED = '.partial'

/**
 * Copies a store, which may be in use, and returns the finished copy. The numbers in its record are counted in the
 * copy, not in the source. Blocks until all of it is on disk, so a server runs this in a worker (snapshot-worker.ts).
 * @throws OperatorError damaged if the source fails its check; storage_full, unusable
 */
export function takeSnapshot({ database, root, version, label, at }: SnapshotRequest): Backup {
  let folder = root
  try {
    using source = new Database(database, { readonly: true })
    source.run('PRAGMA busy_timeout = 5000')
    refuseDamaged(source, database)
    folder = makeFolder(root, factsOf(source).did ?? 'unserved')
    const names = namesOf(folder, stampOf(new Date(at)))
    const copy = `${names.database}${UNFINISHED}`
    removeUnfinished(folder)
    if (existsSync(names.database))
      throw new OperatorError(
        'unusable',
        `${names.database} exists`,
        'try again: a copy is never overwritten',
      )
    // Creates an empty file with mode 0600 for SQLite to fill. SQLite refuses a file with content.
    closeSync(openSync(copy, 'wx', 0o600))
    try {
      source.query('VACUUM INTO ?').run(copy)
      finish(copy, names, { version, label, at })
    } catch (error) {
      removeUnfinished(folder)
      rmSync(names.side, { force: true })
      throw error
    }
    const backup = backupAt(names.database)
    if (backup === undefined) throw new OperatorError('unusable', `${names.side} cannot be read`, 'try again')
    return backup
  } catch (error) {
    throw translated(error, folder)
  }
}

/** Removes the files of interrupted copies. */
function removeUnfinished(folder: string): void {
  for (const name of namesIn(folder))
    if (name.includes(UNFINISHED)) rmSync(join(folder, name), { force: true })
}

function finish(copy: string, names: BackupNames, facts: Omit<SnapshotRequest, 'database' | 'root'>): void {
  syncPath(copy)
  using db = openCopy(copy)
  refuseDamaged(db, copy)
  const { migrations, epoch, lastSeq, counts } = factsOf(db)
  const sha256 = sha256Of(copy)
  // The final name makes the copy valid, so the rename comes last.
  writeRecord(names, {
    created_at: new Date(facts.at).toISOString(),
    version: facts.version,
    schema: migrations.at(-1) ?? '',
    epoch,
    last_seq: lastSeq,
    counts,
    sha256,
    blobs: false,
    keys: false,
    label: facts.label,
  })
  renameSync(copy, names.database)
  syncPath(join(names.database, '..'))
}

function refuseDamaged(db: Database, path: string): void {
  const found = soundnessOf(db)
  if (found === 'ok') return
  throw new OperatorError(
    'damaged',
    `${path} is damaged (${found})`,
    'stop the server and put a copy back: synapse backup list, then synapse backup restore <file>',
  )
}

/** Creates the folder of an instance, accessible to its owner only. */
export function makeFolder(root: string, did: string): string {
  const folder = folderOf(root, did)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  return folder
}
