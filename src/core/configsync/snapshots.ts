import type { Settings } from '../governance/settings'
import type { BlobBody } from '../kernel/blobs'
import type { Store } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { type SyncAudit, syncEntry } from './audit'
import type { ListedSnapshot, Snapshot, SnapshotPage } from './blob-ports'
import type { Machines } from './machines'
import type { Retention } from './retention'
import { notFound, type ReceivedUpload, type SealedBlobs } from './sealed-blobs'

/** What a push says besides the ciphertext. */
export interface PushedState {
  readonly machineId: string
  /** When the client made it, as the client writes it. */
  readonly clientTimestamp: string
  readonly formatVersion: string
  /** JSON that is not encrypted; null without any. Not stored unless `configsync.store_metadata`. */
  readonly metadata: string | null
}

/** A snapshot with its ciphertext. */
export interface OpenSnapshot {
  readonly snapshot: Snapshot
  readonly bytes: BlobBody
}

export interface SnapshotsDeps {
  readonly store: Store
  readonly settings: Settings
  readonly audit: SyncAudit
  readonly sealedBlobs: SealedBlobs
  readonly retention: Retention
  readonly machines: Pick<Machines, 'see'>
}

/** Whole states of machines (docs/contract/configsync.md#snapshots). */
export class Snapshots {
  constructor(private readonly deps: SnapshotsDeps) {}

  /**
   * Stores the state of a machine. The machine is created if it is unknown.
   * @throws machine_limit, what `SealedBlobs.store` throws
   */
  push(actor: ConfigSyncActor, { blob, fields }: ReceivedUpload<PushedState>): Promise<Snapshot> {
    const { settings, sealedBlobs, retention, machines } = this.deps
    const { userId } = actor
    const { size } = blob
    const { machineId } = fields
    return sealedBlobs.store(actor, blob, async (tx, key, user) => {
      await machines.see(tx, user, machineId)
      const metadata = settings.get('configsync.store_metadata') ? fields.metadata : null
      const snapshot = await tx.configsync.insertSnapshot({ ...fields, metadata, userId, blob: key, size })
      await tx.configsync.insertAudit([syncEntry(actor, 'push', `snapshot:${snapshot.id}`, size)])
      await retention.afterPush(tx, userId, machineId)
      return snapshot
    })
  }

  /** Opens the newest snapshot of a machine, or of all. @throws not_found, unavailable */
  async latest(actor: ConfigSyncActor, machineId: string | null): Promise<OpenSnapshot> {
    const page = { machineId, before: null, limit: 1 }
    const [newest] = await this.deps.store.reads.configsync.snapshots(actor.userId, page)
    if (!newest) throw notFound('snapshot')
    return this.open(actor, newest)
  }

  /** @throws not_found, unavailable */
  async find(actor: ConfigSyncActor, id: number): Promise<OpenSnapshot> {
    const snapshot = await this.deps.store.reads.configsync.snapshot(actor.userId, id)
    if (!snapshot) throw notFound('snapshot')
    return this.open(actor, snapshot)
  }

  /** Newest first. */
  list(userId: number, page: SnapshotPage): Promise<ListedSnapshot[]> {
    return this.deps.store.reads.configsync.snapshots(userId, page)
  }

  private async open(actor: ConfigSyncActor, snapshot: Snapshot): Promise<OpenSnapshot> {
    const { sealedBlobs, audit } = this.deps
    const bytes = await sealedBlobs.open(snapshot, `the snapshot ${snapshot.id}`)
    audit.note(syncEntry(actor, 'snapshot.read', `snapshot:${snapshot.id}`, snapshot.size))
    return { snapshot, bytes }
  }
}
