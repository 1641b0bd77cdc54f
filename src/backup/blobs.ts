import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { OperatorError } from '../core/kernel/operator-error'
import { writeAtomically } from '../home/atomic-write'
import { sha256Of, syncPath } from './inspect'

/** The blobs of one backup: paths below `blobs/` and their checksums. */
type Manifest = Static<typeof ManifestShape>
const ManifestShape = Type.Array(
  Type.Object({ path: Type.String(), bytes: Type.Integer(), sha256: Type.String() }),
)

/**
 * Copies the blobs that a backup folder lacks, and writes a manifest of all blobs. Blobs never change, so each is
 * copied once. Returns the number of blobs in the manifest.
 * @throws OperatorError damaged if a blob does not match its name
 */
export function copyMissingBlobs(source: string, folder: string, manifest: string): number {
  const entries = filesBelow(source).map((path) => {
    const copied = join(folder, 'blobs', path)
    if (!existsSync(copied)) copyWhole(join(source, path), copied)
    return { path, bytes: statSync(copied).size, sha256: checkedSum(copied, path) }
  })
  writeAtomically(manifest, `${JSON.stringify(entries, null, 1)}\n`, { sync: true })
  return entries.length
}

/** Returns the problems of a backup's blobs; empty if all exist and are intact. */
export function blobProblems(folder: string, manifest: string): string[] {
  const entries = readManifest(manifest)
  if (entries === undefined) return [`the list of its blobs, ${manifest}, is missing or damaged`]
  return entries.flatMap(({ path, sha256 }) => {
    const copied = join(folder, 'blobs', path)
    if (!existsSync(copied)) return [`the blob ${path} is missing`]
    return sha256Of(copied) === sha256 ? [] : [`the blob ${path} is damaged`]
  })
}

/** Restores the missing blobs of a backup. Returns how many were missing. */
export function restoreBlobs(folder: string, manifest: string, target: string): number {
  const missing = (readManifest(manifest) ?? []).filter(({ path }) => !existsSync(join(target, path)))
  for (const { path } of missing) copyWhole(join(folder, 'blobs', path), join(target, path))
  return missing.length
}

/** Removes copied blobs that no remaining manifest names. */
export function dropUnlistedBlobs(folder: string, manifests: readonly string[]): void {
  const lists = manifests.map(readManifest)
  // An unreadable manifest may name any blob.
  if (lists.includes(undefined)) return
  const kept = new Set(lists.flatMap((entries) => entries?.map(({ path }) => path) ?? []))
  const blobs = join(folder, 'blobs')
  for (const path of filesBelow(blobs)) if (!kept.has(path)) rmSync(join(blobs, path))
}

function readManifest(path: string): Manifest | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (!Value.Check(ManifestShape, found)) return undefined
    // Synapse does not write paths that leave the folder.
    return found.every((entry) => !entry.path.split('/').includes('..')) ? found : undefined
  } catch {
    return undefined
  }
}

function checkedSum(file: string, path: string): string {
  const sum = sha256Of(file)
  const name = path.split('/').at(-1) ?? ''
  if (!/^[0-9a-f]{64}$/.test(name) || name === sum) return sum
  rmSync(file)
  throw new OperatorError('damaged', `the blob ${path} does not match its name`, 'check the disk')
}

/** Copies a file. It gets its final name once it is complete and on disk. */
function copyWhole(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const temporary = `${to}.tmp`
  rmSync(temporary, { force: true })
  copyFileSync(from, temporary, constants.COPYFILE_EXCL)
  syncPath(temporary)
  renameSync(temporary, to)
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.endsWith('.tmp') && statSync(join(folder, path)).isFile())
    .sort()
}
