import { type Placeholder, sql } from 'drizzle-orm'

/** The largest number of keys in one statement. */
const CHUNK = 500

export function* chunks<Value>(values: readonly Value[]): Generator<Value[]> {
  for (let start = 0; start < values.length; start += CHUNK) yield values.slice(start, start + CHUNK)
}

/** Reports whether a name can be stored. Postgres rejects the character NUL, even in a query. */
export function isStorable(name: string): boolean {
  return !name.includes('\0')
}

/** Returns the row of a statement that must return one. */
export function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new Error('a statement on one row found none')
  return row
}

/** Returns a placeholder for each column of an insert, by its name. */
export function placeholders<const Name extends string>(
  names: readonly Name[],
): Readonly<Record<Name, Placeholder<Name>>> {
  const entries = names.map((name) => [name, sql.placeholder(name)])
  // Each name has an entry.
  return Object.fromEntries(entries) as Record<Name, Placeholder<Name>>
}
