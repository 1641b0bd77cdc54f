import type { BlobBody } from '../kernel/blobs'
import type { Store } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { type SyncAudit, syncEntry } from './audit'
import type { EntityVersion } from './blob-ports'
import { findEntity } from './entities'
import type { EntityType } from './entity-ports'
import type { Retention } from './retention'
import { notFound, type ReceivedUpload, type SealedBlobs } from './sealed-blobs'

/** What a push of a version says besides the ciphertext. */
export interface PushedVersion {
  /** SHA-256 of the plaintext in hex, as the client says. */
  readonly contentHash: string
  readonly machineId: string | null
}

/** A version with its ciphertext. */
export interface OpenVersion {
  readonly version: EntityVersion
  readonly bytes: BlobBody
}

export interface VersionsDeps {
  readonly store: Store
  readonly audit: SyncAudit
  readonly sealedBlobs: SealedBlobs
  readonly retention: Retention
}

/** The versions of entities (docs/contract/configsync.md#versions). Of two pushes at once both stay. */
export class Versions {
  constructor(private readonly deps: VersionsDeps) {}

  /** Refuses early, before an upload is received. @throws entity_not_found */
  async requireEntity(actor: ConfigSyncActor, type: EntityType, id: number): Promise<void> {
    await findEntity(this.deps.store.reads, actor.userId, type, id)
  }

  /** Stores the next version, which becomes the current one. @throws entity_not_found, what `SealedBlobs.store` throws */
  push(
    actor: ConfigSyncActor,
    type: EntityType,
    id: number,
    { blob, fields }: ReceivedUpload<PushedVersion>,
  ): Promise<EntityVersion> {
    const { sealedBlobs, retention } = this.deps
    const { userId } = actor
    const { contentHash, machineId } = fields
    const { size } = blob
    return sealedBlobs.store(actor, blob, async (tx, key) => {
      await findEntity(tx, userId, type, id)
      const version = await tx.configsync.insertVersion({
        entityId: id,
        blob: key,
        size,
        contentHash,
        pushedByUserId: userId,
        pushedFromMachineId: machineId,
      })
      await tx.configsync.insertAudit([syncEntry(actor, 'version.push', `${type}:${id}`, size)])
      await retention.afterVersion(tx, id, version.version)
      return version
    })
  }

  /** The versions that can be fetched, newest first. @throws entity_not_found */
  async list(actor: ConfigSyncActor, type: EntityType, id: number): Promise<EntityVersion[]> {
    const { reads } = this.deps.store
    await findEntity(reads, actor.userId, type, id)
    return reads.configsync.versions(id)
  }

  /** Opens a version; null: the current one. @throws entity_not_found, not_found, unavailable */
  async open(
    actor: ConfigSyncActor,
    type: EntityType,
    id: number,
    number: number | null,
  ): Promise<OpenVersion> {
    const { store, sealedBlobs, audit } = this.deps
    const { currentVersion } = await findEntity(store.reads, actor.userId, type, id)
    const version = await store.reads.configsync.version(id, number ?? currentVersion)
    if (!version) throw notFound('version')
    const what = `version ${version.version} of the ${type} ${id}`
    const bytes = await sealedBlobs.open(version, what)
    audit.note(syncEntry(actor, 'blob.read', `${type}:${id}`, version.size))
    return { version, bytes }
  }
}
