import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { OperatorError } from '../core/kernel/operator-error'
import { writeAtomically } from '../home/atomic-write'
import { errorCode } from '../home/home-error'
import { sha256Of, syncPath } from './inspect'

/** The blobs of one backup: paths below `blobs/` and their checksums. */
type Manifest = Static<typeof ManifestShape>
const ManifestShape = Type.Array(
  Type.Object({ path: Type.String(), bytes: Type.Integer(), sha256: Type.String() }),
)

/** The temporary files of a blob store, and its file with the DID of its instance. */
const TEMPORARY = 'tmp/'
const OWNER = 'instance'

/**
 * Copies the blobs that a backup folder lacks, and writes a manifest of all blobs. Blobs never change, so each is
 * copied and read once. Returns the number of blobs in the manifest.
 * @throws OperatorError damaged if a blob does not match its name
 */
export async function copyMissingBlobs(source: string, folder: string, manifest: string): Promise<number> {
  const entries: { path: string; bytes: number; sha256: string }[] = []
  for (const path of filesBelow(source)) {
    if (path.startsWith(TEMPORARY)) continue
    const copied = join(folder, 'blobs', path)
    const isNew = !existsSync(copied)
    if (isNew && !(await isCopied(join(source, path), copied))) continue
    const sha256 = (isNew ? undefined : namedSum(path)) ?? (await checkedSum(copied, path))
    entries.push({ path, bytes: statSync(copied).size, sha256 })
  }
  writeAtomically(manifest, `${JSON.stringify(entries, null, 1)}\n`, { sync: true })
  return entries.filter(({ path }) => path !== OWNER).length
}

/**
 * Returns the problems of a backup's blobs; empty if all exist and are intact. `referred`: the paths that the store
 * refers to.
 */
export function blobProblems(folder: string, manifest: string, referred: readonly string[]): string[] {
  const entries = readManifest(manifest)
  if (entries === undefined) return [`the list of its blobs, ${manifest}, is missing or damaged`]
  const listed = new Set(entries.map(({ path }) => path))
  const missing = referred.filter((path) => !listed.has(path)).map((path) => `the blob ${path} is missing`)
  const damaged = entries.flatMap(({ path, sha256 }) => {
    const copied = join(folder, 'blobs', path)
    if (!existsSync(copied)) return [`the blob ${path} is missing`]
    return sha256Of(copied) === sha256 ? [] : [`the blob ${path} is damaged`]
  })
  return [...missing, ...damaged]
}

/** Restores the missing blobs of a backup. Returns how many were missing. */
export async function restoreBlobs(folder: string, manifest: string, target: string): Promise<number> {
  const missing = (readManifest(manifest) ?? []).filter(({ path }) => !existsSync(join(target, path)))
  for (const { path } of missing) await copyWhole(join(folder, 'blobs', path), join(target, path))
  return missing.filter(({ path }) => path !== OWNER).length
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

/** Returns the checksum of a copied blob. It is part of the name of most. */
async function checkedSum(file: string, path: string): Promise<string> {
  const sum = await sumOf(file)
  const named = namedSum(path)
  if (named === undefined || named === sum) return sum
  rmSync(file)
  throw new OperatorError('damaged', `the blob ${path} does not match its name`, 'check the disk')
}

/** Returns the checksum in the name of a blob; undefined if it is named otherwise. */
function namedSum(path: string): string | undefined {
  return /(?:^|\/)([0-9a-f]{64})(?:-[0-9a-f]{32})?$/.exec(path)?.[1]
}

/** Reads a file in pieces, between which other work can run. */
async function sumOf(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk)
  return hash.digest('hex')
}

/** Copies a file, unless it is removed meanwhile by another server. */
async function isCopied(from: string, to: string): Promise<boolean> {
  try {
    await copyWhole(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && !existsSync(from)) return false
    throw error
  }
}

/** Copies a file. It gets its final name once it is complete and on disk. */
async function copyWhole(from: string, to: string): Promise<void> {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const temporary = `${to}.tmp`
  rmSync(temporary, { force: true })
  await copyFile(from, temporary, constants.COPYFILE_EXCL)
  syncPath(temporary)
  renameSync(temporary, to)
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.endsWith('.tmp') && statSync(join(folder, path)).isFile())
    .sort()
}
