import { expect, test } from 'bun:test'
import { newBlobKey } from '../../../src/core/kernel/blobs'
import { UnusedBlobs } from '../../../src/core/kernel/unused-blobs'
import { engines, openEngine } from '../../store/engines'
import { unusedBlobs as noBytes } from '../../support/unused-blobs'

/** Reads of a transaction that take longer than a read beside it. */
const READS = 50

test.each(engines)(
  'a blob that a transaction marks while others are removed goes after its commit, on %s',
  async (name) => {
    await using engine = await openEngine(name)
    const { store } = engine
    const removed: string[] = []
    const blobs = { ...noBytes, remove: async (key: string) => void removed.push(key) }
    const unused = new UnusedBlobs(store, blobs)
    const key = newBlobKey('attachments', '0'.repeat(64), Bun.randomUUIDv7())
    let removal: Promise<void> | undefined
    await store.transact(async (tx) => {
      await tx.insertUnusedBlobs([key])
      unused.marked()
      removal = unused.remove(() => true)
      for (let i = 0; i < READS; i++) await tx.unusedBlobs(1)
    })
    await removal
    expect(removed).toEqual([key])
    expect(await store.reads.unusedBlobs(1)).toEqual([])
    expect(unused.isDue).toBe(false)
  },
)
