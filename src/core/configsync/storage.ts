import type { BlobKey, BlobState, Blobs } from '../kernel/blobs'
import type { Store } from '../kernel/ports'
import type { Orphans, UnusedBlobs } from '../kernel/unused-blobs'
import type { BlobRow, BlobSum } from './blob-ports'

/** Rows that are read at once. */
const PAGE = 200

/** What `verify` found. */
export interface StorageReport {
  readonly checked: number
  readonly bytes: number
  /** Keys whose bytes are not there. */
  readonly missing: readonly BlobKey[]
  /** Keys whose bytes are others, or cut off. */
  readonly corrupt: readonly BlobKey[]
  /** Null until all blobs are checked. */
  readonly orphans: Orphans | null
}

export interface StorageDeps {
  readonly store: Store
  readonly blobs: Blobs
  readonly unusedBlobs: UnusedBlobs
}

/** The blobs of all users, for administration. */
export class Storage {
  private sum: BlobSum | undefined

  constructor(private readonly deps: StorageDeps) {}

  /** How many blobs there were when they were last counted, and their bytes; undefined before. */
  get counted(): BlobSum | undefined {
    return this.sum
  }

  /** Counts the blobs of all users. */
  async count(): Promise<void> {
    this.sum = await this.deps.store.slow.configsync.blobSum()
  }

  /** Reads every blob and compares it with its checksum. Yields what is known after each. @throws unavailable */
  async *verify(): AsyncGenerator<StorageReport, void> {
    let report: StorageReport = { checked: 0, bytes: 0, missing: [], corrupt: [], orphans: null }
    for await (const { blob, size } of this.rows()) {
      const state = await this.check(blob, size)
      report = { ...report, checked: report.checked + 1, bytes: report.bytes + size }
      if (state !== 'whole') report = { ...report, [state]: [...report[state], blob] }
      yield report
    }
    yield { ...report, orphans: await this.collectOrphans(true) }
  }

  /** Removes blobs that no row refers to. Those of the last hour stay: their rows may come. @throws unavailable */
  collectOrphans(isDryRun: boolean): Promise<Orphans> {
    return this.deps.unusedBlobs.collect('configsync', isDryRun)
  }

  /** All rows with blobs. */
  async *rows(): AsyncGenerator<BlobRow, void> {
    for (const of of ['snapshots', 'versions'] as const)
      for (let after = 0; ; ) {
        const page = await this.deps.store.slow.configsync.blobRows(of, after, PAGE)
        yield* page
        const last = page.at(-1)
        if (!last) break
        after = last.id
      }
  }

  /** A blob that is missing may have been deleted since its row was read. */
  private async check(blob: BlobKey, size: number): Promise<BlobState> {
    const { blobs, store } = this.deps
    const state = await blobs.check(blob, size)
    if (state !== 'missing') return state
    return (await store.reads.usedBlobs([blob])).has(blob) ? 'missing' : 'whole'
  }
}
