import { join } from 'node:path'

/** The last characters of a DID name the folder of its instance: several instances may share one place. */
const DID_CHARACTERS = 12

/** Below the backups' place, the folder of one instance. */
export function folderOf(root: string, did: string): string {
  return join(root, did.slice(-DID_CHARACTERS))
}

/** `20261121T145557.123Z`: sorts by time and is a file name everywhere. */
export function stampOf(at: Date): string {
  return at.toISOString().replace(/[-:]/g, '')
}

/** The files of one backup; each exists only if that part was taken. */
export interface BackupNames {
  readonly stamp: string
  readonly database: string
  readonly side: string
  readonly keys: string
  readonly manifest: string
}

export function namesOf(folder: string, stamp: string): BackupNames {
  return {
    stamp,
    database: join(folder, `synapse-${stamp}.db`),
    side: join(folder, `synapse-${stamp}.json`),
    keys: join(folder, `keys-${stamp}.sealed`),
    manifest: join(folder, `blobs-${stamp}.json`),
  }
}

/** The stamp in the name of a copy; undefined for any other name. */
export function stampIn(name: string): string | undefined {
  return /^synapse-(\d{8}T\d{6}\.\d{3}Z)\.(?:db|json)$/.exec(name)?.[1]
}
