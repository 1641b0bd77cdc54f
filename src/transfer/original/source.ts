import { parseUuid, type Uuid } from '../../core/kernel/ids'
import { OperatorError } from '../../core/kernel/operator-error'
import { FIRST_INSTANT, LAST_INSTANT, type Micros, parseInstant } from '../../core/kernel/time'

/** Every column of the earlier server that is read (docs/contract/import.md#tables-and-columns). */
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

/**
 * Columns that later versions added, with the names they have had. If none exists, the value was never set. On
 * Postgres the migration that adds them fails, so no Postgres database of the earlier server has them.
 */
const LATER: Readonly<Record<string, readonly string[]>> = {
  'accounts.push_enabled': [],
  'accounts.push_webhook_url': [],
  'accounts.push_webhook_secret': ['push_webhook_secret_hash'],
}

export type OriginalTable = keyof typeof COLUMNS

/** A row as text on both engines: ids with or without dashes, times with or without a zone. */
export type Raw = Readonly<Record<string, string | null>>

/** A database of the earlier server in one snapshot, read-only. */
export interface Original extends AsyncDisposable {
  /** Names of the tables and their columns. */
  columns(): Promise<Found>
  readonly engine: 'sqlite' | 'postgres'
  /** Yields all rows of a table in this order, in pages. */
  rows(table: OriginalTable, order: string): AsyncIterable<readonly Raw[]>
  /** Returns the row with the time of the oldest message; undefined if there are none. */
  firstMessage(): Promise<Raw | undefined>
  /** Returns the mentions or reactions of these messages. */
  ofMessages(table: 'mentions' | 'reactions', messages: readonly string[]): Promise<readonly Raw[]>
  count(table: OriginalTable): Promise<number>
}

/** Rows read at a time. */
export const PAGE = 500

/** The tables of a database and their columns. */
export type Found = ReadonlyMap<string, ReadonlySet<string>>

/** Returns a SELECT of a table under the current column names. `read` returns the SQL of a column. */
export function selectionOf(table: OriginalTable, found: Found, read: (column: string) => string): string {
  const known = found.get(table)
  const columns = COLUMNS[table].map((column) => {
    const name = nameIn(known, table, column)
    return name === undefined ? `NULL AS ${column}` : `${read(name)} AS ${column}`
  })
  return `SELECT ${columns.join(', ')} FROM ${table}`
}

/** Returns the name of a column in a database; undefined if it has none. */
function nameIn(known: ReadonlySet<string> | undefined, table: string, column: string): string | undefined {
  return [column, ...(LATER[`${table}.${column}`] ?? [])].find((name) => known?.has(name))
}

/** @throws OperatorError if this is not a database of the earlier server, naming what is missing */
export async function checkColumns(source: Original): Promise<void> {
  const found = await source.columns()
  if (found.has('migrations') && found.has('epochs'))
    throw new OperatorError(
      'conflict',
      'this is a store of Synapse, not a database of the earlier server',
      'move it with synapse migrate-db',
    )
  const missing = Object.entries(COLUMNS).flatMap(([table, columns]) => {
    const known = found.get(table)
    return known === undefined
      ? [`the table ${table}`]
      : columns
          .map((column) => `${table}.${column}`)
          .filter((name, index) => !(name in LATER) && !known.has(columns[index] ?? ''))
  })
  if (missing.length === 0) return
  // On Postgres its migrations run in one transaction, and the last one fails, so it cannot be upgraded.
  const canUpgrade = source.engine === 'sqlite' && found.has('alembic_version')
  throw new OperatorError(
    'failed',
    `this is not a database of the earlier server: ${missing.join(', ')} is missing`,
    canUpgrade
      ? 'bring the earlier server and its database to its last version first (alembic upgrade head)'
      : 'check that --from names the database of the earlier server; every version of it has them',
  )
}

/** Returns the id in a column. @throws OperatorError */
export function idOf(table: OriginalTable, raw: Raw, column = 'id'): Uuid {
  const id = parseUuid(raw[column] ?? '')
  if (id === undefined) throw unreadable(table, column, raw)
  return id
}

/** Returns the time in a column. @throws OperatorError */
export function timeOf(table: OriginalTable, raw: Raw, column: string): Micros {
  const at = timeOrNull(table, raw, column)
  if (at === null) throw unreadable(table, column, raw)
  return at
}

/** Returns the time in a column, or null. @throws OperatorError if it is not a time */
export function timeOrNull(table: OriginalTable, raw: Raw, column: string): Micros | null {
  const text = raw[column] ?? null
  if (text === null) return null
  const at = instantIn(text)
  if (at === undefined) throw unreadable(table, column, raw)
  return at
}

function instantIn(text: string): Micros | undefined {
  // Postgres has years with more than four digits, and years before 1.
  if (text === 'infinity' || /^\d{5,}-/.test(text)) return LAST_INSTANT
  if (text === '-infinity' || text.endsWith(' BC')) return FIRST_INSTANT
  // Postgres writes a zone of whole hours without minutes.
  return parseInstant(text.replace(/([+-]\d\d)$/, '$1:00'))
}

/**
 * Returns the value in a column, which must be one of these words. Case is ignored, and `-` counts as `_`: the
 * earlier server spelled enums differently. @throws OperatorError
 */
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

function unreadable(table: OriginalTable, column: string, raw: Raw): OperatorError {
  return new OperatorError(
    'failed',
    `${table}.${column} of the row ${raw.id ?? `with account_id ${raw.account_id}`} holds a value that cannot be read`,
    'correct it in the source and run the same command again; nothing was imported',
  )
}
