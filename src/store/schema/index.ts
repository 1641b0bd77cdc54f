/**
 * The only declaration of the tables. schema.pg.ts derives the Postgres tables from it. Everything has a small
 * integer key inside and a UUID outside. Instants are microseconds. A key that does not grow with the log dirties a
 * page of its own in every commit, so the tables of the hot path have as few indexes as possible.
 */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { instantColumn, uuidColumn } from './columns'

export const accounts = sqliteTable('accounts', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  uuid: uuidColumn('uuid').notNull().unique(),
  kind: text('kind', { enum: ['human', 'agent'] }).notNull(),
  handle: text('handle').notNull().unique(),
  displayName: text('display_name').notNull(),
  email: text('email'),
  passwordHash: text('password_hash'),
  isAdmin: integer('is_admin', { mode: 'boolean' }).notNull().default(false),
  chainLimit: integer('chain_limit'),
  about: text('about').notNull().default(''),
  capabilities: text('capabilities', { mode: 'json' }).$type<readonly string[]>().notNull().default([]),
  residency: text('residency', { enum: ['continuous', 'episodic'] })
    .notNull()
    .default('episodic'),
  createdAt: instantColumn('created_at').notNull(),
  archivedAt: instantColumn('archived_at'),
})

export const tokens = sqliteTable(
  'tokens',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: uuidColumn('uuid').notNull().unique(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Lower-case hex SHA-256 of the whole raw token. */
    hash: text('hash').notNull().unique(),
    name: text('name'),
    scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
    createdAt: instantColumn('created_at').notNull(),
    lastUsedAt: instantColumn('last_used_at'),
    expiresAt: instantColumn('expires_at'),
    revokedAt: instantColumn('revoked_at'),
    /** Handles that its holder may act as, `*` for all; fixed when the token is issued. */
    actors: text('actors', { mode: 'json' }).$type<readonly string[]>(),
    /** Label of the device that the token was paired with. */
    device: text('device'),
  },
  (table) => [index('tokens_account').on(table.accountId)],
)

export const sessions = sqliteTable(
  'sessions',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: uuidColumn('uuid').notNull().unique(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    hash: text('hash').notNull().unique(),
    createdAt: instantColumn('created_at').notNull(),
    lastUsedAt: instantColumn('last_used_at'),
    expiresAt: instantColumn('expires_at').notNull(),
    ip: text('ip'),
    userAgent: text('user_agent'),
  },
  (table) => [index('sessions_account').on(table.accountId)],
)

export const loginAttempts = sqliteTable(
  'login_attempts',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** A network, or a network and the hash of a handle. */
    key: text('key').notNull(),
    at: instantColumn('at').notNull(),
  },
  (table) => [index('login_attempts_key').on(table.key, table.at)],
)

export const channels = sqliteTable('channels', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  uuid: uuidColumn('uuid').notNull().unique(),
  slug: text('slug').notNull().unique(),
  name: text('name').notNull(),
  description: text('description'),
  kind: text('kind', { enum: ['public', 'private', 'dm'] }).notNull(),
  createdAt: instantColumn('created_at').notNull(),
  archivedAt: instantColumn('archived_at'),
  /** Highest seq of a purged event. */
  floorSeq: integer('floor_seq').notNull().default(0),
})

export const memberships = sqliteTable(
  'memberships',
  {
    channelId: integer('channel_id')
      .notNull()
      .references(() => channels.id),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    role: text('role', { enum: ['admin', 'member', 'read_only'] }).notNull(),
    joinedAt: instantColumn('joined_at').notNull(),
    /** Seq of the member.joined event: broadcasts after it concern the member. */
    joinedSeq: integer('joined_seq').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channelId, table.accountId] }),
    index('memberships_account').on(table.accountId),
  ],
)

/** `seq` is that of the message.created event, so cursor, page and event share one key. */
export const messages = sqliteTable(
  'messages',
  {
    seq: integer('seq').primaryKey(),
    uuid: uuidColumn('uuid').notNull(),
    channelId: integer('channel_id')
      .notNull()
      .references(() => channels.id),
    senderId: integer('sender_id')
      .notNull()
      .references(() => accounts.id),
    threadSeq: integer('thread_seq'),
    replySeq: integer('reply_seq'),
    at: instantColumn('at').notNull(),
    editedAt: instantColumn('edited_at'),
    deletedAt: instantColumn('deleted_at'),
    /** Format, kind, priority, way in, broadcast, mentions; see message-row.ts. */
    flags: integer('flags').notNull(),
    body: text('body').notNull(),
    /** JSON of rare properties; see message-row.ts. */
    extra: text('extra'),
  },
  (table) => [
    uniqueIndex('messages_uuid').on(table.uuid),
    index('messages_channel').on(table.channelId, table.seq),
    index('messages_thread').on(table.threadSeq, table.seq).where(sql`thread_seq IS NOT NULL`),
  ],
)

