/**
 * The tables of the encrypted snapshot store. Clients bind their ciphertext to the ids of
 * users and entities, so these never change and are never used again. Ciphertext of snapshots and versions is in the
 * blob store; small ciphertext is here, as base64.
 */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { accounts } from './accounts'
import { instantColumn } from './columns'

/** Accounts that may use the store, or once might. */
export const configsyncUsers = sqliteTable('configsync_users', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  accountId: integer('account_id')
    .notNull()
    .unique()
    .references(() => accounts.id),
  /** Null: as the setting says. */
  quotaBytes: integer('quota_bytes'),
  /** Null: as the setting says; 0 = no limit. */
  maxMachines: integer('max_machines'),
  /** Bytes of all blobs, and a fixed number for each row. */
  usedBytes: integer('used_bytes').notNull().default(0),
  /** Signed tokens of an earlier version are refused. */
  credentialVersion: integer('credential_version').notNull().default(1),
  createdAt: instantColumn('created_at').notNull(),
  disabledAt: instantColumn('disabled_at'),
})

const ofUser = () =>
  integer('user_id')
    .notNull()
    .references(() => configsyncUsers.id)

export const csKeypairs = sqliteTable('cs_keypairs', {
  userId: ofUser().primaryKey(),
  publicKey: text('public_key').notNull(),
  encryptedPrivateKey: text('encrypted_private_key').notNull(),
  kekSalt: text('kek_salt').notNull(),
  kekIterations: integer('kek_iterations').notNull(),
  keyAlgorithm: text('key_algorithm').notNull(),
  kekAlgorithm: text('kek_algorithm'),
  keyVersion: integer('key_version').notNull(),
  createdAt: instantColumn('created_at').notNull(),
})

export const csMachines = sqliteTable(
  'cs_machines',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    userId: ofUser(),
    /** As the client calls itself. */
    machineId: text('machine_id').notNull(),
    name: text('name').notNull(),
    platform: text('platform'),
    arch: text('arch'),
    clientVersion: text('client_version'),
    lastSeenAt: instantColumn('last_seen_at').notNull(),
    createdAt: instantColumn('created_at').notNull(),
    updatedAt: instantColumn('updated_at').notNull(),
  },
  (table) => [uniqueIndex('cs_machines_user').on(table.userId, table.machineId)],
)

/** Whole states of machines. They stay when the machine is removed. */
export const csSnapshots = sqliteTable(
  'cs_snapshots',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    userId: ofUser(),
    machineId: text('machine_id').notNull(),
    /** Key of the bytes, which begins with their SHA-256. */
    blob: text('blob').notNull(),
    size: integer('size').notNull(),
    /** When the client made it, as the client wrote it. */
    clientTimestamp: text('client_timestamp').notNull(),
    formatVersion: text('format_version').notNull(),
    /** JSON, which the client does not encrypt; null unless configsync.store_metadata. */
    metadata: text('metadata'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    index('cs_snapshots_user').on(table.userId, table.id),
    index('cs_snapshots_machine').on(table.userId, table.machineId, table.id),
    index('cs_snapshots_blob').on(table.blob),
  ],
)

/** Projects, workspaces, configs, modules and profiles, with one sequence of ids. */
export const csEntities = sqliteTable(
  'cs_entities',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    userId: ofUser(),
    type: text('type', { enum: ['project', 'workspace', 'config', 'module', 'profile'] }).notNull(),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    description: text('description'),
    /** What only some types have, such as the repository of a project. */
    extra: text('extra', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** 0 before the first version. */
    currentVersion: integer('current_version').notNull().default(0),
    deletedAt: instantColumn('deleted_at'),
    createdAt: instantColumn('created_at').notNull(),
    updatedAt: instantColumn('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('cs_entities_slug').on(table.userId, table.type, table.slug).where(sql`deleted_at IS NULL`),
    index('cs_entities_user').on(table.userId, table.type, table.id),
    index('cs_entities_deleted').on(table.deletedAt).where(sql`deleted_at IS NOT NULL`),
  ],
)

const ofEntity = (name = 'entity_id') =>
  integer(name)
    .notNull()
    .references(() => csEntities.id)

export const csVersions = sqliteTable(
  'cs_versions',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    entityId: ofEntity(),
    version: integer('version').notNull(),
    blob: text('blob').notNull(),
    size: integer('size').notNull(),
    /** SHA-256 of the plaintext, in hex, as the client says. */
    contentHash: text('content_hash').notNull(),
    pushedByUserId: integer('pushed_by_user_id').notNull(),
    pushedFromMachineId: text('pushed_from_machine_id'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('cs_versions_entity').on(table.entityId, table.version),
    index('cs_versions_blob').on(table.blob),
  ],
)

/** The key of an entity, wrapped for a user. */
export const csEntityKeys = sqliteTable(
  'cs_entity_keys',
  {
    entityId: ofEntity(),
    userId: ofUser(),
    wrappedDek: text('wrapped_dek').notNull(),
  },
  (table) => [primaryKey({ columns: [table.entityId, table.userId] })],
)

/** Which machine has which entity, and as of which version. A link may exist before its machine registers. */
export const csLinks = sqliteTable(
  'cs_links',
  {
    userId: ofUser(),
    machineId: text('machine_id').notNull(),
    entityId: ofEntity(),
    localPath: text('local_path'),
    lastSyncedVersion: integer('last_synced_version'),
    active: integer('active', { mode: 'boolean' }).notNull().default(true),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.machineId, table.entityId] }),
    index('cs_links_entity').on(table.entityId),
  ],
)

