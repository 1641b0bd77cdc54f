import type { Administration } from '../governance/administration'
import type { Actor } from '../identity/actor'
import { type BlobBody, sha256OfKey } from '../kernel/blobs'
import { AppError } from '../kernel/errors'
import type { Reads, Store } from '../kernel/ports'
import type { EntityVersion, Snapshot } from './blob-ports'
import { ENTITY_TYPES, type SyncEntity } from './entity-ports'
import type { ConfigSyncUser } from './ports'
import type { SealedBlobs } from './sealed-blobs'
import type { AccountRow, BlobKind } from './transfer-ports'
import { noteAdmin, userIn } from './users'
import { variablesOf } from './variables'

/** Rows of one read. */
const PAGE = 200

type RowWithBytes = Extract<AccountRow, { readonly of: BlobKind }>

/** A row of an account, with its bytes if it has any. */
export type ExportedRow = Exclude<AccountRow, RowWithBytes> | (RowWithBytes & { readonly bytes: BlobBody })

export interface ExportedAccount {
  readonly handle: string
  readonly rows: AsyncGenerator<ExportedRow, void>
}

export interface AccountExportDeps {
  readonly store: Store
  readonly administration: Administration
  readonly sealedBlobs: SealedBlobs
}

/** Exports everything of one account, to be imported elsewhere or after a purge. */
export class AccountExports {
  constructor(private readonly deps: AccountExportDeps) {}

  /**
   * Yields the user first, then all other rows, those with bytes last. What is stored meanwhile may be missing; the rows
   * that are exported fit together.
   * @throws account_not_found, configsync_user_not_found, bytes_missing, unavailable, the errors of `Administration.check`
   */
  async of(actor: Actor, handle: string): Promise<ExportedAccount> {
    const { store, administration } = this.deps
    administration.check(actor)
    // It reads, so it works while the server drains; only its note is written.
    const { user, account } = await store.transact(async (tx) => {
      const found = await userIn(tx, handle)
      await noteAdmin(tx, actor, found, 'export')
      return found
    })
    await this.requireBytes(user.id)
    return { handle: account.handle, rows: this.rows(user) }
  }

  /** Checks that all bytes are there. An answer that has begun could only break off. @throws bytes_missing, unavailable */
  private async requireBytes(userId: number): Promise<void> {
    for (const type of ENTITY_TYPES)
      for (const { id } of await this.reads.configsync.entities(userId, type))
        for (const version of await this.reads.configsync.versions(id))
          await this.requireOf(version, nameOf(version), () => this.isVersion(version))
    for await (const snapshot of this.snapshotsOf(userId))
      await this.requireOf(snapshot, `the snapshot ${snapshot.id}`, () => this.isSnapshot(snapshot))
  }

  private async requireOf(
    stored: Pick<EntityVersion, 'blob' | 'size'>,
    what: string,
    isThere: () => Promise<boolean>,
  ): Promise<void> {
    if ((await this.deps.sealedBlobs.has(stored)) || !(await isThere())) return
    const message = `The bytes of ${what} are missing or cut off; synapse configsync verify lists all that are`
    throw new AppError('conflict', 'bytes_missing', message)
  }

  private async *rows(user: ConfigSyncUser): AsyncGenerator<ExportedRow, void> {
    const { accountId: _, usedBytes: __, ...row } = user
    yield { of: 'user', row }
    const entities: SyncEntity[] = []
    for (const type of ENTITY_TYPES) entities.push(...(await this.reads.configsync.entities(user.id, type)))
    yield* this.ofUser(user.id)
    for (const { userId: _, deletedAt: __, ...entity } of entities) yield { of: 'entity', row: entity }
    const known = new Set(entities.map(({ id }) => id))
    for (const entity of entities) yield* this.ofEntity(entity, known)
    for (const entity of entities) yield* this.versions(entity)
    yield* this.snapshots(user.id)
  }

