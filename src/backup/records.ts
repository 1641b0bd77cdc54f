import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { writeAtomically } from '../home/atomic-write'
import { type BackupNames, namesOf, stampIn } from './names'

/** The content of a side file. `schema` is the newest migration of the copy. */
export type BackupRecord = Static<typeof RecordShape>

const RecordShape = Type.Object({
  created_at: Type.String(),
  version: Type.String(),
  schema: Type.String(),
  epoch: Type.String(),
  last_seq: Type.Integer({ minimum: 0 }),
  counts: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  blobs: Type.Boolean(),
  /** The areas of the included blobs. Absent: all. */
  blob_areas: Type.Optional(Type.Array(Type.String())),
  keys: Type.Boolean(),
  label: Type.Union([Type.String(), Type.Null()]),
  /** When it last passed a complete check; null if it failed one since. Absent: none was made. */
  verified_at: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})

/** A finished copy: its files, its size and its record. */
export interface Backup {
  readonly names: BackupNames
  readonly bytes: number
  readonly record: BackupRecord
}

/** Returns the finished copies in a folder, newest first; none if there is no folder. Leaves out damaged ones. */
export function listBackups(folder: string): Backup[] {
  const stamps = new Set(namesIn(folder).flatMap((name) => stampIn(name) ?? []))
  return [...stamps]
    .sort()
    .reverse()
    .flatMap((stamp) => readBackup(namesOf(folder, stamp)) ?? [])
}

/** A date may be this much in the future, because clocks are corrected all the time. */
const TOLERANCE_MS = 60_000

/** Splits copies into those with plausible dates and those made while the clock was ahead. Keeps their order. */
export function byDate(backups: readonly Backup[], now: Date): { dated: Backup[]; ahead: Backup[] } {
  const limit = now.getTime() + TOLERANCE_MS
  const isAhead = ({ record }: Backup) => Date.parse(record.created_at) > limit
  return { dated: backups.filter((backup) => !isAhead(backup)), ahead: backups.filter(isAhead) }
}

/** Returns a notice of copies that were made while the clock was ahead. */
export function noticesOf(ahead: readonly Backup[]): string[] {
  if (ahead.length === 0) return []
  const names = ahead.map(({ names }) => basename(names.database)).join(', ')
  return [
    `the clock was ahead when these copies were made, or is behind now, so they are neither pruned nor counted: ${names}`,
  ]
}

/** Returns the finished copy in this file; undefined if the file or its side file is missing or damaged. */
export function backupAt(file: string): Backup | undefined {
  const stamp = stampIn(file.split('/').at(-1) ?? '')
  return stamp === undefined ? undefined : readBackup(namesOf(dirname(file), stamp))
}

/** Writes the side file. A copy without one is not valid. */
export function writeRecord(names: BackupNames, record: BackupRecord): void {
  writeAtomically(names.side, `${JSON.stringify(record, null, 2)}\n`, { sync: true })
}

/** Records the result of a complete check in the side file of a copy. Returns the copy with it. */
export function noteVerified({ names, bytes, record }: Backup, at: Date | null): Backup {
  const noted = { ...record, verified_at: at?.toISOString() ?? null }
  writeRecord(names, noted)
  return { names, bytes, record: noted }
}

function readBackup(names: BackupNames): Backup | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(names.side, 'utf8'))
    if (!Value.Check(RecordShape, record)) return undefined
    return { names, bytes: statSync(names.database).size, record }
  } catch {
    return undefined
  }
}

/** Returns the names in a folder; none if it does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Returns the folders of instances below the root of backups. */
export function instanceFolders(root: string): string[] {
  return namesIn(root)
    .map((name) => join(root, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
}
