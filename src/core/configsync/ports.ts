import type { Uuid } from '../kernel/ids'
import type { KeyPage } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import type { BlobReads, BlobWrites } from './blob-ports'
import type { EntityReads, EntityWrites } from './entity-ports'
import type { MachineReads, MachineWrites } from './machine-ports'
import type { TransferReads, TransferWrites } from './transfer-ports'

/**
 * The part of the store's ports that concerns the encrypted snapshot store: `Reads.configsync` and `Writes.configsync`.
 * Each kind of thing has its own pair of interfaces. Every query names the user.
 */

/** An account that may use the store, or once might. */
export interface ConfigSyncUser {
  /** Clients know it. It never changes and is never used again. */
  readonly id: number
  readonly accountId: number
  /** Null: as the setting says. */
  readonly quotaBytes: number | null
  /** Null: as the setting says; 0 = no limit. */
  readonly maxMachines: number | null
  /** Bytes of all blobs, and a fixed number for each row. */
  readonly usedBytes: number
  /** Signed tokens of an earlier version are refused. */
  readonly credentialVersion: number
  readonly createdAt: Micros
  readonly disabledAt: Micros | null
}

interface UserReads {
  user(by: { id: number } | { accountId: number }): Promise<ConfigSyncUser | undefined>
  /** In order of their ids. */
  users(page: KeyPage): Promise<ConfigSyncUser[]>
}

interface UserWrites {
  /** Ends the logins by password of an account: their version is no longer the current one. */
  endLogins(accountId: number): Promise<void>
  /**
   * Deletes up to `limit` rows of each kind that a user has; when none is left, the user. Blobs become unused. Returns whether
   * nothing is left.
   */
  purgeSlice(id: number, limit: number): Promise<boolean>
  insertUser(accountId: number): Promise<ConfigSyncUser>
  updateUser(
    id: number,
    change: Partial<Pick<ConfigSyncUser, 'quotaBytes' | 'maxMachines' | 'disabledAt'>>,
  ): Promise<ConfigSyncUser>
  /** Adds to the bytes that the user's data takes; negative to free some. */
  addUsed(id: number, bytes: number): Promise<void>
}

/** The key pair of a user. The private key is wrapped by a key that only the user can derive. */
export interface Keypair {
  readonly publicKey: string
  readonly encryptedPrivateKey: string
  readonly kekSalt: string
  readonly kekIterations: number
  readonly keyAlgorithm: string
  readonly kekAlgorithm: string | null
  readonly keyVersion: number
}

export interface StoredKeypair extends Keypair {
  readonly createdAt: Micros
}

interface KeypairReads {
  keypair(userId: number): Promise<StoredKeypair | undefined>
}

interface KeypairWrites {
  insertKeypair(userId: number, keypair: Keypair): Promise<void>
  deleteKeypair(userId: number): Promise<void>
}

/** What a user, or an admin, did in the store. It never contains a token or a body. */
export interface ConfigSyncAuditEntry {
  /** Null: a caller that could not be identified. */
  readonly userId: number | null
  readonly tokenUuid: Uuid | null
  readonly ip: string | null
  readonly event: string
  /** What it was about, such as `snapshot:12`. */
  readonly ref: string | null
  readonly bytes: number | null
}

export interface StoredAuditEntry extends ConfigSyncAuditEntry {
  readonly id: number
  readonly at: Micros
}

interface AuditReads {
  /** Entries of a user before an id, newest first. */
  auditEntries(
    userId: number,
    page: { readonly before: number; readonly limit: number },
  ): Promise<StoredAuditEntry[]>
}

interface AuditWrites {
  /** Deletes up to `limit` entries from before a time, and returns how many. */
  forgetAudit(before: Micros, limit: number): Promise<number>
  insertAudit(entries: readonly ConfigSyncAuditEntry[]): Promise<void>
}

export interface ConfigSyncReads
  extends UserReads,
    KeypairReads,
    AuditReads,
    MachineReads,
    EntityReads,
    BlobReads,
    TransferReads {}

export interface ConfigSyncWrites
  extends ConfigSyncReads,
    UserWrites,
    KeypairWrites,
    EntityWrites,
    MachineWrites,
    BlobWrites,
    AuditWrites,
    TransferWrites {}
