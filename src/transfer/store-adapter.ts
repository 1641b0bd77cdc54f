import type { TableMeta } from './table-meta'

/**
 * A value in a form that does not depend on the dialect: an integer or an instant in microseconds as a number, a UUID
 * in text form, JSON as canonical text. Equal data has equal values.
 */
export type Value = string | number | boolean | null

/** A row, in the order of the columns of its table. */
export type Row = readonly Value[]

/** One of the two stores of a move. It is open, at this program's schema, and not in use by any other process. */
export interface StoreAdapter extends AsyncDisposable {
  /** Returns the next rows of a table in the order of its key, after the key `after`; empty at the end. */
  page(table: TableMeta, after: readonly Value[] | undefined, limit: number): Promise<Row[]>
  /** Returns how many rows of a table belong to the data. */
  count(table: TableMeta): Promise<number>
  /** Returns the row with this value in a unique column. */
  find(table: TableMeta, column: string, value: Value): Promise<Row | undefined>
  /** Returns all facts about this instance, including those about this copy of the store. */
  facts(): Promise<Map<string, string>>
  /** Runs `work` in one transaction. It is on disk after `flush`. */
  transact(work: (write: Writing) => Promise<void>): Promise<void>
  /** Returns the highest id that each table with a serial column has given out, also to rows that are gone. */
  counters(): Promise<ReadonlyMap<string, number>>
  /**
   * Sets the counters of serial columns after the written rows and after these counters, so that no id is given out
   * again; and updates the planner's statistics.
   */
  finalize(counters?: ReadonlyMap<string, number>): Promise<void>
  /** Waits until everything is on disk. */
  flush(): Promise<void>
}

/** What a transaction can do. */
export interface Writing {
  insert(table: TableMeta, rows: readonly Row[]): Promise<void>
  /** Runs a statement that means the same in both dialects. */
  run(statement: string): Promise<void>
  /** Empties a table. */
  clear(table: TableMeta): Promise<void>
  setFact(name: string, value: string): Promise<void>
  removeFact(name: string): Promise<void>
}

/** Returns the key of a row. */
export function keyOf(table: TableMeta, row: Row): Value[] {
  return table.key.map((place) => row[place] ?? null)
}

/** Returns the value of the named column. */
export function valueIn(table: TableMeta, row: Row, name: string): Value {
  return row[table.columns.findIndex((column) => column.name === name)] ?? null
}

/** Returns a row with these values, by column names. Unnamed columns have their default, or null. */
export function rowOf(table: TableMeta, values: Readonly<Record<string, Value>>): Row {
  return table.columns.map(({ name, initial }) => values[name] ?? initial)
}