/** The log. It has no index but its key: other searches scan, which is fast enough and costs no write. */
export const events = sqliteTable('events', {
  seq: integer('seq').primaryKey(),
  at: instantColumn('at').notNull(),
  type: text('type').notNull(),
  channelId: integer('channel_id'),
  subject: integer('subject').notNull(),
  actorId: integer('actor_id'),
  data: text('data', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
})

/** Written with the first reply. */
export const threads = sqliteTable('threads', {
  rootSeq: integer('root_seq').primaryKey(),
  replyCount: integer('reply_count').notNull(),
  lastReplySeq: integer('last_reply_seq').notNull(),
})

/** Retry keys of requests, for at least 24 hours. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    accountId: integer('account_id').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** Seq of the message that the request made; null where the answer is kept. */
    subject: integer('subject'),
    /** The response, sealed. */
    answer: text('answer'),
    at: instantColumn('at').notNull(),
  },
  (table) => [uniqueIndex('idempotency_key').on(table.accountId, table.key)],
)

/** One row: the head of the log, and the seq of the last change of rights. */
export const logHead = sqliteTable('log_head', {
  id: integer('id').primaryKey(),
  seq: integer('seq').notNull(),
  accessSeq: integer('access_seq').notNull(),
  lastAt: instantColumn('last_at').notNull(),
})

/** Epochs of this log. A restore begins a new one, so that clients notice that the log is not continuous. */
export const epochs = sqliteTable('epochs', {
  firstSeq: integer('first_seq').primaryKey(),
  epoch: text('epoch').notNull().unique(),
  startedAt: instantColumn('started_at').notNull(),
  reason: text('reason').notNull(),
})

/** Facts about this instance, such as the DID of its key. */
export const instance = sqliteTable('instance', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
})

/** Emoji reactions of accounts to messages. */
export const reactions = sqliteTable(
  'reactions',
  {
    messageSeq: integer('message_seq')
      .notNull()
      .references(() => messages.seq),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    emoji: text('emoji').notNull(),
    at: instantColumn('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.messageSeq, table.accountId, table.emoji] })],
)

/** Webhooks that wake accounts. */
export const pushTargets = sqliteTable('push_targets', {
  accountId: integer('account_id')
    .primaryKey()
    .references(() => accounts.id),
  enabled: integer('enabled', { mode: 'boolean' }).notNull(),
  webhookUrl: text('webhook_url'),
  /** Sealed under the key of the instance: src/platform/encryption.ts. */
  secretSealed: text('secret_sealed'),
  /** Reasons of notifications for which the webhook is called. */
  wakeOn: text('wake_on', { mode: 'json' }).$type<readonly string[]>().notNull(),
  /** The operator has approved this URL, so it may lead to a private address. */
  vouched: integer('vouched', { mode: 'boolean' }).notNull().default(false),
})

/** Jobs that one replica runs for all, and when its lease ends. */
export const jobLeases = sqliteTable('job_leases', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  until: instantColumn('until').notNull(),
})

/** The position of each projection in the log. */
export const projections = sqliteTable('projections', {
  name: text('name').primaryKey(),
  /** Seq of the last event that it has applied. */
  position: integer('position').notNull(),
})

/** Events that are still to be delivered to an endpoint. The content is read when it is delivered. */
export const outbox = sqliteTable(
  'outbox',
  {
    endpoint: text('endpoint').notNull(),
    seq: integer('seq').notNull(),
  },
  (table) => [primaryKey({ columns: [table.endpoint, table.seq] })],
)

/** Every change of a setting, the newest last. `seq` is that of its setting.changed event. */
export const settingChanges = sqliteTable(
  'setting_changes',
  {
    seq: integer('seq').primaryKey(),
    key: text('key').notNull(),
    /** JSON; null = unset, so that the environment or the default applies again. */
    value: text('value'),
    /** Null: the operator. */
    actorId: integer('actor_id').references(() => accounts.id),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [index('setting_changes_key').on(table.key, table.seq)],
)

/** The audit log, a hash chain. Triggers reject changes and deletions of rows. */
export const audit = sqliteTable('audit', {
  id: integer('id').primaryKey(),
  uuid: uuidColumn('uuid').notNull().unique(),
  at: instantColumn('at').notNull(),
  /** Null: the operator, or the server itself. */
  actorId: integer('actor_id'),
  tokenUuid: text('token_uuid'),
  /** session, token, operator or server. */
  via: text('via').notNull(),
  ip: text('ip'),
  action: text('action').notNull(),
  targetType: text('target_type'),
  targetId: text('target_id'),
  metadata: text('metadata', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
  /** Lower-case hex SHA-256 of the hash before it and this entry in canonical form. */
  hash: text('hash').notNull(),
})

/** One-time codes by which a device gets a token. */
export const pairCodes = sqliteTable('pair_codes', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  uuid: uuidColumn('uuid').notNull().unique(),
  /** SHA-256 of the code in the link. */
  codeHash: text('code_hash').notNull().unique(),
  /** The first four characters of the typed code, which select the row. */
  selector: text('selector').notNull(),
  /** HMAC-SHA-256 of the other eight. */
  typedHash: text('typed_hash').notNull(),
  accountId: integer('account_id')
    .notNull()
    .references(() => accounts.id),
  scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
  actors: text('actors', { mode: 'json' }).$type<readonly string[]>(),
  device: text('device').notNull(),
  /** Null: the operator. */
  createdBy: integer('created_by').references(() => accounts.id),
  createdAt: instantColumn('created_at').notNull(),
  expiresAt: instantColumn('expires_at').notNull(),
  /** Number of wrong secrets tried. */
  attempts: integer('attempts').notNull().default(0),
  state: text('state', { enum: ['active', 'redeemed', 'revoked', 'locked'] })
    .notNull()
    .default('active'),
  tokenId: integer('token_id').references(() => tokens.id),
})
