import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { is, Param, Placeholder } from 'drizzle-orm'

/**
 * Prepares a query of the hot path: written with drizzle like all others, but run as a prepared statement of the
 * driver, which is faster. `names` are the placeholders in the order of the arguments.
 */
export function prepare<Row>(
  connection: Database,
  query: { toSQL(): { sql: string; params: unknown[] } },
  names: readonly string[],
): Statement<Row, SQLQueryBindings[]> {
  const { sql, params } = query.toSQL()
  const found = params.map((param) => {
    const value = is(param, Param) ? param.value : param
    if (!is(value, Placeholder)) throw new Error(`a prepared statement holds a fixed value: ${sql}`)
    return value.name
  })
  if (found.join() !== names.join()) throw new Error(`the placeholders of ${sql} are ${found.join()}`)
  return connection.prepare<Row, SQLQueryBindings[]>(sql)
}
