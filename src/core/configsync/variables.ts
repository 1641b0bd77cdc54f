import { AppError } from '../kernel/errors'
import type { Reads, Store } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { syncEntry } from './audit'
import { findEntity, requireOwn, WRAPPED_KEY_BYTES } from './entities'
import type { LayerKey, NewVariable, Variable, VariableKey } from './entity-ports'
import type { Quota } from './quota'
import { base64Length, requireSealed, unprocessable } from './sealed'
import type { UserActs } from './user-acts'
import { requireDescription, requireTier, requireVariableName } from './values'

const MAX_VARIABLES_PER_PROJECT = 2000
const MAX_LAYERS_PER_PROJECT = 256
const MAX_VALUE_BYTES = 64 * 1024
/** Variables that are read at once. All of a project can be 170 MB, which would hold up everybody else for seconds. */
const PAGE = 16

export interface VariablesDeps {
  readonly store: Store
  readonly acts: UserActs
  readonly quota: Quota
}

/** Encrypted variables of projects, and the keys of their layers (docs/contract/configsync.md#variables). */
export class Variables {
  constructor(private readonly deps: VariablesDeps) {}

  /**
   * Returns the variables of a project, by id and in pages; absent filters match everything. What is changed meanwhile may
   * be as before or after. @throws entity_not_found
   */
  async list(
    actor: ConfigSyncActor,
    projectId: number,
    filter: { readonly tier?: string; readonly visibility?: string },
  ): Promise<AsyncIterable<readonly Variable[]>> {
    const { reads, slow } = this.deps.store
    await findEntity(reads, actor.userId, 'project', projectId)
    return variablesOf(slow, projectId, filter)
  }

  /**
   * Sets a variable. A personal one without an owner belongs to the actor. Returns its version.
   * @throws entity_not_found, foreign_user, bad_base64, too_short, unprocessable, payload_too_large, quota_exceeded;
   *   `UserActs.write`
   */
  put(actor: ConfigSyncActor, projectId: number, given: NewVariable): Promise<number> {
    const { acts, quota } = this.deps
    requireVariableName(given.name)
    requireTier(given.tier)
    if (given.description) requireDescription(given.description)
    requireValue(given.encryptedValue)
    return acts.write(actor, async (tx, user) => {
      await findEntity(tx, actor.userId, 'project', projectId)
      if (given.ownerUserId !== null) requireOwn(actor, given.ownerUserId)
      const ownerUserId = given.ownerUserId ?? (given.visibility === 'personal' ? actor.userId : null)
      const variable = { ...given, ownerUserId }
      const { name, tier, visibility } = variable
      const ids = await tx.configsync.variableIds(projectId, { name, tier, visibility })
      const namesakes = await tx.configsync.variables(ids)
      const existing = namesakes.find((one) => one.ownerUserId === ownerUserId)
      if (existing) {
        await tx.configsync.updateVariable(existing.id, variable)
        return existing.currentVersion + 1
      }
      if ((await tx.configsync.countVariables(projectId)) >= MAX_VARIABLES_PER_PROJECT)
        throw unprocessable(
          `the project has ${MAX_VARIABLES_PER_PROJECT} variables, which is the limit; delete one first`,
        )
      quota.requireOf(user, { rows: 1 })
      await quota.charge(tx, actor.userId, { rows: 1 })
      await tx.configsync.insertVariable(projectId, variable)
      return 1
    })
  }

  /** @throws entity_not_found, variable_not_found; `UserActs.write` */
  delete(
    actor: ConfigSyncActor,
    projectId: number,
    key: Pick<VariableKey, 'name' | 'tier' | 'visibility'>,
  ): Promise<void> {
    const { acts, quota } = this.deps
    return acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, 'project', projectId)
      const found = await tx.configsync.variables(await tx.configsync.variableIds(projectId, key))
      if (found.length === 0)
        throw new AppError(
          'not_found',
          'variable_not_found',
          `the project has no variable ${key.name} in this tier`,
        )
      await tx.configsync.deleteVariables(found.map(({ id }) => id))
      await quota.charge(tx, actor.userId, { rows: -found.length })
    })
  }

  /**
   * Stores the key of a layer, wrapped for the actor, in place of an earlier one.
   * @throws entity_not_found, bad_base64, unprocessable; `UserActs.write`
   */
  putLayerKey(actor: ConfigSyncActor, projectId: number, key: LayerKey): Promise<void> {
    const { acts } = this.deps
    requireSealed('wrapped_dek', key.wrappedDek, WRAPPED_KEY_BYTES)
    return acts.write(actor, async (tx) => {
      await findEntity(tx, actor.userId, 'project', projectId)
      requireLayer(actor, projectId, key.layerId)
      const existing = await tx.configsync.layerKeys(actor.userId, projectId)
      const isNew = !existing.some(({ layerId }) => layerId === key.layerId)
      if (isNew && existing.length >= MAX_LAYERS_PER_PROJECT)
        throw unprocessable(`the project has keys of ${MAX_LAYERS_PER_PROJECT} layers, which is the limit`)
      await tx.configsync.putLayerKey(actor.userId, projectId, key)
      await tx.configsync.insertAudit([syncEntry(actor, 'key.set', `layer:${key.layerId}`)])
    })
  }

  /** @throws entity_not_found */
  async layerKeys(actor: ConfigSyncActor, projectId: number): Promise<LayerKey[]> {
    const { reads } = this.deps.store
    await findEntity(reads, actor.userId, 'project', projectId)
    return reads.configsync.layerKeys(actor.userId, projectId)
  }
}

/** Yields the variables of a project, by id and in pages. */
export async function* variablesOf(
  { configsync }: Pick<Reads, 'configsync'>,
  projectId: number,
  filter: { readonly tier?: string; readonly visibility?: string },
): AsyncGenerator<readonly Variable[], void> {
  const ids = await configsync.variableIds(projectId, filter)
  for (let start = 0; start < ids.length; start += PAGE)
    yield await configsync.variables(ids.slice(start, start + PAGE))
}

const LAYER =
  /^(?:shared:(?<shared>\d+):(?<tier>[^:]*)|personal:(?<personal>\d+):(?<own>[^:]*):(?<user>\d+))$/u

/** @throws unprocessable unless the id names a layer of this project and, if it is personal, of the actor */
function requireLayer(actor: ConfigSyncActor, projectId: number, layerId: string): void {
  const { shared, personal, user, tier, own } = LAYER.exec(layerId)?.groups ?? {}
  const isOfProject = (shared ?? personal) === String(projectId)
  const isOfUser = shared !== undefined || user === String(actor.userId)
  const message = `layer_id must be shared:${projectId}:<tier> or personal:${projectId}:<tier>:${actor.userId}`
  if (!isOfProject || !isOfUser) throw unprocessable(message)
  requireTier(tier ?? own ?? '')
}

/** @throws bad_base64, too_short, payload_too_large */
function requireValue(encryptedValue: string): void {
  requireSealed('encrypted_value', encryptedValue)
  const bytes = base64Length('encrypted_value', encryptedValue)
  if (bytes <= MAX_VALUE_BYTES) return
  const message = `encrypted_value has ${bytes} bytes; at most ${MAX_VALUE_BYTES} are allowed`
  throw new AppError('too_large', 'payload_too_large', message)
}
