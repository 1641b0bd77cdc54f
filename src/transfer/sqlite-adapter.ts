import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import type { Uuid } from '../core/kernel/ids'
import { uuidFromBytes, uuidToBytes } from '../store/schema/columns'
import { openSqlite } from '../store/sqlite/open'
import { canonicalText } from './canonical'
import type { Row, StoreAdapter, Value, Writing } from './store-adapter'
import type { ColumnKind, TableMeta } from './table-meta'

type Cell = SQLQueryBindings

/**
 * Opens a SQLite store for a move. Creates and migrates it as needed. The caller holds its locks.
 * @throws OperatorError
 */
export function openSqliteAdapter(path: string): StoreAdapter {
  const { writer, reader } = openSqlite(path)
  reader.close()
  return sqliteAdapter(writer)
}

/** Returns the adapter over a connection, which it closes. */
function sqliteAdapter(db: Database): StoreAdapter {
  // The source has checked the references, and tables are copied in the order of their references.
  db.run('PRAGMA foreign_keys = OFF')
  // A power failure may lose a page during a move, but then the checkpoint that describes it is lost, too. `flush`
  // waits for the disk.
  db.run('PRAGMA synchronous = NORMAL')
  const statements = new Map<string, Statement<unknown, Cell[]>>()
  const statement = (sql: string) => {
    let known = statements.get(sql)
    if (!known) {
      known = db.prepare(sql)
      statements.set(sql, known)
    }
    return known
  }

  const writing: Writing = {
    async insert(table, rows) {
      const insert = statement(insertOf(table))
      for (const row of rows)
        insert.run(...table.columns.map(({ kind }, place) => toCell(kind, row[place] ?? null)))
    },
    run: async (text) => {
      db.run(text)
    },
    clear: async (table) => {
      db.run(`DELETE FROM "${table.name}"`)
    },
    setFact: async (name, value) => {
      statement(
        'INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      ).run(name, value)
    },
    removeFact: async (name) => {
      statement('DELETE FROM instance WHERE name = ?').run(name)
    },
  }

  return {
    async page(table, after, limit) {
      const cells = after?.map((value, place) => toCell(kindOfKey(table, place), value)) ?? []
      const rows = statement(pageOf(table, after !== undefined)).values(...cells, limit)
      return rows.map((row) => fromCells(table, row))
    },
    async find(table, column, value) {
      const kind = table.columns.find(({ name }) => name === column)?.kind ?? 'text'
      const query = `${selectOf(table)} WHERE "${column}" = ?`
      const [row] = statement(query).values(toCell(kind, value))
      return row && fromCells(table, row)
    },
    async count(table) {
      const where = table.where === undefined ? '' : ` WHERE ${table.where}`
      const [row] = statement(`SELECT count(*) FROM "${table.name}"${where}`).values()
      return Number(row?.[0])
    },
    async facts() {
      const rows = statement('SELECT name, value FROM instance').values()
      return new Map(rows.map(([name, value]) => [String(name), String(value)]))
    },
    async transact(work) {
      db.run('BEGIN IMMEDIATE')
      try {
        await work(writing)
        db.run('COMMIT')
      } catch (error) {
        if (db.inTransaction) db.run('ROLLBACK')
        throw error
      }
    },
    async counters() {
      const rows = statement('SELECT name, seq FROM sqlite_sequence').values()
      return new Map(rows.map(([name, seq]) => [String(name), Number(seq)]))
    },
    async finalize(counters = new Map()) {
      for (const [name, highest] of counters) {
        // The rows have set it, if there are any.
        const { changes } = statement('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?').run(
          highest,
          name,
        )
        if (changes === 0)
          statement('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, highest)
      }
      db.run('PRAGMA optimize')
    },
    async flush() {
      db.run('PRAGMA synchronous = FULL')
      db.run('PRAGMA wal_checkpoint(TRUNCATE)')
      db.run('PRAGMA synchronous = NORMAL')
    },
    [Symbol.asyncDispose]: async () => {
      for (const prepared of statements.values()) prepared.finalize()
      db.close()
    },
  }
}

function insertOf({ name, columns }: TableMeta): string {
  const names = columns.map((column) => `"${column.name}"`)
  return `INSERT INTO "${name}" (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
}

function selectOf({ name, columns }: TableMeta): string {
  return `SELECT ${columns.map((column) => `"${column.name}"`).join(', ')} FROM "${name}"`
}

function pageOf(table: TableMeta, isContinued: boolean): string {
  const { columns, key, where } = table
  const keys = key.map((place) => `"${columns[place]?.name}"`).join(', ')
  const conditions = [
    ...(isContinued ? [`(${keys}) > (${key.map(() => '?').join(', ')})`] : []),
    ...(where === undefined ? [] : [where]),
  ]
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return `${selectOf(table)}${filter} ORDER BY ${keys} LIMIT ?`
}

function kindOfKey(table: TableMeta, place: number): ColumnKind {
  return table.columns[table.key[place] ?? 0]?.kind ?? 'text'
}

function toCell(kind: ColumnKind, value: Value): Cell {
  if (value === null) return null
  switch (kind) {
    case 'uuid':
      // Values of this kind are UUIDs in text form.
      return uuidToBytes(value as Uuid)
    case 'boolean':
      return value === true ? 1 : 0
    default:
      return value
  }
}

function fromCells({ columns }: TableMeta, cells: readonly unknown[]): Row {
  return columns.map(({ kind }, place) => fromCell(kind, cells[place]))
}

function fromCell(kind: ColumnKind, cell: unknown): Value {
  if (cell === null || cell === undefined) return null
  switch (kind) {
    case 'integer':
    case 'instant':
      return Number(cell)
    case 'boolean':
      return cell === 1
    case 'uuid':
      if (cell instanceof Uint8Array) return uuidFromBytes(cell)
      throw new Error('a column of ids holds something else')
    case 'json':
      return canonicalText(String(cell))
    case 'text':
      return String(cell)
  }
}
