import type { BlobKey } from '../kernel/blobs'
import type { Micros } from '../kernel/time'

/** Snapshots and versions of entities, whose ciphertext is in the blob store. */

/** The whole state of a machine, as it was once. */
export interface Snapshot {
  readonly id: number
  readonly userId: number
  /** As the client calls its machine. */
  readonly machineId: string
  readonly blob: BlobKey
  /** Bytes of the ciphertext. */
  readonly size: number
  /** When the client made it, as the client wrote it. */
  readonly clientTimestamp: string
  readonly formatVersion: string
  readonly createdAt: Micros
}

/** A snapshot in a list. */
export interface ListedSnapshot extends Snapshot {
  /** Null if the machine was removed. */
  readonly machineName: string | null
}

export interface EntityVersion {
  readonly id: number
  readonly entityId: number
  readonly version: number
  readonly blob: BlobKey
  readonly size: number
  /** SHA-256 of the plaintext in hex, as the client says. */
  readonly contentHash: string
  readonly pushedByUserId: number
  readonly pushedFromMachineId: string | null
  readonly createdAt: Micros
}

export type NewSnapshot = Omit<Snapshot, 'id' | 'createdAt'> & { readonly metadata: string | null }
export type NewVersion = Omit<EntityVersion, 'id' | 'version' | 'createdAt'>

/** A page of snapshots of a user, newest first. */
export interface SnapshotPage {
  /** Null: of all machines. */
  readonly machineId: string | null
  /** Only snapshots with a smaller id; null: from the newest on. */
  readonly before: number | null
  readonly limit: number
}

/** Snapshots that retention may delete. */
export interface SurplusSnapshots {
  readonly machineId: string
  /** How many of the newest stay. At least 1. */
  readonly keep: number
  /** Only those made before. */
  readonly before: Micros
  readonly limit: number
}

/** A stored blob as its row describes it. */
export interface BlobRow {
  /** Of the snapshot or version. */
  readonly id: number
  readonly blob: BlobKey
  readonly size: number
}

/** What retention leaves. */
export interface RetentionLimits {
  readonly keepSnapshots: number
  /** Snapshots made since stay. */
  readonly freshSince: Micros
  readonly keepVersions: number
  readonly deletedBefore: Micros
}

/** What retention deleted, or would delete. */
export interface Pruned {
  readonly snapshots: number
  readonly versions: number
  /** Entities that were deleted long ago, with everything that belonged to them. */
  readonly entities: number
}

/** The number and bytes of stored blobs. */
export interface BlobSum {
  readonly count: number
  readonly bytes: number
}

export interface BlobReads {
  snapshot(userId: number, id: number): Promise<Snapshot | undefined>
  /** The snapshot of any user, for administration. */
  anySnapshot(id: number): Promise<Snapshot | undefined>
  snapshots(userId: number, page: SnapshotPage): Promise<ListedSnapshot[]>
  version(entityId: number, version: number): Promise<EntityVersion | undefined>
  /** All versions of an entity, newest first. */
  versions(entityId: number): Promise<EntityVersion[]>
  /** The ids of the machines that a user has snapshots of. */
  snapshotMachines(userId: number): Promise<string[]>
  /** Oldest first. */
  surplusSnapshots(userId: number, which: SurplusSnapshots): Promise<BlobRow[]>
  /** Rows with blobs, in the order of their ids, after one. */
  blobRows(of: 'snapshots' | 'versions', after: number, limit: number): Promise<BlobRow[]>
  blobSum(): Promise<BlobSum>
  /** The newest snapshot and the newest version of all users. */
  newestBlobs(): Promise<BlobRow[]>
  /** The user whose entity it is, deleted or not. */
  ownerOfEntity(entityId: number): Promise<number | undefined>
  /** Entities that were deleted before a time. */
  endedEntities(before: Micros, limit: number): Promise<number[]>
  /** Entities with more than `keep` versions. */
  crowdedEntities(
    keep: number,
    limit: number,
  ): Promise<readonly { readonly id: number; readonly currentVersion: number }[]>
  /** How many rows retention would delete. */
  countSurplus(by: RetentionLimits): Promise<Pruned>
}

/** Blobs of deleted rows become unused, and their users' bytes free. */
export interface BlobWrites {
  insertSnapshot(snapshot: NewSnapshot): Promise<Snapshot>
  /** Deletes snapshots of a user. Returns how many there were. */
  deleteSnapshots(userId: number, ids: readonly number[]): Promise<number>
  /** Stores the next version of an entity, which becomes the current one. */
  insertVersion(version: NewVersion): Promise<EntityVersion>
  /** Deletes versions of an entity up to a number, at most `limit`, oldest first. Returns how many. */
  deleteVersions(entityId: number, upTo: number, limit: number): Promise<number>
  /** Deletes an entity without versions, with everything that belongs to it. */
  endEntity(id: number): Promise<void>
}
