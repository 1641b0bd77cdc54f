import { AppError } from '../kernel/errors'
import type { Store, Writes } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { syncEntry } from './audit'
import type {
  EntityChange,
  EntityExtra,
  EntityReads,
  EntityType,
  NewEntity,
  SyncEntity,
} from './entity-ports'
import type { Quota } from './quota'
import { requireSealed, unprocessable } from './sealed'
import type { UserActs } from './user-acts'
import { requireDescription, requireName, requirePath, requireSlug } from './values'

const MAX_ENTITIES_PER_TYPE = 500
/** Bytes of a key that is wrapped for a user: a public key of 32 and a box of 48. */
export const WRAPPED_KEY_BYTES = 80

export interface EntityWithKey {
  readonly entity: SyncEntity
  /** The key of its ciphertext, wrapped for the actor. */
  readonly wrappedDek: string | null
}

export interface EntitiesDeps {
  readonly store: Store
  readonly acts: UserActs
  readonly quota: Quota
}

/** Projects, workspaces, configs, modules and profiles (docs/contract/configsync.md#entities). */
export class Entities {
  constructor(private readonly deps: EntitiesDeps) {}

  /** The actor's entities of a type, by id. `gitUrl`: only those with exactly this repository. */
  async list(actor: ConfigSyncActor, type: EntityType, gitUrl?: string): Promise<SyncEntity[]> {
    const entities = await this.deps.store.reads.configsync.entities(actor.userId, type)
    return gitUrl === undefined ? entities : entities.filter(({ extra }) => extra.gitUrl === gitUrl)
  }

  /** @throws entity_not_found */
  async get(actor: ConfigSyncActor, type: EntityType, id: number): Promise<EntityWithKey> {
    const { reads } = this.deps.store
    const entity = await findEntity(reads, actor.userId, type, id)
    return { entity, wrappedDek: await reads.configsync.entityKey(actor.userId, id) }
  }

  /** @throws entity_exists; unprocessable for a bad value or too many entities; quota_exceeded; `UserActs.write` */
  create(actor: ConfigSyncActor, entity: Omit<NewEntity, 'userId'>): Promise<SyncEntity> {
    const { userId } = actor
    const { type, slug } = entity
    const { acts, quota } = this.deps
    requireValues(entity)
    return acts.write(actor, async (tx, user) => {
      if (await tx.configsync.entity(userId, type, { slug })) throw entityExists(type, slug)
      if ((await tx.configsync.countEntities(userId, type)) >= MAX_ENTITIES_PER_TYPE)
        throw unprocessable(
          `you have ${MAX_ENTITIES_PER_TYPE} ${type}s, which is the limit; delete one first`,
        )
      quota.requireOf(user, { rows: 1 })
      await quota.charge(tx, userId, { rows: 1 })
      if (entity.extra.isDefault) await clearDefault(tx, userId)
      return tx.configsync.insertEntity({ ...entity, userId })
    })
  }

  /** Changes what is given; `extra` is merged. @throws entity_not_found, entity_exists, unprocessable; `UserActs.write` */
  update(actor: ConfigSyncActor, type: EntityType, id: number, change: EntityChange): Promise<SyncEntity> {
    const { userId } = actor
    requireValues(change)
    return this.deps.acts.write(actor, async (tx) => {
      const entity = await findEntity(tx, userId, type, id)
      const { slug } = change
      if (slug !== undefined && slug !== entity.slug && (await tx.configsync.entity(userId, type, { slug })))
        throw entityExists(type, slug)
      if (change.extra?.isDefault) await clearDefault(tx, userId, id)
      return tx.configsync.updateEntity(userId, id, {
        ...change,
        extra: { ...entity.extra, ...change.extra },
      })
    })
  }

  /** What belongs to it goes after `configsync.keep_deleted_days`. @throws entity_not_found; `UserActs.write` */
  delete(actor: ConfigSyncActor, type: EntityType, id: number): Promise<void> {
    return this.deps.acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, type, id)
      await tx.configsync.deleteEntity(actor.userId, id)
    })
  }

  /**
   * Stores the key of an entity, wrapped for the actor, in place of an earlier one.
   * @throws foreign_user, entity_not_found, bad_base64, too_short, unprocessable; `UserActs.write`
   */
  putKey(
    actor: ConfigSyncActor,
    type: EntityType,
    id: number,
    key: { readonly userId: number; readonly wrappedDek: string },
  ): Promise<void> {
    requireSealed('wrapped_dek', key.wrappedDek, WRAPPED_KEY_BYTES)
    return this.deps.acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, type, id)
      requireOwn(actor, key.userId)
      await tx.configsync.putEntityKey(actor.userId, id, key.wrappedDek)
      await tx.configsync.insertAudit([syncEntry(actor, 'key.set', `${type}:${id}`)])
    })
  }

  /** Adds a workspace to a profile, which may have it already. @throws entity_not_found; `UserActs.write` */
  addWorkspace(actor: ConfigSyncActor, profileId: number, workspaceId: number): Promise<void> {
    return this.deps.acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, 'profile', profileId)
      await findEntity(tx, actor.userId, 'workspace', workspaceId)
      await tx.configsync.insertProfileWorkspace(profileId, workspaceId)
    })
  }

  /** Takes a workspace from a profile, which may lack it. @throws entity_not_found; `UserActs.write` */
  removeWorkspace(actor: ConfigSyncActor, profileId: number, workspaceId: number): Promise<void> {
    return this.deps.acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, 'profile', profileId)
      await tx.configsync.deleteProfileWorkspace(profileId, workspaceId)
    })
  }
}

/** @throws entity_not_found if the user has no such entity; the same if it is another user's */
export async function findEntity(
  reads: { readonly configsync: Pick<EntityReads, 'entity'> },
  userId: number,
  type: EntityType,
  id: number,
): Promise<SyncEntity> {
  const entity = await reads.configsync.entity(userId, type, { id })
  if (!entity) throw entityNotFound(type, id)
  return entity
}

export function entityNotFound(type: string, id: number): AppError {
  return new AppError('not_found', 'entity_not_found', noEntity(type, id))
}

export function noEntity(type: string, id: number): string {
  return `there is no ${type} with the id ${id}`
}

/** @throws foreign_user */
export function requireOwn(actor: ConfigSyncActor, userId: number): void {
  if (userId === actor.userId) return
  throw new AppError(
    'forbidden',
    'foreign_user',
    `nothing is stored for another user; your id is ${actor.userId}`,
  )
}

/** @throws unprocessable */
function requireValues({ slug, name, description, extra }: EntityChange): void {
  if (slug !== undefined) requireSlug(slug)
  if (name !== undefined) requireName(name)
  if (description) requireDescription(description)
  if (extra) requireExtra(extra)
}

function requireExtra({ gitUrl, gitBranch, sourceHint, moduleType }: EntityExtra): void {
  if (gitUrl) requirePath('git_url', gitUrl)
  if (gitBranch) requirePath('git_branch', gitBranch)
  if (sourceHint) requirePath('source_hint', sourceHint)
  if (moduleType) requirePath('module_type', moduleType)
}

/** The vendor's client recognises the words "already exists" and uses the entity that it finds. */
function entityExists(type: EntityType, slug: string): AppError {
  return new AppError('conflict', 'entity_exists', `${type} with slug '${slug}' already exists`)
}

async function clearDefault(tx: Writes, userId: number, except?: number): Promise<void> {
  for (const { id, extra } of await tx.configsync.entities(userId, 'profile'))
    if (extra.isDefault && id !== except)
      await tx.configsync.updateEntity(userId, id, { extra: { ...extra, isDefault: false } })
}
