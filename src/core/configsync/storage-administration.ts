import type { Administration } from '../governance/administration'
import { type Actor, withoutRetry } from '../identity/actor'
import type { Store, Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { Orphans, UnusedBlobs } from '../kernel/unused-blobs'
import type { EntityVersion, ListedSnapshot, Pruned, Snapshot, SnapshotPage } from './blob-ports'
import { ENTITY_TYPES, type EntityType, type SyncEntity } from './entity-ports'
import type { Retention } from './retention'
import { notFound, type SealedBlobs } from './sealed-blobs'
import type { OpenSnapshot } from './snapshots'
import type { Storage, StorageReport } from './storage'
import { noteAdmin, userIn } from './users'

export interface StorageAdministrationDeps {
  readonly store: Store
  readonly administration: Administration
  readonly sealedBlobs: SealedBlobs
  readonly retention: Retention
  readonly storage: Storage
  readonly unusedBlobs: UnusedBlobs
  readonly transactions: Transactions
}

/** What admins see of snapshots, entities and blobs, and do with them. They see no plaintext: there is none. */
export class StorageAdministration {
  constructor(private readonly deps: StorageAdministrationDeps) {}

  /** @throws account_not_found, configsync_user_not_found, the errors of `Administration.check`, as all others */
  async snapshots(actor: Actor, handle: string, page: SnapshotPage): Promise<ListedSnapshot[]> {
    const { store, administration } = this.deps
    administration.check(actor)
    const { user } = await userIn(store.reads, handle)
    return store.slow.configsync.snapshots(user.id, page)
  }

  /** Entities that are not deleted, of a type or of all. @throws account_not_found, configsync_user_not_found */
  async entities(actor: Actor, handle: string, type: EntityType | null): Promise<SyncEntity[]> {
    const { store, administration } = this.deps
    administration.check(actor)
    const { user } = await userIn(store.reads, handle)
    const found: SyncEntity[] = []
    for (const each of type === null ? ENTITY_TYPES : [type])
      found.push(...(await store.slow.configsync.entities(user.id, each)))
    return found
  }

  /** @throws not_found */
  async versions(actor: Actor, entityId: number): Promise<EntityVersion[]> {
    const { store, administration } = this.deps
    administration.check(actor)
    if (!(await store.reads.configsync.ownerOfEntity(entityId))) throw notFound('entity')
    return store.slow.configsync.versions(entityId)
  }

  /** Opens the ciphertext of a snapshot of any user. @throws not_found, unavailable */
  async open(actor: Actor, id: number): Promise<OpenSnapshot> {
    const { store, administration, sealedBlobs } = this.deps
    administration.check(actor)
    // It reads, so it works while the server drains; only its note is written.
    const snapshot = await store.transact(async (tx) => {
      const found = await snapshotIn(tx, id)
      await this.note(tx, actor, found.userId, 'snapshot.export', `snapshot:${id}`)
      return found
    })
    return { snapshot, bytes: await sealedBlobs.open(snapshot, `the snapshot ${id}`) }
  }

  /** Deletes a snapshot, also the newest one. @throws not_found */
  delete(actor: Actor, id: number): Promise<void> {
    const { administration, unusedBlobs } = this.deps
    return administration.act(actor, async (tx) => {
      const { userId } = await snapshotIn(tx, id)
      await tx.configsync.deleteSnapshots(userId, [id])
      unusedBlobs.marked()
      await this.note(tx, actor, userId, 'snapshot.delete', `snapshot:${id}`)
    })
  }

  /** Applies retention at once. `isDryRun`: only counts. */
  async prune(actor: Actor, isDryRun: boolean): Promise<Pruned> {
    const { administration, retention, transactions } = this.deps
    administration.check(actor)
    transactions.refuseWhileDraining(actor)
    if (isDryRun) return retention.count()
    await administration.act(withoutRetry(actor), (tx) => noteAdmin(tx, actor, null, 'prune'))
    return retention.apply(new AbortController().signal)
  }

  /** Removes blobs without a row that are older than an hour. `isDryRun`: only counts. @throws unavailable */
  async collect(actor: Actor, isDryRun: boolean): Promise<Orphans> {
    const { administration, storage, transactions } = this.deps
    administration.check(actor)
    transactions.refuseWhileDraining(actor)
    if (!isDryRun) await administration.act(withoutRetry(actor), (tx) => noteAdmin(tx, actor, null, 'gc'))
    return storage.collectOrphans(isDryRun)
  }

  /** Yields what is known so far, so that the caller can stop. @throws unavailable */
  verify(actor: Actor): AsyncIterable<StorageReport> {
    this.deps.administration.check(actor)
    return this.deps.storage.verify()
  }

  private async note(tx: Writes, actor: Actor, userId: number, what: string, ref: string): Promise<void> {
    const user = await tx.configsync.user({ id: userId })
    const account = user && (await tx.account({ id: user.accountId }))
    await noteAdmin(tx, actor, user && account ? { user, account } : null, what, ref)
  }
}

async function snapshotIn(tx: Writes, id: number): Promise<Snapshot> {
  const found = await tx.configsync.anySnapshot(id)
  if (!found) throw notFound('snapshot')
  return found
}
