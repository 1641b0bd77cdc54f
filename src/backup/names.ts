import { join } from 'node:path'

/** The folder of an instance is named after the last characters of its DID, so several instances can share one root. */
const DID_CHARACTERS = 12

/** Returns the folder of one instance below the root of backups. */
export function folderOf(root: string, did: string): string {
  return join(root, did.slice(-DID_CHARACTERS))
}

/** Returns a time as `20261121T145557.123Z`, which sorts by time and is a valid file name everywhere. */
export function stampOf(at: Date): string {
  return at.toISOString().replace(/[-:]/g, '')
}

/** Paths of the files of one backup. A file exists only if that part was included. */
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

/** Returns the stamp in the name of a copy; undefined for any other name. */
export function stampIn(name: string): string | undefined {
  return /^synapse-(\d{8}T\d{6}\.\d{3}Z)\.(?:db|json)$/.exec(name)?.[1]
}
