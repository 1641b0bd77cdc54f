import type { SQL, SQLWrapper } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import type { AuditStamp } from '../core/governance/audit'
import type { Seq } from '../core/kernel/ids'
import type { Micros } from '../core/kernel/time'
import type { IndexQuery } from '../core/search/index-words'
import type { CommonStatements } from './common-statements'
import type * as schema from './schema'

/** The tables of the open dialect. Both dialects have the same names and columns. */
export type Tables = typeof schema

/** The part of drizzle that the queries use and both dialects have. Every query is awaited. */
export type Database = Pick<BunSQLiteDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** SQL that differs between the dialects. */
export interface Dialect {
  /** The elements of a JSON array of numbers, given as text, as rows with one column `value`. */
  numbers(json: SQLWrapper): SQL
  /**
   * Whether the column is one of the numbers of a JSON array, given as text. Rows are found by an index of the column,
   * even if the database takes a table that has just grown for a small one.
   */
  amongNumbers(column: SQLWrapper, json: SQLWrapper): SQL
  /** The same for strings. */
  amongTexts(column: SQLWrapper, json: SQLWrapper): SQL
  /** The expression by which an index orders the memberships of an account. */
  readonly membershipKey: SQL
  /** The number of members that a statement over many channels counts in each of them, for LIMIT and OFFSET. */
  readonly countedMembers: SQL
  /** The text, sorted by code point. */
  byCodePoint(text: SQLWrapper): SQL
  /** An instant, moved by microseconds. */
  shifted(instant: SQLWrapper, micros: number): SQL
  /** A JSON object with null in place of the value of a key. */
  withNull(json: SQLWrapper, key: string): SQL
  /** Instants as rows `given (id, at)`, passed as one parameter however many there are. */
  instants(byId: ReadonlyMap<number, Micros>): SQL
  /** The same for texts, as rows `given (id, text)`. */
  textsById(byId: ReadonlyMap<number, string>): SQL
  /**
   * The rows of a JSON array of arrays, given as text, with the columns `c0`, `c1` and so on. One parameter, so the
   * statement is the same for any number of rows.
   */
  table(types: readonly ColumnType[], json: SQLWrapper): SQL
  /** The value by which an insert asks for the next id of a table. */
  nextId(table: string): SQL
  /** Lets the serial column `id` of a table go on after an id that was inserted as a value. */
  raiseCounter(db: Database, table: string, id: number): Promise<void>
  /** Lets the serial columns `id` of tables leave out so many ids. */
  skipIds(db: Database, tables: readonly string[], count: number): Promise<void>
  readonly wordIndex: WordIndex
}

/** The type of a column of rows that are given as JSON. `uuid` is given as text, `instant` as a number, `json` as text. */
export type ColumnType = 'number' | 'text' | 'boolean' | 'uuid' | 'instant' | 'json'

/** The index of words: the table message_words, which only a migration declares. */
export interface WordIndex {
  /** The column with the seq of the message. */
  readonly seq: SQL
  matches(query: IndexQuery): SQL
  add(db: Database, entries: readonly IndexEntry[]): Promise<void>
  /** Removes entries. Their words must be those that were added. */
  remove(db: Database, entries: readonly IndexEntry[]): Promise<void>
}

export interface IndexEntry {
  readonly seq: Seq
  readonly words: readonly string[]
}

/** A value that crosses as JSON. */
export type PlainValue = number | string | null

/** An open database with its tables. */
export interface Handle {
  readonly db: Database
  readonly t: Tables
  readonly dialect: Dialect
  readonly common: CommonStatements
  /**
   * Runs a statement once for each of these rows of values, in one request. Absent where one statement for all rows is
   * the faster way.
   */
  readonly runEach?: (sql: string, rows: readonly (readonly PlainValue[])[]) => Promise<void>
}

/** Where writes get the instants, ids and hashes of their rows. */
export type Stamp = AuditStamp
