import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { is, Param, Placeholder } from 'drizzle-orm'

interface Query {
  toSQL(): { sql: string; params: unknown[] }
}

/**
 * Returns the text of a query of the hot path, which is written with drizzle like all others but run by the driver
 * itself, because that is faster. `names` are the placeholders in the order of the values.
 */
export function textOf(query: Query, names: readonly string[]): string {
  const { sql, params } = query.toSQL()
  const found = params.map((param) => {
    const value = is(param, Param) ? param.value : param
    if (!is(value, Placeholder)) throw new Error(`a prepared statement holds a fixed value: ${sql}`)
    return value.name
  })
  if (found.join() !== names.join()) throw new Error(`the placeholders of ${sql} are ${found.join()}`)
  return sql
}

/** Prepares such a query on a connection of this thread. */
export function prepare<Row>(
  connection: Database,
  query: Query,
  names: readonly string[],
): Statement<Row, SQLQueryBindings[]> {
  return connection.prepare<Row, SQLQueryBindings[]>(textOf(query, names))
}
