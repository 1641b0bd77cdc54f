import type { Settings } from '../governance/settings'
import type { Store, Writes } from '../kernel/ports'
import { type Clock, LAST_INSTANT, later, MICROS_PER_DAY, type Micros } from '../kernel/time'
import type { UnusedBlobs } from '../kernel/unused-blobs'
import type { BlobRow, Pruned } from './blob-ports'
import { ROW_BYTES } from './quota'

/** Rows deleted in one transaction, few enough not to delay others. */
const SLICE = 100
/** How long a snapshot stays at least, while the quota allows it. */
const FRESH_DAYS = 1

export interface RetentionDeps {
  readonly store: Store
  readonly settings: Settings
  readonly clock: Clock
  readonly unusedBlobs: UnusedBlobs
}

/**
 * Deletes old snapshots and versions (docs/contract/configsync.md#retention). The newest snapshot of each machine and
 * the current version of each entity always stay.
 */
export class Retention {
  constructor(private readonly deps: RetentionDeps) {}

  /** Deletes snapshots of a machine that a new one makes surplus. Call it in the transaction that inserts that one. */
  async afterPush(tx: Writes, userId: number, machineId: string): Promise<void> {
    const rows = await this.surplus(tx, userId, machineId, this.freshSince(tx.now()))
    await this.deleteSnapshots(tx, userId, rows)
  }

  /** Deletes versions of an entity that a new one makes surplus. */
  async afterVersion(tx: Writes, entityId: number, current: number): Promise<void> {
    const gone = await tx.configsync.deleteVersions(entityId, current - this.keptVersions, SLICE)
    if (gone > 0) this.deps.unusedBlobs.marked()
  }

  /** Frees bytes of a user, if snapshots beyond the newest ones of their machines take as many, else what there are. */
  async free(userId: number, bytes: number): Promise<void> {
    const { store } = this.deps
    let missing = bytes
    for (const machineId of await store.slow.configsync.snapshotMachines(userId))
      while (missing > 0) {
        const freed = await store.transact(async (tx) => {
          const rows = enough(await this.surplus(tx, userId, machineId, LAST_INSTANT), missing)
          return this.deleteSnapshots(tx, userId, rows)
        })
        if (freed === 0) break
        missing -= freed
      }
  }

  /** Deletes everything that is too old, slice by slice. */
  async apply(signal: AbortSignal): Promise<Pruned> {
    const { store } = this.deps
    let pruned: Pruned = { snapshots: 0, versions: 0, entities: 0 }
    for (let after = 0; ; ) {
      const users = await store.slow.configsync.users({ after, limit: SLICE })
      for (const { id: userId } of users) {
        if (signal.aborted) return pruned
        pruned = { ...pruned, snapshots: pruned.snapshots + (await this.pruneSnapshots(userId, signal)) }
      }
      const last = users.at(-1)
      if (!last) break
      after = last.id
    }
    pruned = { ...pruned, versions: await this.pruneVersions(signal) }
    return { ...pruned, entities: await this.endEntities(signal) }
  }

  /** Counts what `apply` would delete. */
  async count(): Promise<Pruned> {
    const { store, settings, clock } = this.deps
    const now = clock.now()
    return store.slow.configsync.countSurplus({
      keepSnapshots: settings.get('configsync.keep_snapshots'),
      freshSince: this.freshSince(now),
      keepVersions: this.keptVersions,
      deletedBefore: this.deletedBefore(now),
    })
  }

  private async pruneSnapshots(userId: number, signal: AbortSignal): Promise<number> {
    const { store } = this.deps
    let gone = 0
    for (const machineId of await store.slow.configsync.snapshotMachines(userId))
      while (!signal.aborted) {
        const deleted = await store.transact(async (tx) => {
          const rows = await this.surplus(tx, userId, machineId, this.freshSince(tx.now()))
          await this.deleteSnapshots(tx, userId, rows)
          return rows.length
        })
        gone += deleted
        if (deleted < SLICE) break
      }
    return gone
  }

  private async pruneVersions(signal: AbortSignal): Promise<number> {
    const { store } = this.deps
    let gone = 0
    while (!signal.aborted) {
      const crowded = await store.slow.configsync.crowdedEntities(this.keptVersions, SLICE)
      if (crowded.length === 0) break
      for (const { id, currentVersion } of crowded)
        gone += await store.transact((tx) =>
          tx.configsync.deleteVersions(id, currentVersion - this.keptVersions, SLICE),
        )
      this.deps.unusedBlobs.marked()
    }
    return gone
  }

  private async endEntities(signal: AbortSignal): Promise<number> {
    const { store, clock, unusedBlobs } = this.deps
    let ended = 0
    while (!signal.aborted) {
      const ids = await store.slow.configsync.endedEntities(this.deletedBefore(clock.now()), SLICE)
      if (ids.length === 0) break
      for (const id of ids) {
        if (signal.aborted) return ended
        while (
          (await store.transact((tx) => tx.configsync.deleteVersions(id, Number.MAX_SAFE_INTEGER, SLICE))) ===
          SLICE
        ) {}
        await store.transact((tx) => tx.configsync.endEntity(id))
        unusedBlobs.marked()
        ended++
      }
    }
    return ended
  }

  /** Snapshots of a machine beyond the newest ones that were made before a time, oldest first. */
  private surplus(tx: Writes, userId: number, machineId: string, before: Micros): Promise<BlobRow[]> {
    const keep = this.deps.settings.get('configsync.keep_snapshots')
    return tx.configsync.surplusSnapshots(userId, { machineId, keep, before, limit: SLICE })
  }

  private async deleteSnapshots(tx: Writes, userId: number, rows: readonly BlobRow[]): Promise<number> {
    if (rows.length === 0) return 0
    await tx.configsync.deleteSnapshots(
      userId,
      rows.map(({ id }) => id),
    )
    this.deps.unusedBlobs.marked()
    return rows.reduce((sum, { size }) => sum + size + ROW_BYTES, 0)
  }

  private freshSince(now: Micros): Micros {
    return later(now, -FRESH_DAYS * MICROS_PER_DAY)
  }

  private deletedBefore(now: Micros): Micros {
    return later(now, -this.deps.settings.get('configsync.keep_deleted_days') * MICROS_PER_DAY)
  }

  private get keptVersions(): number {
    return this.deps.settings.get('configsync.keep_versions')
  }
}

/** The first rows that together have so many bytes; all if they have fewer. */
function enough(rows: readonly BlobRow[], bytes: number): BlobRow[] {
  let found = 0
  return rows.filter(({ size }) => {
    const isNeeded = found < bytes
    found += size + ROW_BYTES
    return isNeeded
  })
}
