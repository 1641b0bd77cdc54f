import { Database } from 'bun:sqlite'
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { writeNew } from '../home/atomic-write'
import { errorCode } from '../home/home-error'
import { homePaths } from '../home/paths'
import { readState, writeState } from '../home/state-file'
import { lostCommits } from '../store/sqlite/write-ahead-log'
import { appendRestoreEntry } from './audit-entry'
import { translated } from './backup-error'
import { restoreBlobs } from './blobs'
import { insertEpoch, skipClientIds } from './epoch'
import { factsOf, type StoreFacts, sha256Of, syncPath } from './inspect'
import { stampOf } from './names'
import { clearMarker, readMarker, setMarker } from './restore-marker'
import type { KeyFiles } from './sealed-keys'
import type { Verdict } from './verify'

/** What to restore, and where. The caller holds the lock of the home and has verified the copy. */
export interface RestorePlan {
  readonly home: string
  /** Path of the store. */
  readonly database: string
  readonly copy: Verdict
  /** The folder to put missing blobs into; null to leave blobs alone. */
  readonly blobs: string | null
  readonly keys: KeyFiles | undefined
  readonly now: Date
  /** Called before each step. */
  readonly step: (name: RestoreStep) => void
}

/** The steps in order. After a crash in any step after `copy` and `mark` the marker exists. */
export type RestoreStep = 'copy' | 'mark' | 'move' | 'place' | 'blobs' | 'keys' | 'state' | 'end'

export interface Restored {
  /** Facts of the replaced store; undefined if there was none, or it could not be read. */
  readonly before: StoreFacts | undefined
  readonly after: StoreFacts
  /** Folder of the replaced files. */
  readonly replaced: string
  readonly blobs: number
}

/**
 * Replaces the store by a copy, with a new epoch. The copy is first prepared next to the store. While files are
 * moved, a marker in the home prevents a server from starting.
 * @throws OperatorError with the old store still in place, or with the marker set
 */
export async function restoreStore(plan: RestorePlan): Promise<Restored> {
  const { home, database, copy, step } = plan
  const replaced = join(home, `replaced-${stampOf(plan.now)}`)
  const ready = `${database}.restoring`
  const { state } = homePaths(home)
  try {
    step('copy')
    const before = factsBefore(database)
    mkdirSync(dirname(database), { recursive: true, mode: 0o700 })
    rmSync(ready, { force: true })
    copyFileSync(copy.file, ready)
    chmodSync(ready, 0o600)
    const sum = copy.backup?.record.sha256
    if (sum !== undefined && sha256Of(ready) !== sum)
      throw new OperatorError('damaged', `${ready} differs from the copy`, 'check the disk')
    const above = [before?.epoch, readState(state).mark?.epoch].filter((epoch) => epoch !== undefined)
    const after = madeCurrent(ready, { file: basename(copy.file), above, now: plan.now })
    syncPath(ready)
    step('mark')
    mkdirSync(replaced, { mode: 0o700 })
    setMarker(home, { started_at: plan.now.toISOString(), from: copy.file, replaced })
    step('move')
    for (const file of [database, `${database}-wal`, `${database}-shm`]) move(file, replaced)
    step('place')
    renameSync(ready, database)
    syncPath(dirname(database))
    step('blobs')
    const manifest = copy.backup?.names.manifest
    const blobs =
      manifest === undefined || plan.blobs === null
        ? 0
        : await restoreBlobs(dirname(copy.file), manifest, plan.blobs)
    step('keys')
    if (plan.keys) placeKeys(home, plan.keys, replaced)
    step('state')
    writeState(state, { epoch: after.epoch, lastSeq: after.lastSeq })
    step('end')
    clearMarker(home)
    return { before, after, replaced, blobs }
  } catch (error) {
    if (readMarker(home) === undefined) rmSync(ready, { force: true })
    throw translated(error, home)
  }
}

/**
 * Returns the facts of the store that is about to be replaced, undefined if it cannot be read. Empties its
 * write-ahead log into it, so that it can be restored like any copy.
 */
function factsBefore(database: string): StoreFacts | undefined {
  // A damaged log is kept as it is: opening the database would truncate it where the damage begins.
  if (!existsSync(database) || lostCommits(`${database}-wal`) > 0) return undefined
  try {
    using db = new Database(database, { readwrite: true })
    db.query('PRAGMA wal_checkpoint(TRUNCATE)').get()
    return factsOf(db)
  } catch {
    return undefined
  }
}

interface Return {
  /** File name of the copy. */
  readonly file: string
  /** Epochs outside the copy that clients may know. */
  readonly above: readonly string[]
  readonly now: Date
}

/** Begins the new epoch in a copy, leaves out the ids that it does not know of, and adds the restore to its audit log. */
function madeCurrent(path: string, { file, above, now }: Return): StoreFacts {
  using db = new Database(path, { readwrite: true })
  db.run('PRAGMA synchronous = FULL')
  const begin = db.transaction(() => {
    insertEpoch(db, { reason: 'restore', now, above })
    skipClientIds(db)
    const facts = factsOf(db)
    appendRestoreEntry(db, { file, now, epoch: facts.epoch, lastSeq: facts.lastSeq })
    return facts
  })
  return begin()
}

/** Writes the keys. They come last, because they make the home that of another instance. */
function placeKeys(home: string, files: KeyFiles, replaced: string): void {
  const { keys } = homePaths(home)
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  for (const [name, content] of Object.entries(files)) {
    if (basename(name) !== name || name.startsWith('.'))
      throw new OperatorError(
        'not_a_copy',
        `${name} is not the name of a key file`,
        'name a file keys-….sealed',
      )
    const path = join(keys, name)
    const ready = `${path}.restoring`
    writeNew(ready, content, true)
    if (existsSync(path)) copyFileSync(path, join(replaced, name))
    renameSync(ready, path)
  }
  syncPath(keys)
}

/** Moves a file into a folder. Does nothing if there is no such file. */
function move(file: string, folder: string): void {
  const target = join(folder, basename(file))
  try {
    renameSync(file, target)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    if (errorCode(error) !== 'EXDEV') throw error
    copyFileSync(file, target)
    syncPath(target)
    rmSync(file)
  }
}
