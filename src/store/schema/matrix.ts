/**
 * The tables of the Matrix homeserver. They are empty while no server name is set. An event has its place in the one
 * log: `pos` is 64 times the seq of the log row that owns it, plus its number among the events of that row, 0 to 63.
 */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { accounts } from './accounts'
import { instantColumn, uuidColumn } from './columns'

type Json = Readonly<Record<string, unknown>>

const ofAccount = () =>
  integer('account_id')
    .notNull()
    .references(() => accounts.id)

const ofChannel = () => integer('channel_id').notNull()

const ofDevice = () =>
  integer('device')
    .notNull()
    .references(() => matrixDevices.id)

/** The Matrix user of each account. A localpart is never changed and never used again. */
export const matrixUsers = sqliteTable('matrix_users', {
  accountId: ofAccount().primaryKey(),
  localpart: text('localpart').notNull().unique(),
  /** `mxc://` URI. */
  avatar: text('avatar'),
  /** Further fields of the profile. */
  profile: text('profile', { mode: 'json' }).$type<Json>().notNull().default({}),
  /** Where the account was made. */
  origin: text('origin', { enum: ['synapse', 'matrix'] }).notNull(),
  /** An admin has locked it: its devices can do nothing but log out. */
  locked: integer('locked', { mode: 'boolean' }).notNull().default(false),
  /** An admin has suspended it: it reads, and writes nothing. */
  suspended: integer('suspended', { mode: 'boolean' }).notNull().default(false),
  deactivatedAt: instantColumn('deactivated_at'),
  /** Its events are served redacted to who joined after it was deactivated. */
  erased: integer('erased', { mode: 'boolean' }).notNull().default(false),
})

/** Devices of Matrix clients. The session of a device names it; a device of an agent has the agent's token. */
export const matrixDevices = sqliteTable(
  'matrix_devices',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: uuidColumn('uuid').notNull().unique(),
    accountId: ofAccount(),
    deviceId: text('device_id').notNull(),
    name: text('name'),
    seenAt: instantColumn('seen_at'),
    seenIp: text('seen_ip'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [uniqueIndex('matrix_devices_account').on(table.accountId, table.deviceId)],
)

/** What only Matrix knows of a channel. */
export const matrixRooms = sqliteTable('matrix_rooms', {
  channelId: ofChannel().primaryKey(),
  roomId: text('room_id').notNull().unique(),
  version: text('version').notNull(),
  born: text('born', { enum: ['channel', 'matrix'] }).notNull(),
  federate: integer('federate', { mode: 'boolean' }).notNull(),
  published: integer('published', { mode: 'boolean' }).notNull(),
  /** Id of the newest event, to which the next one refers. */
  tipEvent: text('tip_event').notNull(),
  /** Depth of that event. */
  depth: integer('depth').notNull(),
  /** An admin has blocked it: nobody comes in. */
  blocked: integer('blocked', { mode: 'boolean' }).notNull().default(false),
})

/** Events in the order of their rooms. */
export const matrixEvents = sqliteTable(
  'matrix_events',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    pos: integer('pos').notNull(),
    channelId: ofChannel(),
    eventId: text('event_id').notNull(),
    type: text('type').notNull(),
    /** Null: not a state event. */
    stateKey: text('state_key'),
    /** A whole user id. */
    sender: text('sender').notNull(),
    /** Milliseconds, as the sender's server claims. */
    ts: integer('ts').notNull(),
    depth: integer('depth').notNull(),
    /** Position of the event that it relates to, with the type and key of the relation. */
    relPos: integer('rel_pos'),
    relType: text('rel_type'),
    relKey: text('rel_key'),
    /** Position of the root of its thread. */
    threadPos: integer('thread_pos'),
    /** Position of the event that redacted it. */
    redactedBy: integer('redacted_by'),
    /** The device and the transaction id with which it was sent. */
    sentAs: text('sent_as'),
    flags: integer('flags').notNull().default(0),
    /** The event in canonical JSON, without `signatures` and `unsigned`. */
    json: text('json').notNull(),
    /** JSON; null until the event leaves for another server. */
    sigs: text('sigs'),
  },
  (table) => [
    uniqueIndex('matrix_events_pos').on(table.channelId, table.pos),
    uniqueIndex('matrix_events_event').on(table.eventId),
    index('matrix_events_related').on(table.relPos, table.relType, table.pos).where(sql`rel_pos IS NOT NULL`),
  ],
)

