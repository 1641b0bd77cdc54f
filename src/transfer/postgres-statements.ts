import { formatInstant, toMicros } from '../core/kernel/time'
import { canonicalText } from './canonical'
import type { Row, Value } from './store-adapter'
import type { ColumnKind, ColumnMeta, TableMeta } from './table-meta'

/** The statements of the Postgres adapter, and the types of their parameters. */
export type Parameter = string | number

const types: Readonly<Record<ColumnKind, string>> = {
  integer: 'bigint',
  boolean: 'boolean',
  text: 'text',
  json: 'jsonb',
  uuid: 'uuid',
  instant: 'timestamptz',
}

export function insertOf({ name, columns }: TableMeta): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ')
  const record = columns.map((column) => `"${column.name}" ${types[column.kind]}`).join(', ')
  // Passed as text, because the driver would encode a parameter of the type json again.
  return `INSERT INTO "${name}" (${names}) SELECT ${names} FROM json_to_recordset($1::text::json) AS row(${record})`
}

export function recordOf({ columns }: TableMeta, row: Row): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  columns.forEach(({ name, kind }, place) => {
    record[name] = toField(kind, row[place] ?? null)
  })
  return record
}

function toField(kind: ColumnKind, value: Value): unknown {
  if (value === null) return null
  if (kind === 'instant') return formatInstant(toMicros(Number(value)))
  return kind === 'json' ? JSON.parse(String(value)) : value
}

function selectOf({ name, columns }: TableMeta): string {
  return `SELECT ${columns.map(expressionOf).join(', ')} FROM "${name}"`
}

/** Returns a statement that finds a row by a unique column. */
export function findOf(table: TableMeta, column: string): string {
  const kind = table.columns.find(({ name }) => name === column)?.kind ?? 'text'
  return `${selectOf(table)} WHERE "${column}" = $1::text::${types[kind]}`
}

export function pageOf(table: TableMeta, isContinued: boolean): string {
  const { columns, key, where } = table
  const parts = key.map((place) => columns[place]).filter((column) => column !== undefined)
  // Sorted by bytes as in SQLite, not by a language.
  const ordered = parts.map((column) => `"${column.name}"${column.kind === 'text' ? ' COLLATE "C"' : ''}`)
  const given = parts.map((column, index) => `$${index + 1}::text::${types[column.kind]}`)
  const conditions = [
    // If a later column is a text, the index supports only the first one, because its order differs.
    ...(isContinued
      ? [`${ordered[0]} >= ${given[0]}`, `(${ordered.join(', ')}) > (${given.join(', ')})`]
      : []),
    ...(where === undefined ? [] : [where]),
  ]
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const limit = `$${isContinued ? parts.length + 1 : 1}::text::int`
  return `${selectOf(table)}${filter} ORDER BY ${ordered.join(', ')} LIMIT ${limit}`
}

function expressionOf({ name, kind }: ColumnMeta): string {
  switch (kind) {
    case 'instant':
      return `(extract(epoch FROM "${name}") * 1000000)::bigint AS "${name}"`
    case 'json':
    case 'uuid':
      return `"${name}"::text AS "${name}"`
    default:
      return `"${name}"`
  }
}

export function parametersOf({ columns, key }: TableMeta, values: readonly Value[]): Parameter[] {
  return values.map((value, index) => {
    const kind = columns[key[index] ?? 0]?.kind
    return kind === 'instant' ? formatInstant(toMicros(Number(value))) : String(value)
  })
}

export function fromRecord({ columns }: TableMeta, record: Readonly<Record<string, unknown>>): Row {
  return columns.map((column) => fromField(column, record[column.name]))
}

function fromField({ kind }: ColumnMeta, value: unknown): Value {
  if (value === null || value === undefined) return null
  switch (kind) {
    case 'integer':
    case 'instant':
      return Number(value)
    case 'boolean':
      return value === true
    case 'json':
      return canonicalText(String(value))
    default:
      return String(value)
  }
}
