import type { MachineLink, SyncEntity, Variable } from '../../core/configsync/entity-ports'
import { formatInstant } from '../../core/kernel/time'

/** The beginning of the names of an entity's versions. No client reads it; where the bytes lie is another matter. */
export function keyPrefix({ type, userId, id }: Pick<SyncEntity, 'type' | 'userId' | 'id'>): string {
  return `entities/${type}/${userId}/${id}/`
}

/** An entity as clients see it; fields that its type lacks are left out. */
export function entityRow(entity: SyncEntity): Readonly<Record<string, unknown>> {
  const { id, userId, slug, name, description, currentVersion, deletedAt, createdAt, updatedAt } = entity
  return {
    id,
    user_id: userId,
    slug,
    name,
    description,
    r2_key_prefix: keyPrefix(entity),
    current_version: currentVersion,
    deleted_at: deletedAt === null ? null : formatInstant(deletedAt),
    created_at: formatInstant(createdAt),
    updated_at: formatInstant(updatedAt),
    ...ofItsType(entity),
  }
}

function ofItsType({ type, extra }: SyncEntity): Readonly<Record<string, unknown>> {
  switch (type) {
    case 'project':
      return {
        git_url: extra.gitUrl ?? null,
        git_branch: extra.gitBranch ?? null,
        env_storage_mode: 'structured',
      }
    case 'config':
      return { source_hint: extra.sourceHint ?? null }
    case 'module':
      return { module_type: extra.moduleType ?? null }
    case 'profile':
      return { is_default: extra.isDefault ?? false }
    case 'workspace':
      return {}
  }
}

export function linkRow({ entity, localPath, lastSyncedVersion }: MachineLink) {
  return { ...entityRow(entity), last_synced_version: lastSyncedVersion, local_path: localPath }
}

export function variableRow(variable: Variable) {
  const { id, projectId, tier, name, visibility, ownerUserId, description, isRequired } = variable
  return {
    id,
    project_id: projectId,
    environment_tier: tier,
    name,
    visibility,
    owner_user_id: ownerUserId,
    description,
    // Clients compare it with a number.
    required: isRequired ? 1 : 0,
    value_source: 'inline',
    encrypted_value: variable.encryptedValue,
    vault_secret_id: null,
    encrypted_external_ref: null,
    current_version: variable.currentVersion,
  }
}
