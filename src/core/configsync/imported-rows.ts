import type { BlobKey } from '../kernel/blobs'
import { AppError } from '../kernel/errors'
import type { EntityType } from './entity-ports'
import type { AccountIds, AccountRow, AccountRows, AccountTables } from './transfer-ports'

type Growing = {
  -readonly [K in keyof AccountRows]: AccountRows[K] extends readonly (infer Row)[] ? Row[] : never
}

/** Collects the rows of an account from an export, and checks that they fit together. */
export class ImportedRows {
  private user: AccountTables['user'] | undefined
  private keypair: AccountTables['keypair'] | null = null
  private readonly seen = new Set<string>()
  private readonly entities = new Map<number, AccountTables['entity']>()
  private readonly lists: Omit<Growing, 'user' | 'keypair'> = {
    ...{ machine: [], environment: [], environment_view: [], action: [], entity: [], entity_key: [] },
    ...{ link: [], profile_workspace: [], variable: [], layer_key: [], audit: [], version: [], snapshot: [] },
  }

  /** Adds a row. Those with bytes are checked only: `addVersion` and `addSnapshot` add them. @throws invalid_export */
  add(given: AccountRow): void {
    if (this.user === undefined && given.of !== 'user') throw invalid('it does not begin with the user')
    for (const key of keysOf(given)) {
      if (this.seen.has(key)) throw invalid(`${key} is there twice`)
      this.seen.add(key)
    }
    switch (given.of) {
      case 'user':
        this.user = given.row
        return
      case 'keypair':
        this.keypair = given.row
        return
      case 'entity':
        this.entities.set(given.row.id, given.row)
        this.lists.entity.push(given.row)
        return
      case 'machine':
        this.lists.machine.push(given.row)
        return
      case 'environment':
        this.lists.environment.push(given.row)
        return
      case 'environment_view':
        this.lists.environment_view.push(given.row)
        return
      case 'action':
        this.lists.action.push(given.row)
        return
      case 'audit':
        this.lists.audit.push(given.row)
        return
      case 'entity_key':
        this.entity(given.row.entityId)
        this.lists.entity_key.push(given.row)
        return
      case 'link':
        requireVersion(given.row.lastSyncedVersion ?? 0, this.entity(given.row.entityId))
        this.lists.link.push(given.row)
        return
      case 'profile_workspace':
        this.entity(given.row.profileId, 'profile')
        this.entity(given.row.workspaceId, 'workspace')
        this.lists.profile_workspace.push(given.row)
        return
      case 'variable':
        this.entity(given.row.projectId, 'project')
        if (given.row.ownerUserId !== null && given.row.ownerUserId !== this.user?.id)
          throw invalid(`variable ${given.row.id} belongs to another user`)
        this.lists.variable.push(given.row)
        return
      case 'layer_key':
        this.entity(given.row.projectId, 'project')
        this.lists.layer_key.push(given.row)
        return
      case 'version':
        requireVersion(given.row.version, this.entity(given.row.entityId))
        return
      case 'snapshot':
        return
    }
  }

  addVersion(row: AccountTables['version'], blob: BlobKey): void {
    this.lists.version.push({ ...row, blob })
  }

  addSnapshot(row: AccountTables['snapshot'], blob: BlobKey): void {
    this.lists.snapshot.push({ ...row, blob })
  }

  /** All rows, as far as they were added. @throws invalid_export without a user */
  get all(): AccountRows {
    if (this.user === undefined) throw invalid('it is empty')
    return { ...this.lists, user: this.user, keypair: this.keypair }
  }

  /** @throws invalid_export if the current version of an entity is missing */
  requireWhole(): void {
    for (const { id, currentVersion } of this.entities.values())
      if (currentVersion > 0 && !this.seen.has(versionKey(id, currentVersion)))
        throw invalid(`the current version of entity ${id} is missing`)
  }

  private entity(id: number, type?: EntityType): AccountTables['entity'] {
    const found = this.entities.get(id)
    if (found && (type === undefined || found.type === type)) return found
    throw invalid(`it has no ${type ?? 'entity'} ${id} before what belongs to it`)
  }
}

/** The ids of rows that clients know. */
export function idsOf({ user, machine, entity, variable, version, snapshot }: AccountRows): AccountIds {
  const ids = (rows: readonly { readonly id: number }[]) => rows.map(({ id }) => id)
  return {
    user: [user.id],
    machine: ids(machine),
    entity: ids(entity),
    variable: ids(variable),
    version: ids(version),
    snapshot: ids(snapshot),
  }
}

/** The error for an export that cannot be imported. */
export function invalid(problem: string): AppError {
  return new AppError('invalid', 'invalid_export', `This is no export that can be imported: ${problem}`)
}

function requireVersion(version: number, { id, currentVersion }: AccountTables['entity']): void {
  if (version > currentVersion) throw invalid(`entity ${id} has no version ${version}`)
}

function versionKey(entityId: number, version: number): string {
  return `version ${version} of entity ${entityId}`
}

/** What only one row of an account may have. */
function keysOf({ of, row }: AccountRow): readonly string[] {
  switch (of) {
    case 'user':
    case 'keypair':
      return [of]
    case 'machine':
      return [`machine ${row.id}`, `machine id ${row.machineId}`]
    case 'environment':
      return [`environment ${row.name}`]
    case 'environment_view':
      return [`environment view ${row.viewer}`]
    case 'entity':
      return [`entity ${row.id}`, `${row.type} ${row.slug}`]
    case 'entity_key':
      return [`key of entity ${row.entityId}`]
    case 'link':
      return [`link of entity ${row.entityId} and machine ${row.machineId}`]
    case 'profile_workspace':
      return [`workspace ${row.workspaceId} of profile ${row.profileId}`]
    case 'variable':
      return [
        `variable ${row.id}`,
        `variable ${row.name} of ${row.projectId}:${row.tier}:${row.visibility}:${row.ownerUserId}`,
      ]
    case 'layer_key':
      return [`key of layer ${row.layerId}`]
    case 'version':
      return [`version id ${row.id}`, versionKey(row.entityId, row.version)]
    case 'snapshot':
      return [`snapshot ${row.id}`]
    case 'action':
    case 'audit':
      return []
  }
}
