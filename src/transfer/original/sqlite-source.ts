import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { OperatorError } from '../../core/kernel/operator-error'
import { type Found, type Original, type OriginalTable, PAGE, type Raw, selectionOf } from './source'

/** Opens a SQLite database of the earlier server for reading. @throws OperatorError */
export function openSqliteOriginal(path: string): Original {
  let db: Database
  try {
    db = new Database(path, { readonly: true, strict: true })
    db.run('PRAGMA busy_timeout = 5000')
    // One snapshot, in case the database is still written to.
    db.run('BEGIN')
    db.query('SELECT count(*) FROM sqlite_master').get()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new OperatorError(
      'failed',
      `${path} cannot be read as a SQLite database (${code})`,
      'check its name and mode',
    )
  }
  const rowsOf = (sql: string, ...values: SQLQueryBindings[]): Raw[] =>
    db
      .query<Record<string, unknown>, SQLQueryBindings[]>(sql)
      .all(...values)
      .map(toRaw)
  const found = columnsIn(db)
  const select = (table: OriginalTable) => selectionOf(table, found, (column) => column)
  return {
    engine: 'sqlite',
    columns: async () => found,
    async *rows(table, order) {
      using statement = db.prepare<Record<string, unknown>, []>(`${select(table)} ORDER BY ${order}`)
      let page: Raw[] = []
      for (const row of statement.iterate()) {
        if (page.push(toRaw(row)) < PAGE) continue
        yield page
        page = []
      }
      if (page.length > 0) yield page
    },
    async firstMessage() {
      const [raw] = rowsOf(`${select('messages')} ORDER BY messages.created_at LIMIT 1`)
      return raw
    },
    async ofMessages(table, messages) {
      return rowsOf(
        `${select(table)} WHERE message_id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(messages),
      )
    },
    async count(table) {
      return Number(rowsOf(`SELECT count(*) AS count FROM ${table}`)[0]?.count)
    },
    [Symbol.asyncDispose]: async () => db.close(),
  }
}

function columnsIn(db: Database): Found {
  const found = new Map<string, Set<string>>()
  const rows = db.query<{ name: string; column: string }, []>(
    "SELECT t.name, c.name AS column FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
  )
  for (const { name, column } of rows.all()) found.set(name, (found.get(name) ?? new Set()).add(column))
  return found
}

function toRaw(row: Record<string, unknown>): Raw {
  const raw: Record<string, string | null> = {}
  for (const [name, value] of Object.entries(row)) raw[name] = value === null ? null : String(value)
  return raw
}
