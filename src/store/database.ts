import type { SQL, SQLWrapper } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import type { AuditStamp } from '../core/governance/audit'
import type { Micros } from '../core/kernel/time'
import type * as schema from './schema'

/** The tables of whichever dialect is open; both have the same names and columns. */
export type Tables = typeof schema

/** What the queries use of drizzle, which both dialects have. Every query is awaited. */
export type Database = Pick<BunSQLiteDatabase<Tables>, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** What the dialects write differently. */
export interface Dialect {
  /** The elements of a JSON array of numbers, given as text, as rows of one column `value`. */
  numbers(json: SQLWrapper): SQL
  /** The same of strings. */
  texts(json: SQLWrapper): SQL
  /** By which an index of the account's memberships is in order. */
  readonly membershipKey: SQL
  /** Members of one channel that a statement for many channels counts; LIMIT and OFFSET take it. */
  readonly countedMembers: SQL
  /** A text that sorts by its code points. */
  byCodePoint(text: SQLWrapper): SQL
  /** Instants as rows `given (id, at)`: one parameter for any number. */
  instants(byId: ReadonlyMap<number, Micros>): SQL
}

/** An open database with its tables. */
export interface Handle {
  readonly db: Database
  readonly t: Tables
  readonly dialect: Dialect
}

/** Where writes get the instants, ids and hashes of their rows. */
export type Stamp = AuditStamp
