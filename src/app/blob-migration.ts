/** Copies the ciphertext of ConfigSync between a folder and a bucket, for `synapse configsync migrate-store`. */
import { type BlobCopy, copyBlobs, type OpenBlobs } from '../blobs'
import type { BlobPlace, Config, ConfigsyncPlaces } from '../config'
import { AppError } from '../core/kernel/errors'
import { OperatorError } from '../core/kernel/operator-error'
import { openPlace } from './blobs'
import { holdStore } from './data-migration'

/** A place of ciphertext, as `SYNAPSE_CONFIGSYNC_STORE` names it. */
export type PlaceName = keyof ConfigsyncPlaces

export interface BlobMigration extends BlobCopy {
  /** Whether no server ran, so that nothing was stored meanwhile. */
  readonly isComplete: boolean
}

export interface BlobMigrationOptions {
  readonly from: PlaceName
  readonly to: PlaceName
  /** The DID of this instance. */
  readonly did: string
  readonly onProgress: (step: { readonly done: number; readonly total: number }) => void
}

/**
 * Copies what the other place lacks. The source stays as it is. While a server runs, it copies what there is. A new
 * place gets the mark of the instance at the end of a copy without a server; before, no server starts on it.
 * @throws OperatorError
 */
export async function migrateBlobs(config: Config, options: BlobMigrationOptions): Promise<BlobMigration> {
  const { did, onProgress } = options
  let fault: string | undefined
  const open = (name: PlaceName) =>
    openPlace(config, placeOf(config, name), (found) => {
      if (found instanceof Error) fault = found.message
    })
  const [from, to] = [open(options.from), open(options.to)]
  try {
    await isOwnedBy(did, options.from, from)
    const isNew = !(await isOwnedBy(did, options.to, to))
    await using held = await holdStore(config)
    const copy = await copyBlobs({ area: 'configsync', from, to, onProgress })
    const isComplete = held !== undefined
    if (isComplete && isNew) await to.claim(did)
    return { ...copy, isComplete }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const isFull = error.kind === 'storage_full'
    const what = isFull ? 'free space on that disk' : 'check its address and its keys'
    throw new OperatorError(
      isFull ? 'failed' : 'unreachable',
      fault ?? error.message,
      `${what}, then run the same command again: it goes on where it ended`,
    )
  }
}

/** @throws OperatorError if there is no bucket */
function placeOf({ configsyncPlaces }: Config, name: PlaceName): BlobPlace {
  const place = configsyncPlaces[name]
  if (place) return place
  throw new OperatorError(
    'failed',
    'no bucket is configured',
    'set SYNAPSE_CONFIGSYNC_S3_BUCKET, SYNAPSE_CONFIGSYNC_S3_ACCESS_KEY_ID and SYNAPSE_CONFIGSYNC_S3_SECRET_ACCESS_KEY',
  )
}

/** Reports whether a place has the mark of this instance. @throws OperatorError if it has that of another one */
async function isOwnedBy(did: string, name: PlaceName, blobs: OpenBlobs): Promise<boolean> {
  const owner = await blobs.owner()
  if (owner === undefined || owner === did) return owner === did
  throw new OperatorError(
    'refused',
    `${name} belongs to the instance ${owner}, and this one is ${did}`,
    'check SYNAPSE_BLOB_URL and the settings SYNAPSE_CONFIGSYNC_S3_…, or restore the right key',
  )
}
