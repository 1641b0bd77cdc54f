/**
 * A database of the earlier server, made from the columns in docs/contract/import.md#tables-and-columns: SQLite keeps ids
 * as 32 hex digits and naive times, Postgres has uuid, timestamptz and native enums.
 */
import { Database } from 'bun:sqlite'
import postgres from 'postgres'

export type Cells = Readonly<Record<string, string | number | boolean | null>>
/** The names of its account columns: before push existed, when it was added, and today. */
export type Revision = 'first' | 'hashed' | 'latest'
export const revisions: readonly Revision[] = ['first', 'hashed', 'latest']

export type Contents = Readonly<Record<string, readonly Cells[]>>

const columns: Readonly<Record<string, string>> = {
  accounts:
    'id uuid PRIMARY KEY, kind kind, handle text, display_name text, email text, password_hash text, push_enabled boolean, push_webhook_url text, push_webhook_secret text, created_at time, archived_at time',
  agent_tokens:
    'id uuid PRIMARY KEY, account_id uuid, token_hash text, scopes json, created_at time, last_used_at time, revoked_at time',
  human_sessions:
    'id uuid PRIMARY KEY, account_id uuid, session_hash text, created_at time, last_used_at time, expires_at time',
  channels:
    'id uuid PRIMARY KEY, slug text, name text, description text, kind text, created_at time, archived_at time',
  channel_memberships: 'account_id uuid, channel_id uuid, role text, joined_at time',
  threads: 'id uuid PRIMARY KEY, channel_id uuid, root_message_id uuid, title text, archived_at time',
  messages:
    'id uuid PRIMARY KEY, channel_id uuid, thread_id uuid, reply_to uuid, sender_id uuid, body text, body_format text, created_at time, edited_at time, deleted_at time',
  mentions: 'message_id uuid, account_id uuid, PRIMARY KEY (message_id, account_id)',
  reactions: 'message_id uuid, account_id uuid, emoji text, PRIMARY KEY (message_id, account_id, emoji)',
  attachments: 'id uuid PRIMARY KEY, message_id uuid, kind text, url text, metadata json',
  audit_log:
    'id uuid PRIMARY KEY, actor_account_id uuid, action text, target_type text, target_id text, metadata json, created_at time',
  alembic_version: 'version_num text PRIMARY KEY',
}

/** Ids with dashes, times as `2026-05-07T15:56:16.123456Z`: each engine stores them in its own way. */
export function makeSqliteOriginal(path: string, contents: Contents, revision: Revision = 'latest'): void {
  using db = new Database(path)
  for (const [table, list] of Object.entries(columnsOf(revision))) {
    const types = list
      .replace(/\buuid\b/g, 'CHAR(32)')
      .replace(/\btime\b/g, 'DATETIME')
      .replace(/\bkind kind\b/, "kind VARCHAR(5) CHECK (kind IN ('human', 'agent'))")
    db.run(`CREATE TABLE ${table} (${types})`)
  }
  for (const [table, rows] of Object.entries(asIn(revision, contents)))
    for (const row of rows) {
      const values = Object.values(row).map((value) => (typeof value === 'string' ? inSqlite(value) : value))
      const names = Object.keys(row)
      db.query(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`).run(
        ...values,
      )
    }
}

export async function makePostgresOriginal(
  url: string,
  contents: Contents,
  revision: Revision = 'latest',
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe("CREATE TYPE account_kind AS ENUM ('human', 'agent')")
    for (const [table, list] of Object.entries(columnsOf(revision))) {
      const types = list.replace(/\btime\b/g, 'timestamptz').replace(/\bkind kind\b/, 'kind account_kind')
      await sql.unsafe(`CREATE TABLE ${table} (${types})`)
    }
    for (const [table, rows] of Object.entries(asIn(revision, contents)))
      for (const row of rows) {
        // As text, because the driver would truncate times to milliseconds.
        const values = Object.entries(row).map(([name, value]) => [
          name,
          name === 'scopes' ? JSON.parse(String(value)) : value,
        ])
        await sql.unsafe(
          `INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, $1::text::json)`,
          [JSON.stringify(Object.fromEntries(values))],
        )
      }
  } finally {
    await sql.end()
  }
}

const versions: Readonly<Record<Revision, string>> = {
  first: '000000000000',
  hashed: '27ba4a768725',
  latest: 'd1b2c4e8f3a7',
}

function columnsOf(revision: Revision): typeof columns {
  if (revision === 'latest') return columns
  const accounts = columns['accounts'] ?? ''
  return {
    ...columns,
    accounts:
      revision === 'first'
        ? accounts.replace(/push_\w+ \w+, /g, '')
        : accounts.replace('push_webhook_secret', 'push_webhook_secret_hash'),
  }
}

function asIn(revision: Revision, contents: Contents): Contents {
  const accounts = (contents['accounts'] ?? []).map((row): Cells => {
    const { push_enabled, push_webhook_url, push_webhook_secret = null, ...rest } = row
    if (revision === 'latest') return row
    return revision === 'first'
      ? rest
      : {
          ...rest,
          push_enabled: push_enabled ?? false,
          push_webhook_url: push_webhook_url ?? null,
          push_webhook_secret_hash: push_webhook_secret,
        }
  })
  return { ...contents, accounts, alembic_version: [{ version_num: versions[revision] }] }
}

function inSqlite(text: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text)) return text.replaceAll('-', '')
  return /^\d{4}-\d\d-\d\dT.*Z$/.test(text) ? text.replace('T', ' ').replace('Z', '') : text
}
