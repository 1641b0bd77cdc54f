/** Keys asked for in one statement. */
const CHUNK = 500

export function* chunks<Value>(values: readonly Value[]): Generator<Value[]> {
  for (let start = 0; start < values.length; start += CHUNK) yield values.slice(start, start + CHUNK)
}

/** Whether a name can be in a database at all: Postgres fails on one with the character NUL, even when it is asked for it. */
export function isStorable(name: string): boolean {
  return !name.includes('\0')
}

/** The row that a statement on one key returns. */
export function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new Error('a statement on one row found none')
  return row
}

/** A statement that is made when it is first used, and then kept: most transactions need few of them. */
export function lazily<Statement>(make: () => Statement): () => Statement {
  let statement: Statement | undefined
  return () => {
    statement ??= make()
    return statement
  }
}
