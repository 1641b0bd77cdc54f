/**
 * The only declaration of the tables. schema.pg.ts derives the Postgres tables from it. Everything has a small
 * integer key inside and a UUID outside. Instants are microseconds. A key that does not grow with the log dirties a
 * page of its own in every commit, so the tables of the hot path have as few indexes as possible.
 */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { ChannelSettings, WakeReason } from '../../core/kernel/entities'
import { accounts } from './accounts'
import { instantColumn, uuidColumn } from './columns'
import { matrixDevices } from './matrix'

export * from './accounts'
export * from './activity'
export * from './background'
export * from './configsync'
export * from './coordination'
export * from './inbox'
export * from './matrix'
export * from './threads'
export * from './webhooks'

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
    /** The Matrix device of the session; null = a browser's. */
    device: integer('device').references(() => matrixDevices.id),
    /** SHA-256 of the token that renews the session, and of the one before it, which works until the new one is used. */
    refreshHash: text('refresh_hash'),
    refreshBefore: text('refresh_before'),
  },
  (table) => [
    index('sessions_account').on(table.accountId),
    index('sessions_device').on(table.device).where(sql`device IS NOT NULL`),
    uniqueIndex('sessions_refresh').on(table.refreshHash).where(sql`refresh_hash IS NOT NULL`),
    index('sessions_refresh_before').on(table.refreshBefore).where(sql`refresh_before IS NOT NULL`),
  ],
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
  settings: text('settings', { mode: 'json' }).$type<ChannelSettings>().notNull().default({}),
  /** Whether its Matrix room is encrypted. */
  encrypted: integer('encrypted', { mode: 'boolean' }).notNull().default(false),
  /** A Matrix room between two people, whose messages count as direct. */
  direct: integer('direct', { mode: 'boolean' }).notNull().default(false),
  /** A Matrix space, or a room of another type without messages: not listed. */
  hidden: integer('hidden', { mode: 'boolean' }).notNull().default(false),
})

/** Names for groups of members, for mentions. */
export const channelAliases = sqliteTable(
  'channel_aliases',
  {
    channelId: integer('channel_id')
      .notNull()
      .references(() => channels.id),
    name: text('name').notNull(),
    handles: text('handles', { mode: 'json' }).$type<readonly string[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.channelId, table.name] })],
)

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
    notify: text('notify', { enum: ['all', 'mentions', 'none'] })
      .notNull()
      .default('all'),
    /** Reasons of notifications that wake the member; null = as its account. */
    wakeOn: text('wake_on', { mode: 'json' }).$type<readonly WakeReason[]>(),
    /** Seq up to which the member has read; null = nothing since it joined. */
    readSeq: integer('read_seq'),
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
    // The columns after seq are those by which unread messages are counted, without reading the rows.
    index('messages_channel').on(
      table.channelId,
      table.seq,
      table.threadSeq,
      table.senderId,
      table.flags,
      table.deletedAt,
    ),
    index('messages_thread').on(table.threadSeq, table.seq).where(sql`thread_seq IS NOT NULL`),
    // The messages with the flag BROADCAST of message-row.ts, by which inboxes find those that notify all members.
    index('messages_broadcast').on(table.seq, table.channelId, table.senderId).where(sql`flags & 256 <> 0`),
    // The messages sent over A2A; see message-row.ts.
    index('messages_a2a').on(table.senderId, table.seq).where(sql`flags & 224 = 96`),
  ],
)

/** Uploaded files. The bytes are in the blob store; messages keep a copy of what they show, see message-row.ts. */
export const attachments = sqliteTable(
  'attachments',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: uuidColumn('uuid').notNull().unique(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Null until a message has it. */
    messageSeq: integer('message_seq').references(() => messages.seq),
    createdAt: instantColumn('created_at').notNull(),
    size: integer('size').notNull(),
    filename: text('filename').notNull(),
    /** Media type: that of the bytes for an image, else the declared one. */
    mime: text('mime').notNull(),
    /** In pixels; null for a file that is no image. */
    width: integer('width'),
    height: integer('height'),
    /** Key of the bytes, which begins with their SHA-256. Equal bytes share one. */
    blob: text('blob').notNull(),
  },
  (table) => [
    index('attachments_account').on(table.accountId, table.size),
    index('attachments_blob').on(table.blob),
    index('attachments_message').on(table.messageSeq).where(sql`message_seq IS NOT NULL`),
    index('attachments_unused').on(table.createdAt).where(sql`message_seq IS NULL`),
  ],
)

