import { getTableColumns, getTableName, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { IndexColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { ColumnType, Handle, PlainValue } from '../database'
import { lazily } from '../lazily'
import { textOf } from '../statement'

/** The values of a row, in the order of the columns that have some. */
export type GivenRow = readonly (PlainValue | boolean)[]

interface RowInsert {
  /** The columns that have values, in the order of the table. */
  readonly columns: Readonly<Record<string, ColumnType>>
  /** What other columns have instead of nothing, without parameters. The serial column `id` needs nothing. */
  readonly fixed?: Readonly<Record<string, SQL>>
  /** What changes in a row that is there. One call must not name such a row twice. */
  readonly onConflict?: { readonly target: IndexColumn | IndexColumn[]; readonly set: Record<string, SQL> }
}

/** Returns what inserts rows into a table, however many there are, with one statement and one request. */
export function rowInsert(
  { db, dialect, runEach }: Handle,
  table: SQLiteTable,
  { columns, fixed = {}, onConflict }: RowInsert,
): (rows: readonly GivenRow[]) => Promise<void> {
  const names = Object.keys(columns)
  const types = Object.values(columns)
  const into = () => db.insert(table)
  const forAll = lazily(() => {
    const selected = Object.keys(getTableColumns(table)).map((name): SQLWrapper => {
      const given = names.indexOf(name)
      if (given >= 0) return sql.raw(`c${given}`)
      return fixed[name] ?? (name === 'id' ? dialect.nextId(getTableName(table)) : sql`NULL`)
    })
    const rows = dialect.table(types, sql.placeholder('rows'))
    // The condition tells SQLite that ON CONFLICT is not that of a join.
    const insert = into().select(
      sql`SELECT ${sql.join(selected, sql`, `)} FROM (${rows}) AS given WHERE true`,
    )
    return (onConflict ? insert.onConflictDoUpdate(onConflict) : insert).prepare()
  })
  const forEach = lazily(() => {
    const placeOf = (name: string) =>
      columns[name] === 'uuid' ? sql`unhex(${sql.placeholder(name)}, '-')` : sql.placeholder(name)
    const values = { ...fixed, ...Object.fromEntries(names.map((name) => [name, placeOf(name)])) }
    const insert = into().values(values as SQLiteTable['$inferInsert'])
    return textOf(onConflict ? insert.onConflictDoUpdate(onConflict) : insert, names)
  })
  return async (rows) => {
    if (rows.length === 0) return
    if (runEach)
      await runEach(
        forEach(),
        rows.map((row) => row.map((value) => (typeof value === 'boolean' ? Number(value) : value))),
      )
    else await forAll().execute({ rows: JSON.stringify(rows) })
  }
}
