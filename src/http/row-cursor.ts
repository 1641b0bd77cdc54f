import { AppError } from '../core/kernel/errors'

/** The number of a row as text. */
const ROW = /^[1-9]\d{0,14}$/

/** Reports whether a text is the number of a row. */
export function isRow(text: string): boolean {
  return ROW.test(text)
}

/**
 * Returns where a page of a newest-first list begins: before the number in the cursor, or at the newest. @throws
 * invalid_cursor
 */
export function rowBefore(cursor: string | undefined): number {
  return rowIn(cursor) ?? Number.MAX_SAFE_INTEGER
}

/** Returns where a page of an oldest-first list begins: after the number in the cursor. @throws invalid_cursor */
export function rowAfter(cursor: string | undefined): number {
  return rowIn(cursor) ?? 0
}

export function invalidCursor(): AppError {
  return new AppError('invalid', 'invalid_cursor', 'Invalid cursor')
}

function rowIn(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (!isRow(cursor)) throw invalidCursor()
  return Number(cursor)
}