  private async *ofUser(userId: number): AsyncGenerator<ExportedRow, void> {
    const { configsync } = this.reads
    const keypair = await configsync.keypair(userId)
    if (keypair) yield { of: 'keypair', row: keypair }
    for (const { userId: _, ...row } of await configsync.machines(userId)) yield { of: 'machine', row }
    for (const row of await configsync.environments(userId)) yield { of: 'environment', row }
    for (const row of await configsync.environmentViews(userId)) yield { of: 'environment_view', row }
    for (const { machineId, action, payload, createdAt } of await configsync.actions(userId, null))
      yield { of: 'action', row: { machineId, action, payload, createdAt } }
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const page = await configsync.auditEntries(userId, { before, limit: PAGE })
      for (const { id: _, userId: __, ...row } of page) yield { of: 'audit', row }
      const last = page.at(-1)
      if (!last) break
      before = last.id
    }
  }

  /** `known`: the exported entities. A newer one may have been added to a profile meanwhile. */
  private async *ofEntity(
    { id, type, userId, currentVersion }: SyncEntity,
    known: ReadonlySet<number>,
  ): AsyncGenerator<ExportedRow, void> {
    const { configsync } = this.reads
    const wrappedDek = await configsync.entityKey(userId, id)
    if (wrappedDek !== null) yield { of: 'entity_key', row: { entityId: id, wrappedDek } }
    for (const { lastSyncedVersion: version, ...link } of await configsync.linksOf(id))
      yield {
        of: 'link',
        row: { ...link, lastSyncedVersion: version === null ? null : Math.min(version, currentVersion) },
      }
    if (type === 'project') {
      for await (const page of variablesOf(this.reads, id, {}))
        for (const row of page) yield { of: 'variable', row }
      for (const key of await configsync.layerKeys(userId, id))
        yield { of: 'layer_key', row: { ...key, projectId: id } }
    }
    if (type === 'profile')
      for (const workspaceId of await configsync.workspacesOf(id))
        if (known.has(workspaceId)) yield { of: 'profile_workspace', row: { profileId: id, workspaceId } }
  }

  private async *versions({ id, currentVersion }: SyncEntity): AsyncGenerator<ExportedRow, void> {
    const { configsync } = this.reads
    for (const version of await configsync.versions(id)) {
      if (version.version > currentVersion) continue
      const bytes = await this.open(version, nameOf(version), () => this.isVersion(version))
      const { blob, pushedByUserId: _, ...row } = version
      if (bytes) yield { of: 'version', row: { ...row, sha256: sha256OfKey(blob) }, bytes }
    }
  }

  private async *snapshots(userId: number): AsyncGenerator<ExportedRow, void> {
    for await (const snapshot of this.snapshotsOf(userId)) {
      const { id, blob, size, machineId, clientTimestamp, formatVersion, createdAt } = snapshot
      const metadata = await this.reads.configsync.snapshotMetadata(id)
      const bytes = await this.open(snapshot, `the snapshot ${id}`, () => this.isSnapshot(snapshot))
      const row = { id, machineId, size, clientTimestamp, formatVersion, createdAt }
      if (bytes) yield { of: 'snapshot', row: { ...row, metadata, sha256: sha256OfKey(blob) }, bytes }
    }
  }

  /** The snapshots of a user, newest first. */
  private async *snapshotsOf(userId: number): AsyncGenerator<Snapshot, void> {
    for (let before: number | null = null; ; ) {
      const page: Snapshot[] = await this.reads.configsync.snapshots(userId, {
        ...{ machineId: null, before, limit: PAGE },
      })
      yield* page
      before = page.at(-1)?.id ?? null
      if (before === null) return
    }
  }

  private async isVersion({ entityId, version }: EntityVersion): Promise<boolean> {
    return (await this.reads.configsync.version(entityId, version)) !== undefined
  }

  private async isSnapshot({ id }: Snapshot): Promise<boolean> {
    return (await this.reads.configsync.anySnapshot(id)) !== undefined
  }

  /** Opens the bytes of a row; undefined if retention has deleted the row meanwhile. @throws as `SealedBlobs.open` */
  private async open(
    stored: Pick<EntityVersion, 'blob' | 'size'>,
    what: string,
    isThere: () => Promise<boolean>,
  ): Promise<BlobBody | undefined> {
    try {
      return await this.deps.sealedBlobs.open(stored, what)
    } catch (error) {
      if (await isThere()) throw error
      return undefined
    }
  }

  private get reads(): Reads {
    return this.deps.store.slow
  }
}

function nameOf({ version, entityId }: EntityVersion): string {
  return `version ${version} of the entity ${entityId}`
}
