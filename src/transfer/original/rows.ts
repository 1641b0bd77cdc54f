import { type TableShape, tableNamed } from '../shape'
import { type Row, rowOf, type Value, type Writing } from '../side'
import type { LogWriter } from './log-writer'
import type { Original, OriginalTable, Raw } from './source'
import type { Warnings } from './warnings'

/** Values of a row by the names of its columns. */
export type Fields = Readonly<Record<string, Value>>

/** What every part of an import works with. */
export interface ImportParts {
  readonly source: Original
  readonly write: Writing
  readonly log: LogWriter
  readonly warnings: Warnings
  /** Counts rows as they are written. */
  readonly wrote: (table: string, rows: number) => void
}

/** Rows written at a time. */
const BATCH = 1000

/** All rows of a table that is small: one row an account, a channel, or both. */
export async function allRows(source: Original, table: OriginalTable, order: string): Promise<Raw[]> {
  const rows: Raw[] = []
  for await (const page of source.rows(table, order)) rows.push(...page)
  return rows
}

export async function insertFields(
  parts: ImportParts,
  name: string,
  fields: readonly Fields[],
): Promise<void> {
  const table = tableNamed(name)
  await insertRows(
    parts,
    table,
    fields.map((values) => rowOf(table, values)),
  )
}

/** Writes the events that the log has taken since the last time. */
export async function insertEvents(parts: ImportParts): Promise<void> {
  await insertRows(parts, tableNamed('events'), parts.log.take())
}

async function insertRows(
  { write, wrote }: ImportParts,
  table: TableShape,
  rows: readonly Row[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH) await write.insert(table, rows.slice(at, at + BATCH))
  wrote(table.name, rows.length)
}