/** The current state of rooms: the position of the event of each key. */
export const matrixState = sqliteTable(
  'matrix_state',
  {
    channelId: ofChannel(),
    type: text('type').notNull(),
    stateKey: text('state_key').notNull(),
    pos: integer('pos').notNull(),
  },
  (table) => [primaryKey({ columns: [table.channelId, table.type, table.stateKey] })],
)

/** Every change of the state of rooms. `eventPos` is null where a key was removed. */
export const matrixStateLog = sqliteTable(
  'matrix_state_log',
  {
    channelId: ofChannel(),
    type: text('type').notNull(),
    stateKey: text('state_key').notNull(),
    pos: integer('pos').notNull(),
    eventPos: integer('event_pos'),
  },
  (table) => [
    primaryKey({ columns: [table.channelId, table.type, table.stateKey, table.pos] }),
    index('matrix_state_log_pos').on(table.channelId, table.pos),
  ],
)

/** The newest membership of each user in each room, by whole user id. */
export const matrixMembers = sqliteTable(
  'matrix_members',
  {
    userId: text('user_id').notNull(),
    channelId: ofChannel(),
    membership: text('membership', { enum: ['join', 'invite', 'knock', 'leave', 'ban'] }).notNull(),
    pos: integer('pos').notNull(),
    forgotten: integer('forgotten', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.channelId] }),
    index('matrix_members_channel').on(table.channelId, table.membership),
  ],
)

export const matrixAliases = sqliteTable(
  'matrix_aliases',
  {
    /** The whole alias. */
    alias: text('alias').primaryKey(),
    channelId: ofChannel(),
    creatorId: integer('creator_id').references(() => accounts.id),
  },
  (table) => [index('matrix_aliases_channel').on(table.channelId)],
)

/** Account data. `mx` is the position of its last change in the companion stream. */
export const matrixAccountData = sqliteTable(
  'matrix_account_data',
  {
    accountId: ofAccount(),
    /** 0: of the whole account. */
    channelId: integer('channel_id').notNull(),
    type: text('type').notNull(),
    json: text('json').notNull(),
    mx: integer('mx').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.channelId, table.type] }),
    index('matrix_account_data_mx').on(table.accountId, table.mx),
  ],
)

export const matrixReceipts = sqliteTable(
  'matrix_receipts',
  {
    channelId: ofChannel(),
    accountId: ofAccount(),
    kind: text('kind', { enum: ['m.read', 'm.read.private', 'm.fully_read'] }).notNull(),
    /** Empty: without a thread; `main`; or the event id of a root. */
    thread: text('thread').notNull(),
    pos: integer('pos').notNull(),
    ts: integer('ts').notNull(),
    mx: integer('mx').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.channelId, table.accountId, table.kind, table.thread] }),
    index('matrix_receipts_mx').on(table.channelId, table.mx),
    index('matrix_receipts_account').on(table.accountId, table.mx),
  ],
)

/** Where users want to be told of events while no client of theirs is connected. */
export const matrixPushers = sqliteTable(
  'matrix_pushers',
  {
    accountId: ofAccount(),
    appId: text('app_id').notNull(),
    pushkey: text('pushkey').notNull(),
    /** The device that set it, and with which it ends. */
    device: ofDevice(),
    /** What else the client has said of it, as JSON. */
    json: text('json').notNull(),
    setAt: instantColumn('set_at').notNull(),
    /** Everything before this place is told. */
    pos: integer('pos').notNull(),
    /** How many calls in a row have failed, since when, and when the next one is due. */
    failures: integer('failures').notNull().default(0),
    failingSince: instantColumn('failing_since'),
    nextAt: instantColumn('next_at'),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.appId, table.pushkey] }),
    index('matrix_pushers_key').on(table.appId, table.pushkey),
    index('matrix_pushers_device').on(table.device),
  ],
)

export const matrixFilters = sqliteTable(
  'matrix_filters',
  {
    accountId: ofAccount(),
    n: integer('n').notNull(),
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.n] })],
)

