/** Opens the blob store of a home, for a server and for `synapse doctor`, and checks whose it is. */
import { join } from 'node:path'
import type { BlobFolder } from '../backup'
import { BlobsByArea, claimBlobs, faultCode, type OpenBlobs, openBlobs } from '../blobs'
import type { BlobPlace, Config } from '../config'
import { BLOB_AREAS, type Blobs, blobPath } from '../core/kernel/blobs'
import { OperatorError } from '../core/kernel/operator-error'
import { homePaths } from '../home'
import type { InstanceKey } from '../home/instance-key'
import type { Logger } from '../platform/logger'
import type { OpenStore } from '../store'

/** The blobs of a home, and the stores that they are in. */
export interface HomeBlobs {
  readonly blobs: Blobs
  readonly stores: readonly OpenBlobs[]
}

/** Opens the blob stores of a home: one, unless ConfigSync has its own. */
export function openHomeBlobs(config: Config, report: (fault: unknown) => void): HomeBlobs {
  const common = openPlace(config, config, report)
  if (!config.configsyncBlobs) return { blobs: common, stores: [common] }
  const own = openPlace(config, config.configsyncBlobs, report)
  return { blobs: new BlobsByArea('configsync', own, common), stores: [common, own] }
}

/** Opens the blob store of one place. */
export function openPlace(
  { home }: Config,
  { blobs, blobKey }: BlobPlace,
  report: (fault: unknown) => void,
): OpenBlobs {
  const deps = { temporary: join(homePaths(home).blobs, 'tmp'), report }
  if (blobs.kind === 'files') return openBlobs(blobs, deps)
  if (!blobKey) throw new Error('a bucket has a key')
  return openBlobs({ ...blobs, ...blobKey }, deps)
}

/** Where a blob lies below its store. */
export const pathOfBlob = blobPath

/** Returns the folder of a home's blobs, and the areas that it has; null if all are in buckets. */
export function blobFolderOf({ blobs, configsyncBlobs }: Config): BlobFolder | null {
  const own = configsyncBlobs?.blobs ?? blobs
  if (blobs.kind === 'files')
    return { path: blobs.path, areas: own.kind === 'files' ? BLOB_AREAS : ['attachments'] }
  return own.kind === 'files' ? { path: own.path, areas: ['configsync'] } : null
}

/** Checks that the blob stores are those of this instance. @throws OperatorError */
export async function checkBlobs(
  { blobs: all, stores: [blobs, ...others] }: HomeBlobs,
  { did }: InstanceKey,
  store: OpenStore,
  logger: Logger,
): Promise<void> {
  const isNew = blobs !== undefined && (await claimed(blobs, did, 'the blob store', 'SYNAPSE_BLOB_URL'))
  for (const other of others)
    await claimed(other, did, 'the blob store of ConfigSync', 'SYNAPSE_CONFIGSYNC_STORE, its bucket')
  if (isNew && (await store.reads.hasAttachments()))
    logger.error('the blob store is empty, but messages have attachments: their files are missing', {
      fix: 'name the store of the other servers in SYNAPSE_BLOB_URL, or restore the files of a backup',
    })
  for (const { blob, size } of await store.reads.configsync.newestBlobs()) {
    if (await all.has(blob, size).catch(() => false)) continue
    logger.error('the newest ciphertext of ConfigSync is missing in its store', {
      blob: blobPath(blob),
      fix: 'if SYNAPSE_CONFIGSYNC_STORE was changed, run synapse configsync migrate-store; otherwise restore the files of a backup',
    })
  }
}

/** Claims a store, or checks its owner. `where`: the settings that say where it is. @throws OperatorError */
async function claimed(blobs: OpenBlobs, did: string, name: string, where: string): Promise<boolean> {
  try {
    return await claimBlobs(blobs, did)
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError(
      'unavailable',
      `${name} cannot be used (${faultCode(error) ?? 'no answer'})`,
      `check ${where}, its keys, and that this user may write there`,
    )
  }
}
