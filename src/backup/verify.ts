import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { readMigrations } from '../store/migrations' with { type: 'macro' }
import { blobProblems } from './blobs'
import { blobPathsOf, factsOf, openCopy, type StoreFacts, sha256Of, soundnessOf } from './inspect'
import { examineMatrixEvents } from './matrix-events'
import { type Backup, backupAt } from './records'

const known: readonly string[] = readMigrations('sqlite').map(({ name }) => name)

/** The result of verifying a copy. It can be trusted if there are no problems. */
export interface Verdict {
  readonly file: string
  readonly problems: readonly string[]
  /** Checks that were not possible. */
  readonly remarks: readonly string[]
  readonly facts: StoreFacts | undefined
  /** Undefined for a database without a side file. */
  readonly backup: Backup | undefined
}

/** Verifies every byte of a copy: checksum, structure, record, schema, blobs, and the newest events of Matrix rooms. */
export async function verifyBackup(file: string): Promise<Verdict> {
  if (!existsSync(file))
    return { file, problems: ['there is no such file'], remarks: [], facts: undefined, backup: undefined }
  const backup = backupAt(file)
  const problems: string[] = []
  const remarks: string[] = []
  if (backup === undefined) remarks.push('it has no side file, so only its structure was checked')
  else if (sha256Of(file) !== backup.record.sha256)
    problems.push('its checksum differs from that in its side file')
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    problems.push('it has a write-ahead log, whose content would be lost; copy both with sqlite3')
  const { facts, blobs } = await examine(file, backup?.record.blob_areas, problems)
  if (facts !== undefined && backup !== undefined) {
    const { record } = backup
    const isSame =
      record.epoch === facts.epoch &&
      record.last_seq === facts.lastSeq &&
      Object.entries(facts.counts).every(([table, n]) => record.counts[table] === n)
    if (!isSame) problems.push('its content differs from what its side file says')
    if (record.blobs) problems.push(...blobProblems(dirname(file), backup.names.manifest, blobs))
    if (record.keys && !existsSync(backup.names.keys))
      problems.push(`its sealed keys, ${backup.names.keys}, are missing`)
  }
  return { file, problems, remarks, facts, backup }
}

/** What a copy says about itself. `blobs`: the paths of the blobs of these areas that it refers to. */
async function examine(
  file: string,
  areas: readonly string[] | undefined,
  problems: string[],
): Promise<{ readonly facts: StoreFacts | undefined; readonly blobs: readonly string[] }> {
  const nothing = { facts: undefined, blobs: [] }
  try {
    using db = openCopy(file)
    const found = soundnessOf(db)
    if (found !== 'ok') {
      problems.push(`it is damaged (${found})`)
      return nothing
    }
    const facts = factsOf(db)
    const newer = unknownMigrations(facts)
    if (newer.length > 0)
      problems.push(`it was made by a newer version of Synapse (${newer.join(', ')} is unknown to this one)`)
    else problems.push(...(await examineMatrixEvents(db)).problems)
    return { facts, blobs: blobPathsOf(db, areas) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!(error instanceof OperatorError) && !code.startsWith('SQLITE_')) throw error
    problems.push(error instanceof OperatorError ? error.problem : `it cannot be read (${code})`)
    return nothing
  }
}

/** Returns the migrations of a store that this program does not have. */
export function unknownMigrations({ migrations }: StoreFacts): string[] {
  return migrations.filter((name) => !known.includes(name))
}

/** Returns the migrations of this program that a store does not have. */
export function missingMigrations({ migrations }: StoreFacts): string[] {
  return known.filter((name) => !migrations.includes(name))
}
