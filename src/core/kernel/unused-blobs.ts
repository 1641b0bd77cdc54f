import type { BlobArea, Blobs } from './blobs'
import type { Store } from './ports'

/** Keys that are handled in one transaction, few enough not to delay posts. */
const SLICE = 100
/** A blob without a row may belong to an upload that is about to be stored, unless it is older than this. */
export const ORPHAN_MILLISECONDS = 3_600_000

/** Blobs that no row refers to. */
export interface Orphans {
  readonly count: number
  readonly bytes: number
}

/**
 * Removes blobs that nothing refers to. A transaction that deletes the last row of a blob marks it as unused, and the
 * bytes go after the commit.
 */
export class UnusedBlobs {
  /** Whether blobs may wait for their removal. A process that died may have left some. */
  private isRemovalDue = true

  constructor(
    private readonly store: Store,
    private readonly blobs: Blobs,
  ) {}

  /** Call it when a transaction marks blobs, before or after its commit. */
  marked(): void {
    this.isRemovalDue = true
  }

  /** Reports whether `remove` has something to do. */
  get isDue(): boolean {
    return this.isRemovalDue
  }

  /** Removes the marked blobs, while `mayGoOn`. Safe to repeat. @throws unavailable */
  async remove(mayGoOn: () => boolean): Promise<void> {
    while (mayGoOn()) {
      this.isRemovalDue = false
      // Read in a transaction: those that are marking blobs at this moment have ended before it begins.
      const keys = await this.store.transact((tx) => tx.unusedBlobs(SLICE))
      if (keys.length === 0) return
      this.isRemovalDue = true
      for (const key of keys) await this.blobs.remove(key)
      await this.store.transact((tx) => tx.deleteUnusedBlobs(keys))
    }
  }

  /**
   * Finds blobs that an upload left when its process died, and marks them as unused. `isDryRun`: only counts.
   * @throws unavailable
   */
  async collect(area: BlobArea, isDryRun = false): Promise<Orphans> {
    const { store, blobs } = this
    if (!isDryRun) await blobs.clean(ORPHAN_MILLISECONDS)
    let count = 0
    let bytes = 0
    for await (const page of blobs.list(area)) {
      const old = page.filter(({ age }) => age > ORPHAN_MILLISECONDS)
      const used = await store.reads.usedBlobs(old.map(({ key }) => key))
      const orphans = old.filter(({ key }) => !used.has(key))
      if (orphans.length === 0) continue
      count += orphans.length
      bytes += orphans.reduce((sum, { size }) => sum + size, 0)
      if (isDryRun) continue
      await store.transact((tx) => tx.insertUnusedBlobs(orphans.map(({ key }) => key)))
      this.isRemovalDue = true
    }
    return { count, bytes }
  }
}