export const csProfileWorkspaces = sqliteTable(
  'cs_profile_workspaces',
  {
    profileId: ofEntity('profile_id'),
    workspaceId: ofEntity('workspace_id'),
  },
  (table) => [
    primaryKey({ columns: [table.profileId, table.workspaceId] }),
    index('cs_profile_workspaces_workspace').on(table.workspaceId),
  ],
)

/** Variables of projects. Only the present value is kept. */
export const csVariables = sqliteTable(
  'cs_env_vars',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    projectId: ofEntity('project_id'),
    name: text('name').notNull(),
    tier: text('environment_tier').notNull(),
    visibility: text('visibility', { enum: ['shared', 'personal', 'restricted'] }).notNull(),
    /** 0 = no owner. Null would not do: a unique index treats every null as different. */
    ownerUserId: integer('owner_user_id').notNull().default(0),
    description: text('description'),
    required: integer('required', { mode: 'boolean' }).notNull(),
    encryptedValue: text('encrypted_value').notNull(),
    currentVersion: integer('current_version').notNull(),
    updatedAt: instantColumn('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('cs_env_vars_name').on(
      table.projectId,
      table.name,
      table.tier,
      table.visibility,
      table.ownerUserId,
    ),
  ],
)

/** The keys of layers of variables, wrapped for a user. `layerId` names a project and a tier. */
export const csLayerKeys = sqliteTable(
  'cs_env_layer_keys',
  {
    userId: ofUser(),
    layerId: text('layer_id').notNull(),
    projectId: ofEntity('project_id'),
    wrappedDek: text('wrapped_dek').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.layerId] }),
    index('cs_env_layer_keys_project').on(table.projectId),
  ],
)

export const csEnvironments = sqliteTable(
  'cs_environments',
  {
    userId: ofUser(),
    name: text('name').notNull(),
    tier: text('tier', { enum: ['development', 'staging', 'production', 'custom'] }).notNull(),
    color: text('color'),
    protect: integer('protect', { mode: 'boolean' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.name] })],
)

/** The names of environments that a credential was last shown. A merge deletes only what its caller has seen. */
export const csEnvironmentViews = sqliteTable(
  'cs_environment_views',
  {
    /** The UUID of a token, or `user:` and the id of a user who signed in with a password. */
    viewer: text('viewer').primaryKey(),
    userId: ofUser(),
    names: text('names', { mode: 'json' }).$type<readonly string[]>().notNull(),
  },
  (table) => [index('cs_environment_views_user').on(table.userId)],
)

/** Instructions that an admin gives a machine. */
export const csActions = sqliteTable(
  'cs_actions',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    userId: ofUser(),
    machineId: text('machine_id').notNull(),
    action: text('action').notNull(),
    payload: text('payload', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Whether the machine has listed it. When it reports that it is done, only these are removed. */
    delivered: integer('delivered', { mode: 'boolean' }).notNull().default(false),
    /** Null: the operator. */
    createdBy: integer('created_by').references(() => accounts.id),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [index('cs_actions_machine').on(table.userId, table.machineId, table.id)],
)

/** Who did what in the store, without tokens and contents. Entries older than configsync.audit_keep_days go. */
export const csAudit = sqliteTable(
  'cs_audit',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** Null: a caller that could not be told. */
    userId: integer('user_id'),
    tokenUuid: text('token_uuid'),
    ip: text('ip'),
    event: text('event').notNull(),
    /** What it was about, such as `snapshot:12`. */
    ref: text('ref'),
    bytes: integer('bytes'),
    at: instantColumn('at').notNull(),
  },
  (table) => [index('cs_audit_user').on(table.userId, table.id), index('cs_audit_at').on(table.at)],
)
