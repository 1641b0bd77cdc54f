import type { UserUsage } from '../../core/configsync/administration'
import { type Machine, type MachineAction, TIERS } from '../../core/configsync/machine-ports'
import type { StoredAuditEntry, StoredKeypair } from '../../core/configsync/ports'
import type { UserOfAccount } from '../../core/configsync/users'
import { formatInstant } from '../../core/kernel/time'
import { instantSchema } from '../instants'
import { nullable, oneOf, Type } from '../schema'

/** The wire forms of the users of the encrypted snapshot store, for admins. */

export const syncUserSchema = Type.Object({
  user_id: Type.Integer(),
  handle: Type.String(),
  enabled: Type.Boolean(),
  created_at: instantSchema,
  disabled_at: nullable(instantSchema),
})

export const syncUsageSchema = Type.Composite([
  syncUserSchema,
  Type.Object({
    machines: Type.Integer(),
    machine_limit: Type.Integer({ description: '0 = without a limit' }),
    storage_bytes: Type.Integer(),
    storage_limit: Type.Integer(),
  }),
])

export const machineSchema = Type.Object({
  machine_id: Type.String(),
  name: Type.String(),
  platform: nullable(Type.String()),
  arch: nullable(Type.String()),
  client_version: nullable(Type.String()),
  created_at: instantSchema,
  last_seen_at: instantSchema,
})

export const actionSchema = Type.Object({
  machine_id: Type.String(),
  action: Type.String(),
  payload: Type.Object({}, { additionalProperties: true }),
  created_at: instantSchema,
})

export const environmentSchema = Type.Object({
  name: Type.String(),
  tier: oneOf(TIERS),
  color: nullable(Type.String()),
  protect: Type.Boolean(),
})

export const keypairSchema = Type.Object({
  public_key: Type.String(),
  key_algorithm: Type.String(),
  key_version: Type.Integer(),
  kek_iterations: Type.Integer(),
  created_at: instantSchema,
})

export const syncAuditSchema = Type.Object({
  at: instantSchema,
  event: Type.String(),
  ref: nullable(Type.String({ description: 'What it was about, such as `snapshot:12`' })),
  bytes: nullable(Type.Integer()),
  token_id: nullable(Type.String()),
  ip: nullable(Type.String()),
})

export function userJson({ user, account }: UserOfAccount) {
  return {
    user_id: user.id,
    handle: account.handle,
    enabled: user.disabledAt === null,
    created_at: formatInstant(user.createdAt),
    disabled_at: user.disabledAt === null ? null : formatInstant(user.disabledAt),
  }
}

export function usageJson({ usage, ...of }: UserUsage) {
  return {
    ...userJson(of),
    machines: usage.machines,
    machine_limit: usage.machineLimit,
    storage_bytes: usage.storageBytes,
    storage_limit: usage.storageLimit,
  }
}

export function machineJson(machine: Machine) {
  return {
    machine_id: machine.machineId,
    name: machine.name,
    platform: machine.platform,
    arch: machine.arch,
    client_version: machine.clientVersion,
    created_at: formatInstant(machine.createdAt),
    last_seen_at: formatInstant(machine.lastSeenAt),
  }
}

export function actionJson({ machineId, action, payload, createdAt }: MachineAction) {
  return { machine_id: machineId, action, payload, created_at: formatInstant(createdAt) }
}

export function keypairJson(keypair: StoredKeypair) {
  return {
    public_key: keypair.publicKey,
    key_algorithm: keypair.keyAlgorithm,
    key_version: keypair.keyVersion,
    kek_iterations: keypair.kekIterations,
    created_at: formatInstant(keypair.createdAt),
  }
}

export function auditJson({ at, event, ref, bytes, tokenUuid, ip }: StoredAuditEntry) {
  return { at: formatInstant(at), event, ref, bytes, token_id: tokenUuid, ip }
}