/** Keys of blobs that no row refers to any more and that are still to be removed. */
export const unusedBlobs = sqliteTable('unused_blobs', {
  key: text('key').primaryKey(),
})

/** The log. Posts are in no index but the key; most other searches scan, which is fast enough and costs no write. */
export const events = sqliteTable(
  'events',
  {
    seq: integer('seq').primaryKey(),
    at: instantColumn('at').notNull(),
    type: text('type').notNull(),
    channelId: integer('channel_id'),
    subject: integer('subject').notNull(),
    actorId: integer('actor_id'),
    data: text('data', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
  },
  // By it the later events of a message are found when it is purged.
  (table) => [index('events_later').on(table.subject).where(sql`subject <> seq`)],
)

/** Purges that were begun and are not finished. */
export const purges = sqliteTable('purges', {
  channelId: integer('channel_id')
    .primaryKey()
    .references(() => channels.id),
  /** Seq of the last message to purge. */
  throughSeq: integer('through_seq').notNull(),
})

/** Accounts of which messages, reactions or mentions are still to be erased. */
export const erasures = sqliteTable('erasures', {
  accountId: integer('account_id')
    .primaryKey()
    .references(() => accounts.id),
  /** The handle that the account had. */
  handle: text('handle').notNull(),
  mode: text('mode', { enum: ['anonymize', 'delete_messages'] }).notNull(),
  redactsMentions: integer('redacts_mentions', { mode: 'boolean' }).notNull(),
  /** Seq of the last message to examine. */
  throughSeq: integer('through_seq').notNull(),
  /** Seq up to which messages were examined. */
  position: integer('position').notNull(),
  deletedMessages: integer('deleted_messages').notNull(),
  keptMessages: integer('kept_messages').notNull(),
})

/** Retry keys of requests, for at least 24 hours. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    accountId: integer('account_id').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** Seq of the message that the request made, or that its kept answer shows. */
    subject: integer('subject'),
    /** The response, sealed. */
    answer: text('answer'),
    at: instantColumn('at').notNull(),
  },
  (table) => [
    uniqueIndex('idempotency_key').on(table.accountId, table.key),
    // By it the answers that show a message are found when it is deleted. A post, which keeps no answer, is not in it.
    index('idempotency_shown').on(table.subject).where(sql`answer IS NOT NULL AND subject IS NOT NULL`),
  ],
)

/** One row: the heads of the log and of the companion stream, and the seq of the last change of rights. */
export const logHead = sqliteTable('log_head', {
  id: integer('id').primaryKey(),
  seq: integer('seq').notNull(),
  accessSeq: integer('access_seq').notNull(),
  lastAt: instantColumn('last_at').notNull(),
  /** Position of the companion stream: account data, receipts and what else concerns Matrix devices. */
  mx: integer('mx').notNull().default(0),
})

/** Epochs of this log. A restore begins a new one, so that clients notice that the log is not continuous. */
export const epochs = sqliteTable('epochs', {
  firstSeq: integer('first_seq').primaryKey(),
  epoch: text('epoch').notNull().unique(),
  startedAt: instantColumn('started_at').notNull(),
  reason: text('reason').notNull(),
  /** Where the companion stream was when it began. */
  mx: integer('mx').notNull().default(0),
})

/** Facts about this instance, such as the DID of its key. */
export const instance = sqliteTable('instance', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
})

/** Emoji reactions of accounts to messages. What readers are shown of them is in `extra` of the message. */
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
