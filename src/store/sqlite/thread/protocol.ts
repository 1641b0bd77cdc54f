/** What the serving thread and a thread with a connection of its own say to each other. */

/** A value as SQLite stores it. */
export type Value = number | string | Uint8Array | null

/** A statement, and the values of each of its runs. */
export interface Batch {
  readonly sql: string
  readonly rows: readonly (readonly Value[])[]
  /** The number of rows that all runs together must change. Default: any. */
  readonly changes?: number
}

/** Opens the connection. The first request. */
export interface Opening {
  readonly path: string
  readonly readonly: boolean
  /** Statements that set up the connection. */
  readonly pragmas: readonly string[]
}

/**
 * Batches that run one after another, in one transaction if `begin` is set here or was set before. If one fails, the
 * transaction is rolled back. Sent as JSON, which crosses faster than an object; values are no bytes therefore.
 */
export interface Group {
  readonly begin: boolean
  readonly batches: readonly Batch[]
  readonly commit: boolean
}

/** One statement whose rows are wanted. A failure does not end the transaction. */
export interface Query {
  readonly sql: string
  readonly values: readonly Value[]
}

/**
 * A statement that keeps the file in order and commits by itself. Answered by one row with one value: how many rows it
 * changed, or -1 if it did not run because a transaction is open.
 */
export interface Upkeep {
  readonly upkeep: string
}

/** `empty-log`: answered by one row with one value, 1 if the write-ahead log is empty now, 0 if something was in the way. */
export type Request = Opening | Group | Query | Upkeep | 'rollback' | 'empty-log' | 'close'

/**
 * Requests are answered in their order: queries by their rows, others by null. Errors cross as codes, because their text
 * may quote data.
 */
export type Answer = Rows | null | Failure

export type Rows = readonly (readonly Value[])[]

export interface Failure {
  /** A result code of SQLite, such as SQLITE_FULL, or one of the codes below. */
  readonly code: string
  /** The batch and its row that failed. */
  readonly at?: readonly [batch: number, row: number]
}

/** A batch changed another number of rows than it must. */
export const WRONG_CHANGES = 'WRONG_CHANGES'
/** The transaction of a statement was rolled back by SQLite. */
export const NO_TRANSACTION = 'NO_TRANSACTION'
/** An error that is not of SQLite, such as a value of a wrong type. */
export const OTHER_ERROR = 'OTHER_ERROR'
