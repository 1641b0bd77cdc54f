import { LAST_INSTANT, type Micros } from '../../core/kernel/time'
import { type Row, rowOf, type Value, type Writing } from '../store-adapter'
import { type TableMeta, tableNamed } from '../table-meta'
import type { LogWriter } from './log-writer'
import { type Original, type OriginalTable, type Raw, timeOf } from './source'
import type { Warnings } from './warnings'

/** The values of a row by column names. */
export type Fields = Readonly<Record<string, Value>>

/** What every part of an import uses. */
export interface ImportParts {
  readonly source: Original
  readonly write: Writing
  readonly log: LogWriter
  readonly warnings: Warnings
  /** Called with the number of rows that were written. */
  readonly wrote: (table: string, rows: number) => void
}

/** Rows written at a time. */
const BATCH = 1000

/** Returns all rows of a small table: one row per account, per channel, or per pair of them. */
export async function allRows(source: Original, table: OriginalTable, order: string): Promise<Raw[]> {
  const rows: Raw[] = []
  for await (const page of source.rows(table, order)) rows.push(...page)
  return rows
}

/**
 * Returns the creation time in a column. A time in the future is kept and counted as a warning. @throws OperatorError
 */
export function dateOf(
  { log, warnings }: ImportParts,
  table: OriginalTable,
  raw: Raw,
  column: string,
): Micros {
  const at = timeOf(table, raw, column)
  if (at === LAST_INSTANT)
    warnings.count(`times in ${table}.${column} beyond the year 9999: kept as the last moment of that year`)
  else if (at > log.now)
    warnings.count(`times in ${table}.${column} are in the future: kept; what follows has the right time`)
  return at
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

/** Writes the events that were appended since the last call. */
export async function insertEvents(parts: ImportParts): Promise<void> {
  await insertRows(parts, tableNamed('events'), parts.log.take())
}

async function insertRows(
  { write, wrote }: ImportParts,
  table: TableMeta,
  rows: readonly Row[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH) await write.insert(table, rows.slice(at, at + BATCH))
  wrote(table.name, rows.length)
}
