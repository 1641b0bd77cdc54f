import { getTableColumns, getTableName, SQL } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  type ExtraConfigColumn,
  foreignKey,
  index,
  jsonb,
  type PgColumnBuilderBase,
  type PgTable,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { pgInstantColumn, pgUuidColumn } from './columns'

type Tables = Record<string, SQLiteTable>

/** Derives Postgres tables from SQLite tables: same names, keys, defaults and indexes. */
export function toPg<Schema extends Tables>(schema: Schema): { [Name in keyof Schema]: PgTable } {
  const derived: Record<string, PgTable> = {}
  const find = (table: SQLiteTable): PgTable => {
    const entry = Object.entries(schema).find(([, candidate]) => candidate === table)
    const known = entry && derived[entry[0]]
    if (!known) throw new Error(`table ${getTableName(table)} is referred to before it is declared`)
    return known
  }
  for (const [name, table] of Object.entries(schema)) derived[name] = toPgTable(table, find)
  return derived as { [Name in keyof Schema]: PgTable }
}

function toPgTable(table: SQLiteTable, find: (table: SQLiteTable) => PgTable): PgTable {
  const config = getTableConfig(table)
  const keys = Object.fromEntries(
    Object.entries(getTableColumns(table)).map(([key, column]) => [column.name, key]),
  )
  const builders: Record<string, PgColumnBuilderBase> = {}
  for (const [key, column] of Object.entries(getTableColumns(table)))
    builders[key] = toPgColumn(column as SQLiteColumn)
  return pgTable(config.name, builders, (self) => {
    const column = (name: string) => self[keys[name] ?? ''] as ExtraConfigColumn & AnyPgColumn
    const extras = []
    for (const { config: source } of config.indexes) {
      const make = source.unique ? uniqueIndex(source.name) : index(source.name)
      const columns = source.columns.map((part) => {
        if (part instanceof SQL) throw new Error(`index ${source.name} is on an expression`)
        return column(part.name)
      })
      const [first, ...rest] = columns
      if (!first) throw new Error(`index ${source.name} has no columns`)
      const built = make.on(first, ...rest)
      extras.push(source.where ? built.where(source.where) : built)
    }
    for (const key of config.primaryKeys) {
      const [first, ...rest] = key.columns.map(({ name }) => column(name))
      if (first) extras.push(primaryKey({ columns: [first, ...rest] }))
    }
    for (const key of config.foreignKeys) {
      const reference = key.reference()
      const target = getTableColumns(find(reference.foreignTable))
      const foreign = reference.foreignColumns.map(({ name }) => {
        const found = Object.values(target).find((candidate) => candidate.name === name)
        return found as AnyPgColumn
      })
      const [from, ...moreFrom] = reference.columns.map(({ name }) => column(name))
      const [to, ...moreTo] = foreign
      if (from && to)
        extras.push(foreignKey({ columns: [from, ...moreFrom], foreignColumns: [to, ...moreTo] }))
    }
    return extras
  })
}

function toPgColumn(column: SQLiteColumn): PgColumnBuilderBase {
  let builder = baseColumn(column)
  if (column.notNull) builder = builder.notNull()
  if (column.primary) builder = builder.primaryKey()
  if (column.isUnique) builder = builder.unique()
  if (column.hasDefault && column.default !== undefined) builder = builder.default(column.default)
  return builder
}

/** The builders of the columns differ in their types only. All have these methods. */
type Builder = PgColumnBuilderBase & {
  notNull(): Builder
  primaryKey(): Builder
  unique(): Builder
  default(value: unknown): Builder
}

function baseColumn(column: SQLiteColumn): Builder {
  const { name } = column
  const autoIncrement = 'autoIncrement' in column && column.autoIncrement === true
  const make = (): unknown => {
    switch (column.columnType) {
      case 'SQLiteInteger':
        return autoIncrement ? bigserial(name, { mode: 'number' }) : bigint(name, { mode: 'number' })
      case 'SQLiteBoolean':
        return boolean(name)
      case 'SQLiteText':
        return text(name)
      case 'SQLiteTextJson':
        return jsonb(name)
      case 'SQLiteCustomColumn':
        return column.getSQLType() === 'blob' ? pgUuidColumn(name) : pgInstantColumn(name)
      default:
        throw new Error(`column ${name} has a type without a Postgres counterpart: ${column.columnType}`)
    }
  }
  return make() as Builder
}
