import type { TableMeta } from './table-meta'

/**
 * A value as it is moved: an integer or an instant in microseconds as a number, a UUID in its text form, JSON as
 * canonical text, so that equal data is equal whichever dialect it comes from.
 */
export type Value = string | number | boolean | null

/** A row, in the order of the columns of its table. */
export type Row = readonly Value[]

/** One of the two stores of a move: it is open, at this program's schema, and nobody else may use it. */
export interface StoreAdapter extends AsyncDisposable {
  /** The next rows of a table in the order of its key, those behind `after`, a key; empty at the end. */
  page(table: TableMeta, after: readonly Value[] | undefined, limit: number): Promise<Row[]>
  /** How many rows of a table belong to the data. */
  count(table: TableMeta): Promise<number>
  /** The row whose value in a column of unique values is this one. */
  find(table: TableMeta, column: string, value: Value): Promise<Row | undefined>
  /** All facts about this instance, those about this copy of the store included. */
  facts(): Promise<Map<string, string>>
  /** Runs a work in one transaction: all of it stays, or nothing. It is on disk once `flush` was called. */
  transact(work: (write: Writing) => Promise<void>): Promise<void>
  /** Brings the counters of columns that number themselves behind what was written, and the planner up to date. */
  settle(): Promise<void>
  /** Waits until everything is on disk. */
  flush(): Promise<void>
}

/** What a transaction of a side can do. */
export interface Writing {
  insert(table: TableMeta, rows: readonly Row[]): Promise<void>
  /** Runs a statement that both dialects understand alike. */
  run(statement: string): Promise<void>
  /** Empties a table. */
  clear(table: TableMeta): Promise<void>
  setFact(name: string, value: string): Promise<void>
  removeFact(name: string): Promise<void>
}

/** The key of a row. */
export function keyOf(table: TableMeta, row: Row): Value[] {
  return table.key.map((place) => row[place] ?? null)
}

/** The value of a row in the column of that name. */
export function valueIn(table: TableMeta, row: Row, name: string): Value {
  return row[table.columns.findIndex((column) => column.name === name)] ?? null
}

/** A row of a table from the values of its columns by their names; what is not named is null. */
export function rowOf(table: TableMeta, values: Readonly<Record<string, Value>>): Row {
  return table.columns.map(({ name }) => values[name] ?? null)
}
