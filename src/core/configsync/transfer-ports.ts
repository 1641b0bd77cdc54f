import type { BlobKey } from '../kernel/blobs'
import type { EntityVersion, Snapshot } from './blob-ports'
import type { LayerKey, SyncEntity, Variable } from './entity-ports'
import type { Environment, Machine, MachineAction } from './machine-ports'
import type { ConfigSyncUser, StoredAuditEntry, StoredKeypair } from './ports'

/** The rows of one account, as they leave one store and come into another. Ids that clients know stay the same. */

/** What an account has, by kind. Deleted entities, and what belongs to them, are left out. */
export interface AccountTables {
  readonly user: Omit<ConfigSyncUser, 'accountId' | 'usedBytes'>
  readonly keypair: Omit<StoredKeypair, 'userId'>
  readonly machine: Omit<Machine, 'userId'>
  readonly environment: Environment
  readonly environment_view: EnvironmentView
  /** Without its id, which no client knows. After an import, the machine has to list it again. */
  readonly action: Omit<MachineAction, 'id' | 'isDelivered'>
  readonly entity: Omit<SyncEntity, 'userId' | 'deletedAt'>
  readonly entity_key: { readonly entityId: number; readonly wrappedDek: string }
  readonly link: MovedLink
  readonly profile_workspace: { readonly profileId: number; readonly workspaceId: number }
  readonly variable: Variable
  readonly layer_key: LayerKey & { readonly projectId: number }
  /** Without its id, which no client knows. */
  readonly audit: Omit<StoredAuditEntry, 'id' | 'userId'>
  readonly version: Omit<EntityVersion, 'blob' | 'pushedByUserId'> & Sum
  readonly snapshot: Omit<Snapshot, 'userId' | 'blob'> & Sum & { readonly metadata: string | null }
}

/** The names of environments that a viewer was last shown. */
export interface EnvironmentView {
  readonly viewer: string
  readonly names: readonly string[]
}

export interface MovedLink {
  readonly entityId: number
  readonly machineId: string
  readonly localPath: string | null
  readonly lastSyncedVersion: number | null
  readonly isActive: boolean
}

/** The SHA-256 of stored bytes, in hex. */
interface Sum {
  readonly sha256: string
}

export type AccountKind = keyof AccountTables
/** The kinds whose rows have bytes in the blob store. */
export type BlobKind = 'version' | 'snapshot'

/** A row with its kind. */
export type AccountRow = {
  [K in AccountKind]: { readonly of: K; readonly row: AccountTables[K] }
}[AccountKind]

/** All rows of one account. Bytes have new keys: a key is never used twice. */
export type AccountRows = {
  readonly [K in Exclude<AccountKind, 'user' | 'keypair' | BlobKind>]: readonly AccountTables[K][]
} & {
  readonly [K in BlobKind]: readonly (AccountTables[K] & { readonly blob: BlobKey })[]
} & {
  readonly user: AccountTables['user']
  readonly keypair: AccountTables['keypair'] | null
}

/** The ids of an account that clients know, by kind. */
export const ID_KINDS = ['user', 'machine', 'entity', 'variable', 'version', 'snapshot'] as const
export type AccountIds = Readonly<Record<(typeof ID_KINDS)[number], readonly number[]>>

export interface TransferReads {
  /** The links of an entity to machines, by the id of the machine. */
  linksOf(entityId: number): Promise<MovedLink[]>
  workspacesOf(profileId: number): Promise<number[]>
  environmentViews(userId: number): Promise<EnvironmentView[]>
  /** What a client sent with a snapshot in plaintext. */
  snapshotMetadata(id: number): Promise<string | null>
  /** Those of these ids that any account has. */
  takenIds(ids: AccountIds): Promise<AccountIds>
}

export interface TransferWrites {
  /** Stores a whole account. None of its ids may be taken; ids that are given out later are greater. */
  insertAccount(accountId: number, rows: AccountRows): Promise<void>
}
