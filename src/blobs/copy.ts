import { type BlobArea, type BlobBody, type Blobs, type StoredBlob, sha256OfKey } from '../core/kernel/blobs'

/** How many blobs are copied at once. */
const AT_ONCE = 4

/** What a copy of an area did. */
export interface BlobCopy {
  /** How many blobs it copied. */
  readonly copied: number
  /** Their bytes. */
  readonly bytes: number
  /** How many were there before. */
  readonly present: number
  /** The keys of blobs that are not as they were stored, and were not copied. */
  readonly corrupt: readonly string[]
}

export interface CopyPlan {
  readonly area: BlobArea
  readonly from: Blobs
  readonly to: Blobs
  readonly onProgress: (step: { readonly done: number; readonly total: number }) => void
}

/**
 * Copies the blobs of an area that another store lacks, under the same keys, and reads each copy again. Changes nothing
 * in the source. A copy that was interrupted goes on where it ended. @throws storage_full, unavailable
 */
export async function copyBlobs({ area, from, to, onProgress }: CopyPlan): Promise<BlobCopy> {
  const there = new Map((await listed(to, area)).map(({ key, size }) => [key, size]))
  const all = await listed(from, area)
  const missing = all.filter(({ key, size }) => there.get(key) !== size)
  let [copied, bytes, done] = [0, 0, all.length - missing.length]
  const corrupt: string[] = []
  onProgress({ done, total: all.length })
  const waiting = missing.values()
  const worker = async () => {
    for (const blob of waiting) {
      const outcome = await copyOne(area, blob, from, to)
      if (outcome === 'corrupt') corrupt.push(blob.key)
      if (outcome === 'copied') [copied, bytes] = [copied + 1, bytes + blob.size]
      onProgress({ done: ++done, total: all.length })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return { copied, bytes, present: all.length - missing.length, corrupt: corrupt.sort() }
}

async function copyOne(
  area: BlobArea,
  { key, size }: StoredBlob,
  from: Blobs,
  to: Blobs,
): Promise<'copied' | 'corrupt' | 'gone'> {
  const body = await from.open(key, size)
  // A running server may have removed it.
  if (!body) return (await from.check(key, size)) === 'missing' ? 'gone' : 'corrupt'
  await using received = await to.receive(area, chunksOf(body))
  if (received.sha256 !== sha256OfKey(key)) return 'corrupt'
  await received.keep(key)
  if ((await to.check(key, size)) !== 'whole') throw new Error(`the copy of the blob ${key} is not whole`)
  return 'copied'
}

function chunksOf(body: BlobBody): AsyncIterable<Uint8Array> {
  return body instanceof Blob ? body.stream() : body
}

async function listed(blobs: Blobs, area: BlobArea): Promise<StoredBlob[]> {
  const found: StoredBlob[] = []
  for await (const page of blobs.list(area)) found.push(...page)
  return found
}
