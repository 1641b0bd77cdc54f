import { BLOB_AREAS, type BlobArea, type Blobs } from '../core/kernel/blobs'
import { OperatorError } from '../core/kernel/operator-error'

/** A blob store with the mark of the instance that it belongs to. */
export interface OpenBlobs extends Blobs {
  /** Returns the DID of the owner; undefined before the first one. */
  owner(): Promise<string | undefined>
  /** Notes the owner, unless another process was faster. */
  claim(did: string): Promise<void>
}

/**
 * Checks that the blob store is that of this instance, and claims a new one. Servers with different stores would show
 * messages whose files are missing. Returns whether it is new.
 * @throws OperatorError refused if it belongs to another instance, or lost its mark; unavailable if it does not answer
 */
export async function claimBlobs(blobs: OpenBlobs, did: string): Promise<boolean> {
  const owner = await blobs.owner()
  if (owner === did) return false
  if (owner !== undefined)
    throw new OperatorError(
      'refused',
      `the blob store belongs to the instance ${owner}, and this one is ${did}`,
      'correct SYNAPSE_BLOB_URL, or restore the right key; if this instance has a new key, write its DID into `instance` there',
    )
  for (const area of BLOB_AREAS) {
    if (!(await hasSome(blobs, area))) continue
    throw new OperatorError(
      'refused',
      'the blob store has files and does not say whose they are',
      'correct SYNAPSE_BLOB_URL, restore its file `instance`, or run an interrupted configsync migrate-store again',
    )
  }
  await blobs.claim(did)
  const noted = await blobs.owner()
  if (noted !== did)
    throw new OperatorError(
      'refused',
      'the blob store was claimed by another instance at the same time',
      'give each instance a folder or prefix of its own',
    )
  return true
}

async function hasSome(blobs: Blobs, area: BlobArea): Promise<boolean> {
  for await (const page of blobs.list(area)) if (page.length > 0) return true
  return false
}
