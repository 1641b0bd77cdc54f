import type { SQL, SQLWrapper } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import type { AuditStamp } from '../core/governance/audit'
import type { Micros } from '../core/kernel/time'
import type { CommonStatements } from './common-statements'
import type * as schema from './schema'

/** The tables of the open dialect. Both dialects have the same names and columns. */
export type Tables = typeof schema

/** The part of drizzle that the queries use and both dialects have. Every query is awaited. */
export type Database = Pick<BunSQLiteDatabase<Tables>, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** SQL that differs between the dialects. */
export interface Dialect {
  /** The elements of a JSON array of numbers, given as text, as rows with one column `value`. */
  numbers(json: SQLWrapper): SQL
  /** The same for strings. */
  texts(json: SQLWrapper): SQL
  /** The expression by which an index orders the memberships of an account. */
  readonly membershipKey: SQL
  /** The number of members that a statement over many channels counts in each of them, for LIMIT and OFFSET. */
  readonly countedMembers: SQL
  /** The text, sorted by code point. */
  byCodePoint(text: SQLWrapper): SQL
  /** Instants as rows `given (id, at)`, passed as one parameter however many there are. */
  instants(byId: ReadonlyMap<number, Micros>): SQL
}

/** An open database with its tables. */
export interface Handle {
  readonly db: Database
  readonly t: Tables
  readonly dialect: Dialect
  readonly common: CommonStatements
}

/** Where writes get the instants, ids and hashes of their rows. */
export type Stamp = AuditStamp