/** Files of `mxc://` URIs. The bytes are in the blob store. */
export const matrixMedia = sqliteTable(
  'matrix_media',
  {
    mediaId: text('media_id').primaryKey(),
    accountId: integer('account_id').references(() => accounts.id),
    server: text('server').notNull(),
    /** Key of the bytes; null until they are uploaded. */
    blob: text('blob'),
    mime: text('mime').notNull(),
    name: text('name'),
    size: integer('size').notNull(),
    createdAt: instantColumn('created_at').notNull(),
    seenAt: instantColumn('seen_at'),
    quarantinedBy: integer('quarantined_by').references(() => accounts.id),
    /** Until when the bytes may be uploaded. */
    pendingUntil: instantColumn('pending_until'),
  },
  (table) => [
    index('matrix_media_account').on(table.accountId, table.size),
    index('matrix_media_blob').on(table.blob).where(sql`blob IS NOT NULL`),
  ],
)

/** Thumbnails of images that are stored. They go with the bytes that they were made of. */
export const matrixThumbs = sqliteTable(
  'matrix_thumbs',
  {
    /** Key of the bytes of the image. */
    source: text('source').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    method: text('method', { enum: ['crop', 'scale'] }).notNull(),
    /** Key of the bytes of the thumbnail. */
    blob: text('blob').notNull(),
    mime: text('mime').notNull(),
    size: integer('size').notNull(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.source, table.width, table.height, table.method] }),
    index('matrix_thumbs_blob').on(table.blob),
  ],
)

/** Short-lived secrets by their SHA-256: login and OpenID tokens, sessions of interactive authentication, nonces. */
export const matrixSecrets = sqliteTable(
  'matrix_secrets',
  {
    hash: text('hash').primaryKey(),
    kind: text('kind', { enum: ['login', 'openid', 'interactive', 'nonce'] }).notNull(),
    accountId: integer('account_id').references(() => accounts.id),
    json: text('json').notNull(),
    expiresAt: instantColumn('expires_at').notNull(),
  },
  (table) => [index('matrix_secrets_expiry').on(table.expiresAt)],
)

export const matrixRegistrationTokens = sqliteTable('matrix_registration_tokens', {
  token: text('token').primaryKey(),
  /** Null: without a limit. */
  usesAllowed: integer('uses_allowed'),
  /** Registrations that hold a use. */
  pending: integer('pending').notNull().default(0),
  completed: integer('completed').notNull().default(0),
  expiresAt: instantColumn('expires_at'),
})

/** Signing keys of this server. */
export const matrixKeys = sqliteTable('matrix_keys', {
  /** Such as `ed25519:a_1`. */
  keyId: text('key_id').primaryKey(),
  /** The seed, sealed under the instance key. */
  seedSealed: text('seed_sealed').notNull(),
  createdAt: instantColumn('created_at').notNull(),
  expiredAt: instantColumn('expired_at'),
})

/** Identity keys of devices, as uploaded. */
export const matrixDeviceKeys = sqliteTable('matrix_device_keys', {
  device: ofDevice().primaryKey(),
  json: text('json').notNull(),
})

/** One-time keys in the order of their upload. */
export const matrixOneTimeKeys = sqliteTable(
  'matrix_one_time_keys',
  {
    device: ofDevice(),
    algorithm: text('algorithm').notNull(),
    n: integer('n').notNull(),
    keyId: text('key_id').notNull(),
    json: text('json').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.algorithm, table.n] }),
    uniqueIndex('matrix_one_time_keys_id').on(table.device, table.algorithm, table.keyId),
  ],
)

/** The key that is handed out when no one-time key is left. */
export const matrixFallbackKeys = sqliteTable(
  'matrix_fallback_keys',
  {
    device: ofDevice(),
    algorithm: text('algorithm').notNull(),
    keyId: text('key_id').notNull(),
    json: text('json').notNull(),
    used: integer('used', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.device, table.algorithm] })],
)

/** What users reported to the operators: rooms, events and users. */
export const matrixReports = sqliteTable(
  'matrix_reports',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** Who reported. */
    accountId: ofAccount(),
    /** The room, also that of the event; null for a user. */
    roomId: text('room_id'),
    eventId: text('event_id'),
    /** The whole id of the user; of an event its sender. */
    userId: text('user_id'),
    reason: text('reason').notNull(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [index('matrix_reports_account').on(table.accountId, table.createdAt)],
)
