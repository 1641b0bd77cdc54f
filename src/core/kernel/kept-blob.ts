import type { BlobKey, Blobs, ReceivedBlob } from './blobs'
import { AppError } from './errors'

export interface KeepDeps {
  readonly blobs: Blobs
  readonly report: (fault: unknown) => void
}

/**
 * Stores received bytes and runs the work that makes rows refer to them. Removes them if the work fails, or calls
 * `isNotUsed`. The bytes are stored before the rows: each row finds its bytes, whenever the process ends.
 * @throws storage_full, unavailable, what the work throws
 */
export async function keepBlob<Result>(
  { blobs, report }: KeepDeps,
  received: ReceivedBlob,
  work: (key: BlobKey, isNotUsed: () => void) => Promise<Result>,
): Promise<Result> {
  const key = await received.keep()
  // Until the outcome is known, a row may refer to the key.
  let isNeeded = true
  try {
    return await work(key, () => {
      isNeeded = false
    })
  } catch (error) {
    // Any other error may mean that it is committed, and that only the answer of the database was lost.
    if (error instanceof AppError && error.kind !== 'unavailable') isNeeded = false
    throw error
  } finally {
    // If this fails, `UnusedBlobs.collect` finds it.
    if (!isNeeded) await blobs.remove(key).catch(report)
  }
}
