import { BLOB_AREAS } from '../core/kernel/blobs'
import { UPLOAD_HOURS } from '../core/kernel/limits'
import { type Clock, later, MICROS_PER_MINUTE } from '../core/kernel/time'
import type { UnusedBlobs } from '../core/kernel/unused-blobs'
import type { Attachments } from '../core/messages/attachments'
import { interval } from './interval'
import { FOLLOWER_RETRY, type Job } from './job'
import { TrustedClock } from './trusted-clock'

const UPLOADS_MILLISECONDS = 10 * 60_000
const ORPHANS_MILLISECONDS = 6 * 3_600_000
/** How soon a removal that waits for a backup is looked at again. */
const COPYING_MILLISECONDS = 1000
/** How long the lease of a process that died during its work delays another process. */
const LEASE_SECONDS = 60

export interface BlobJobDeps {
  readonly attachments: Pick<Attachments, 'forgetUploads'>
  readonly unusedBlobs: UnusedBlobs
  readonly clock: Clock
  /** Reports whether a backup is copying blobs. Then none is removed. */
  readonly isCopying: () => boolean
}

/** Returns the jobs that delete unused uploads, and remove blobs that nothing refers to any more. */
export function blobJobs({ attachments, unusedBlobs, clock, isCopying }: BlobJobDeps): Job[] {
  const trusted = new TrustedClock(clock)
  return [
    {
      // Follows the log, so the bytes of a deleted message go right after the commit. Each process removes what its own
      // requests deleted, and at its start what others left.
      name: 'unused-blobs',
      retry: FOLLOWER_RETRY,
      // Otherwise every commit would wake the runner.
      get followsLog() {
        return unusedBlobs.isDue
      },
      wait: () => (unusedBlobs.isDue ? (isCopying() ? COPYING_MILLISECONDS : 0) : undefined),
      run: () => unusedBlobs.remove(() => !isCopying()),
    },
    interval({
      name: 'unused-uploads',
      every: UPLOADS_MILLISECONDS,
      lease: { seconds: LEASE_SECONDS, isGivenBack: false },
      clock,
      run: async () => {
        const before = later(clock.now(), -UPLOAD_HOURS * 60 * MICROS_PER_MINUTE)
        if (trusted.isTrusted()) await attachments.forgetUploads({ before })
      },
    }),
    interval({
      name: 'orphaned-blobs',
      every: ORPHANS_MILLISECONDS,
      atStart: true,
      lease: { seconds: LEASE_SECONDS, isGivenBack: false },
      clock,
      run: async () => {
        for (const area of BLOB_AREAS) await unusedBlobs.collect(area)
      },
    }),
  ]
}
