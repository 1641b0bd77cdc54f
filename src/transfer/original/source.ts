import { parseUuid, type Uuid } from '../../core/ids'
import { type Micros, parseInstant } from '../../core/time'
import { TransferError } from '../transfer-error'

/** Every column of the earlier server that has to be there (§14 of the v1 contract). */
export const COLUMNS = {
  accounts: [
    ...['id', 'kind', 'handle', 'display_name', 'email', 'password_hash'],
    ...['push_enabled', 'push_webhook_url', 'push_webhook_secret', 'created_at', 'archived_at'],
  ],
  agent_tokens: ['id', 'account_id', 'token_hash', 'scopes', 'created_at', 'last_used_at', 'revoked_at'],
  human_sessions: ['id', 'account_id', 'session_hash', 'created_at', 'last_used_at', 'expires_at'],
  channels: ['id', 'slug', 'name', 'description', 'kind', 'created_at', 'archived_at'],
  channel_memberships: ['account_id', 'channel_id', 'role', 'joined_at'],
  threads: ['id', 'channel_id', 'root_message_id', 'title', 'archived_at'],
  messages: [
    ...['id', 'channel_id', 'thread_id', 'reply_to', 'sender_id', 'body', 'body_format'],
    ...['created_at', 'edited_at', 'deleted_at'],
  ],
  mentions: ['message_id', 'account_id'],
  reactions: ['message_id', 'account_id', 'emoji'],
  attachments: ['id', 'message_id', 'kind', 'url', 'metadata'],
  audit_log: ['id', 'actor_account_id', 'action', 'target_type', 'target_id', 'metadata', 'created_at'],
} as const

export type OriginalTable = keyof typeof COLUMNS

/** A row as text, whatever the engine: ids with or without dashes, times with or without a zone. */
export type Raw = Readonly<Record<string, string | null>>

/** A database of the earlier server, as it was at one moment. It is only read. */
export interface Original extends AsyncDisposable {
  /** Names of the tables and their columns. */
  columns(): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  /** All rows of a table in this order, page by page. */
  rows(table: OriginalTable, order: string): AsyncIterable<readonly Raw[]>
  /** The time of the oldest message; undefined without any. */
  firstMessage(): Promise<Raw | undefined>
  /** What belongs to these messages. */
  ofMessages(table: 'mentions' | 'reactions', messages: readonly string[]): Promise<readonly Raw[]>
  count(table: OriginalTable): Promise<number>
}

/** Rows read at a time. */
export const PAGE = 500

/** @throws TransferError when it is no such database, naming what is missing */
export async function checkColumns(source: Original): Promise<void> {
  const found = await source.columns()
  if (found.has('migrations') && found.has('epochs'))
    throw new TransferError(
      'conflict',
      'this is a store of Synapse, not a database of the earlier server',
      'move it with synapse migrate-db',
    )
  const missing = Object.entries(COLUMNS).flatMap(([table, columns]) => {
    const known = found.get(table)
    return known === undefined
      ? [`the table ${table}`]
      : columns.filter((column) => !known.has(column)).map((column) => `${table}.${column}`)
  })
  if (missing.length > 0)
    throw new TransferError(
      'failed',
      `this is no database that the importer knows: ${missing.join(', ')} is missing`,
      'bring the earlier server and its database to its last version first (alembic upgrade head)',
    )
}

/** The id in a column. @throws TransferError */
export function idOf(table: OriginalTable, raw: Raw, column = 'id'): Uuid {
  const id = parseUuid(raw[column] ?? '')
  if (id === undefined) throw unreadable(table, column, raw)
  return id
}

/** The time in a column. @throws TransferError */
export function timeOf(table: OriginalTable, raw: Raw, column: string): Micros {
  const at = timeOrNull(table, raw, column)
  if (at === null) throw unreadable(table, column, raw)
  return at
}

/** @throws TransferError for what is no time */
export function timeOrNull(table: OriginalTable, raw: Raw, column: string): Micros | null {
  const text = raw[column] ?? null
  if (text === null) return null
  // Postgres writes whole hours of a zone alone.
  const at = parseInstant(text.replace(/([+-]\d\d)$/, '$1:00'))
  if (at === undefined) throw unreadable(table, column, raw)
  return at
}

/** One of several words; the earlier server wrote enums in their own case. @throws TransferError */
export function wordOf<Word extends string>(
  table: OriginalTable,
  raw: Raw,
  column: string,
  words: readonly Word[],
): Word {
  const text = raw[column]?.toLowerCase().replaceAll('-', '_')
  const found = words.find((word) => word === text)
  if (found === undefined) throw unreadable(table, column, raw)
  return found
}

export function isTrue(text: string | null | undefined): boolean {
  return text === '1' || text === 'true' || text === 't'
}

function unreadable(table: OriginalTable, column: string, raw: Raw): TransferError {
  return new TransferError(
    'failed',
    `${table}.${column} of the row ${raw.id ?? `with account_id ${raw.account_id}`} holds a value that cannot be read`,
    'correct it in the source and run the same command again; nothing was imported',
  )
}
