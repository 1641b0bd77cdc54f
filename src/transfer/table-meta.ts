import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { WORD_INDEX } from '../core/search/index-words'
import * as schema from '../store/schema'
import { OWN_FACTS } from '../store/store-state'

/** The type of a column, independent of the dialect. */
export type ColumnKind = 'integer' | 'boolean' | 'text' | 'json' | 'uuid' | 'instant'

export interface ColumnMeta {
  readonly name: string
  readonly kind: ColumnKind
  /** The value of a row that names none: the declared default, or null. */
  readonly initial: string | number | boolean | null
}

/** A table in both dialects. */
export interface TableMeta {
  readonly name: string
  readonly columns: readonly ColumnMeta[]
  /** Indexes in `columns` of the primary key, in the order of the key. */
  readonly key: readonly number[]
  /** The serial column, if there is one. */
  readonly serial: string | undefined
  /** SQL condition for the rows that belong to the data. The other rows describe this copy of it. */
  readonly where: string | undefined
}

/** By table, the condition for rows that belong to the data. The index of words is made anew, from the beginning. */
const OWN_ROWS: ReadonlyMap<SQLiteTable, string> = new Map<SQLiteTable, string>([
  [schema.instance, `name NOT IN ('${OWN_FACTS.join("', '")}')`],
  [schema.projections, `name <> '${WORD_INDEX}'`],
])

/**
 * Every table of the store, each after those that it refers to. The head of the log comes first: a log that has not
 * reached its head is merely incomplete, one that goes beyond it counts as damaged.
 */
export const TABLES: readonly TableMeta[] = inOrder([schema.logHead, ...Object.values(schema)]).map(metaOf)

/** Returns the table of this name. */
export function tableNamed(name: string): TableMeta {
  const found = TABLES.find((table) => table.name === name)
  if (!found) throw new Error(`there is no table ${name}`)
  return found
}

function inOrder(tables: readonly SQLiteTable[]): SQLiteTable[] {
  const ordered = new Set<SQLiteTable>()
  const add = (table: SQLiteTable) => {
    if (ordered.has(table)) return
    for (const key of getTableConfig(table).foreignKeys) {
      const { foreignTable } = key.reference()
      if (foreignTable !== table) add(foreignTable)
    }
    ordered.add(table)
  }
  tables.forEach(add)
  return [...ordered]
}

function metaOf(table: SQLiteTable): TableMeta {
  const { name, primaryKeys } = getTableConfig(table)
  const columns = Object.values(getTableColumns(table)) as SQLiteColumn[]
  const names = columns.map((column) => column.name)
  const keyNames =
    primaryKeys[0]?.columns.map((column) => column.name) ??
    columns.filter(({ primary }) => primary).map((column) => column.name)
  if (keyNames.length === 0) throw new Error(`table ${name} has no primary key to go through it by`)
  return {
    name,
    columns: columns.map((column) => ({
      name: column.name,
      kind: kindOf(column),
      initial: initialOf(column),
    })),
    key: keyNames.map((key) => names.indexOf(key)),
    serial: columns.find((column) => 'autoIncrement' in column && column.autoIncrement === true)?.name,
    where: OWN_ROWS.get(table),
  }
}

function initialOf(column: SQLiteColumn): ColumnMeta['initial'] {
  const initial: unknown = column.default
  if (initial === undefined || initial === null) return null
  if (kindOf(column) === 'json') return JSON.stringify(initial)
  if (typeof initial === 'string' || typeof initial === 'number' || typeof initial === 'boolean')
    return initial
  throw new Error(`column ${column.name} has a default that cannot be written`)
}

function kindOf(column: SQLiteColumn): ColumnKind {
  switch (column.columnType) {
    case 'SQLiteInteger':
      return 'integer'
    case 'SQLiteBoolean':
      return 'boolean'
    case 'SQLiteText':
      return 'text'
    case 'SQLiteTextJson':
      return 'json'
    case 'SQLiteCustomColumn':
      return column.getSQLType() === 'blob' ? 'uuid' : 'instant'
    default:
      throw new Error(`column ${column.name} has a type that cannot be moved: ${column.columnType}`)
  }
}
