import { AppError } from '../kernel/errors'
import type { Store, Writes } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { entityNotFound, findEntity, noEntity } from './entities'
import type { EntityType, LinkChange, MachineLink, SyncEntity } from './entity-ports'
import { unprocessable } from './sealed'
import type { UserActs } from './user-acts'
import { requirePath } from './values'

/** Which version of an entity a machine has, as it says. */
export interface SyncedVersion {
  readonly type: string
  readonly id: number
  readonly version: number
}

export interface PlannedEntity {
  readonly type: string
  readonly id: number
  readonly localVersion: number
}

export interface PlannedAction {
  readonly type: string
  readonly id: number
  readonly action: 'pull' | 'push' | 'conflict' | 'noop' | 'error'
  readonly currentVersion: number
  readonly lastSyncedVersion: number
  readonly error?: string
}

/** A client may make up machines, so their number is limited. */
const MAX_MACHINES_PER_ENTITY = 1000

export interface LinksDeps {
  readonly store: Store
  readonly acts: UserActs
}

/** Which machine has which entity, and as of which version (docs/contract/configsync.md#links). */
export class Links {
  constructor(private readonly deps: LinksDeps) {}

  /** What a machine has of a type; nothing if the machine is unknown. */
  list(actor: ConfigSyncActor, machineId: string, type: EntityType): Promise<MachineLink[]> {
    return this.deps.store.reads.configsync.links(actor.userId, machineId, type)
  }

  /**
   * Links a machine with an entity at its current version: clients link right after a push or pull. Returns whether the
   * link is new.
   * @throws entity_not_found, unprocessable; `UserActs.write`
   */
  put(
    actor: ConfigSyncActor,
    machineId: string,
    {
      type,
      id,
      localPath,
    }: { readonly type: EntityType; readonly id: number; readonly localPath: string | null },
  ): Promise<boolean> {
    if (localPath) requirePath('local_path', localPath)
    return this.deps.acts.write(actor, async (tx) => {
      const entity = await findEntity(tx, actor.userId, type, id)
      const change = { localPath, lastSyncedVersion: entity.currentVersion }
      return this.upsert(tx, actor, machineId, entity, change)
    })
  }

  /** @throws entity_not_found, link_not_found, version_out_of_range, unprocessable; `UserActs.write` */
  update(
    actor: ConfigSyncActor,
    machineId: string,
    { type, id }: { readonly type: EntityType; readonly id: number },
    change: LinkChange,
  ): Promise<void> {
    if (change.localPath) requirePath('local_path', change.localPath)
    return this.deps.acts.write(actor, async (tx) => {
      const entity = await findEntity(tx, actor.userId, type, id)
      const key = { userId: actor.userId, machineId, entityId: id }
      if (!(await tx.configsync.link(key)))
        throw new AppError(
          'not_found',
          'link_not_found',
          `the machine ${machineId} does not have this ${type}`,
        )
      if (typeof change.lastSyncedVersion === 'number') requireVersion(entity, change.lastSyncedVersion)
      if (Object.keys(change).length > 0) await tx.configsync.updateLink(key, change)
    })
  }

  /** Switches a profile on or off on a machine. @throws entity_not_found; `UserActs.write` */
  activate(actor: ConfigSyncActor, machineId: string, profileId: number, isActive: boolean): Promise<void> {
    return this.deps.acts.write(actor, async (tx) => {
      const profile = await findEntity(tx, actor.userId, 'profile', profileId)
      await this.upsert(tx, actor, machineId, profile, { isActive })
    })
  }

  /**
   * Says for each entity what the machine should do, in the same order. What changed since the machine last synced is
   * told by versions alone: the content contains a time stamp, so its hash differs on every run.
   */
  async plan(
    actor: ConfigSyncActor,
    machineId: string,
    entities: readonly PlannedEntity[],
  ): Promise<PlannedAction[]> {
    const { reads } = this.deps.store
    const ids = [...new Set(entities.map(({ id }) => id))]
    const [visible, synced] = await Promise.all([
      reads.configsync.entitiesById(actor.userId, ids),
      reads.configsync.syncedVersions(actor.userId, machineId, ids),
    ])
    const byId = new Map(visible.map((entity) => [entity.id, entity]))
    return entities.map(({ type, id, localVersion }) => {
      const entity = byId.get(id)
      if (entity?.type !== type) {
        const error = noEntity(type, id)
        return { type, id, action: 'error', currentVersion: 0, lastSyncedVersion: 0, error }
      }
      const { currentVersion } = entity
      const base = synced.get(id) ?? 0
      const action = planned(currentVersion > base, localVersion > base)
      return { type, id, action, currentVersion, lastSyncedVersion: base }
    })
  }

  /**
   * Notes which versions a machine has now: all of them or, if one is refused, none.
   * @throws entity_not_found, version_out_of_range, unprocessable; `UserActs.write`
   */
  commit(actor: ConfigSyncActor, machineId: string, updates: readonly SyncedVersion[]): Promise<void> {
    const { userId } = actor
    return this.deps.acts.write(actor, async (tx) => {
      const ids = [...new Set(updates.map(({ id }) => id))]
      const visible = await tx.configsync.entitiesById(userId, ids)
      const byId = new Map(visible.map((entity) => [entity.id, entity]))
      const synced = new Map<number, number>()
      for (const { type, id, version } of updates) {
        const entity = byId.get(id)
        if (entity?.type !== type) throw entityNotFound(type, id)
        requireVersion(entity, version)
        synced.set(id, version)
      }
      const linked = await tx.configsync.syncedVersions(userId, machineId, ids)
      for (const entity of visible) if (!linked.has(entity.id)) await requireRoom(tx, entity)
      await tx.configsync.putSyncedVersions(userId, machineId, synced)
    })
  }

  /** Returns whether the link is new. A new one is in sync unless the change says otherwise. */
  private async upsert(
    tx: Writes,
    { userId }: ConfigSyncActor,
    machineId: string,
    entity: SyncEntity,
    change: LinkChange,
  ): Promise<boolean> {
    const key = { userId, machineId, entityId: entity.id }
    if (await tx.configsync.link(key)) {
      await tx.configsync.updateLink(key, change)
      return false
    }
    await requireRoom(tx, entity)
    const inSync = { localPath: null, lastSyncedVersion: entity.currentVersion, isActive: true }
    await tx.configsync.insertLink(key, { ...inSync, ...change })
    return true
  }
}

/** @throws unprocessable if too many machines have an entity */
async function requireRoom(tx: Writes, { id, type }: SyncEntity): Promise<void> {
  if ((await tx.configsync.countLinks(id)) < MAX_MACHINES_PER_ENTITY) return
  throw unprocessable(`${MAX_MACHINES_PER_ENTITY} machines have the ${type} ${id}, which is the limit`)
}

function planned(isCloudNewer: boolean, isLocalNewer: boolean): PlannedAction['action'] {
  if (isCloudNewer) return isLocalNewer ? 'conflict' : 'pull'
  return isLocalNewer ? 'push' : 'noop'
}

/** @throws version_out_of_range */
function requireVersion({ type, id, currentVersion }: SyncEntity, version: number): void {
  if (version >= 0 && version <= currentVersion) return
  const message = `the ${type} ${id} has no version ${version}: its newest is ${currentVersion}`
  throw new AppError('invalid', 'version_out_of_range', message)
}
