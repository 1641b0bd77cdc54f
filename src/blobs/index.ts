/**
 * The blob store: bytes of any size outside the database, as files or in an S3-compatible service.
 * Imports the core, whose port it implements, and the runtime.
 * Start reading at core/kernel/blobs.ts, then files.ts.
 */

import { FileBlobs } from './files'
import type { OpenBlobs } from './owner'
import { type Bucket, S3Blobs } from './s3'

export { BlobsByArea } from './by-area'
export { type BlobCopy, copyBlobs } from './copy'
export { claimBlobs, type OpenBlobs } from './owner'
export { faultCode } from './unreachable'

/** The place of a blob store, as configured. */
export type BlobLocation =
  | { readonly kind: 'files'; readonly path: string }
  | ({ readonly kind: 's3' } & Bucket)

export interface BlobDeps {
  /** A local folder for what is being received. */
  readonly temporary: string
  /** Called with errors that must not fail a request. */
  readonly report: (fault: unknown) => void
}

export function openBlobs(location: BlobLocation, { temporary, report }: BlobDeps): OpenBlobs {
  return location.kind === 'files'
    ? new FileBlobs(location.path, report)
    : new S3Blobs(location, temporary, report)
}
