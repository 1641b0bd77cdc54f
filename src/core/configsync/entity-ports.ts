import type { Micros } from '../kernel/time'

/**
 * The ports for entities, links and variables. What names a user touches only the rows of that user. Ids of entities
 * without a user have been found for the user in the same transaction.
 */

export const ENTITY_TYPES = ['project', 'workspace', 'config', 'module', 'profile'] as const
export type EntityType = (typeof ENTITY_TYPES)[number]

/** What only some types have. A field that is absent or null is unset. A type, because it is stored as any object. */
export type EntityExtra = {
  readonly gitUrl?: string | null
  readonly gitBranch?: string | null
  readonly sourceHint?: string | null
  readonly moduleType?: string | null
  readonly isDefault?: boolean
}

/** A project, workspace, config, module or profile. Clients bind their ciphertext to `type` and `id`. */
export interface SyncEntity {
  readonly id: number
  readonly userId: number
  readonly type: EntityType
  readonly slug: string
  readonly name: string
  readonly description: string | null
  readonly extra: EntityExtra
  /** 0 before the first version. */
  readonly currentVersion: number
  readonly deletedAt: Micros | null
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

export type NewEntity = Pick<SyncEntity, 'userId' | 'type' | 'slug' | 'name' | 'description' | 'extra'>
export type EntityChange = Partial<Pick<SyncEntity, 'slug' | 'name' | 'description' | 'extra'>>

/** That a machine has an entity. It may exist before the machine registers. */
export interface MachineLink {
  readonly entity: SyncEntity
  readonly localPath: string | null
  readonly lastSyncedVersion: number | null
  readonly isActive: boolean
}

export interface LinkKey {
  readonly userId: number
  readonly machineId: string
  readonly entityId: number
}

export type LinkChange = Partial<Pick<MachineLink, 'localPath' | 'lastSyncedVersion' | 'isActive'>>

export type Visibility = 'shared' | 'personal' | 'restricted'
export const VISIBILITIES = ['shared', 'personal', 'restricted'] as const

/** What tells a variable of a project from its others. */
export interface VariableKey {
  readonly name: string
  readonly tier: string
  readonly visibility: Visibility
  /** Null: it belongs to the project, not to a user. */
  readonly ownerUserId: number | null
}

export interface Variable extends VariableKey {
  readonly id: number
  readonly projectId: number
  readonly description: string | null
  readonly isRequired: boolean
  /** Base64. */
  readonly encryptedValue: string
  readonly currentVersion: number
}

export type NewVariable = VariableKey & Pick<Variable, 'description' | 'isRequired' | 'encryptedValue'>

export interface LayerKey {
  readonly layerId: string
  readonly wrappedDek: string
}

export interface EntityReads {
  /** An entity that is not deleted. */
  entity(
    userId: number,
    type: EntityType,
    by: { id: number } | { slug: string },
  ): Promise<SyncEntity | undefined>
  /** The entities of a type that are not deleted, by id. */
  entities(userId: number, type: EntityType): Promise<SyncEntity[]>
  /** Those of these entities that are not deleted, of any type, in no order. */
  entitiesById(userId: number, ids: readonly number[]): Promise<SyncEntity[]>
  countEntities(userId: number, type: EntityType): Promise<number>
  /** The key of an entity, wrapped for the user. */
  entityKey(userId: number, entityId: number): Promise<string | null>
  /** What a machine has of a type, by the id of the entity. Deleted entities are left out. */
  links(userId: number, machineId: string, type: EntityType): Promise<MachineLink[]>
  /** How many machines have an entity. */
  countLinks(entityId: number): Promise<number>
  link(link: LinkKey): Promise<Omit<MachineLink, 'entity'> | undefined>
  /** The versions that a machine last synced, by the id of the entity. */
  syncedVersions(
    userId: number,
    machineId: string,
    entityIds: readonly number[],
  ): Promise<ReadonlyMap<number, number>>
  /** The ids of the variables of a project, in order; absent filters match everything. */
  variableIds(
    projectId: number,
    filter: Partial<Record<'name' | 'tier' | 'visibility', string>>,
  ): Promise<number[]>
  /** The variables with these ids that exist, by id. */
  variables(ids: readonly number[]): Promise<Variable[]>
  countVariables(projectId: number): Promise<number>
  /** The keys of the layers of a project, wrapped for the user, by layer. */
  layerKeys(userId: number, projectId: number): Promise<LayerKey[]>
}

export interface EntityWrites {
  insertEntity(entity: NewEntity): Promise<SyncEntity>
  /** Changes an entity and when it was updated. */
  updateEntity(userId: number, id: number, change: EntityChange): Promise<SyncEntity>
  /** Marks an entity as deleted. What belongs to it goes later. */
  deleteEntity(userId: number, id: number): Promise<void>
  putEntityKey(userId: number, entityId: number, wrappedDek: string): Promise<void>
  insertLink(link: LinkKey, values: Omit<MachineLink, 'entity'>): Promise<void>
  updateLink(link: LinkKey, change: LinkChange): Promise<void>
  /** Notes the versions that a machine last synced, by the id of the entity. Links it with those that it lacks. */
  putSyncedVersions(userId: number, machineId: string, versions: ReadonlyMap<number, number>): Promise<void>
  insertVariable(projectId: number, variable: NewVariable): Promise<void>
  /** Replaces the value of a variable, and counts its version up. */
  updateVariable(id: number, change: Omit<NewVariable, keyof VariableKey>): Promise<void>
  deleteVariables(ids: readonly number[]): Promise<void>
  putLayerKey(userId: number, projectId: number, key: LayerKey): Promise<void>
  /** Adds a workspace to a profile. Does nothing if the profile has it. */
  insertProfileWorkspace(profileId: number, workspaceId: number): Promise<void>
  deleteProfileWorkspace(profileId: number, workspaceId: number): Promise<void>
}
