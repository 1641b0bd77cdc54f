import { constants, Database } from 'bun:sqlite'
import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs'
import { OperatorError } from '../core/kernel/operator-error'
import { refuseMoved } from '../store/store-state'

/** What a store says about itself. */
export interface StoreFacts {
  /** Of the key it belongs to; undefined in a store that never was served. */
  readonly did: string | undefined
  /** The migrations it has, oldest first. */
  readonly migrations: readonly string[]
  readonly epoch: string
  readonly lastSeq: number
  readonly counts: Readonly<Record<string, number>>
  /** Why no server starts on it: it was moved elsewhere, or is only half here. */
  readonly moved: OperatorError | undefined
}

/** A copy, which nobody writes: opened so that not a byte beside it is touched. */
export function openCopy(path: string): Database {
  const uri = `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?immutable=1`
  return new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI)
}

/**
 * A store for reading. While nobody runs on it and its write-ahead log is empty, no file is made beside it: a reader
 * that made one, perhaps as another user, would be in the way of the server.
 */
export function openQuiet(path: string, { isServed }: { isServed: boolean }): Database {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (!isServed && (log === undefined || log.size === 0)) return openCopy(path)
  const db = new Database(path, { readonly: true })
  db.run('PRAGMA busy_timeout = 5000')
  return db
}

/** `ok`, or what is wrong with the structure of the database: its pages are all read. */
export function soundnessOf(db: Database): string {
  try {
    return db.query<{ quick_check: string }, []>('PRAGMA quick_check(1)').get()?.quick_check ?? 'no answer'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_IOERR'))
      return code
    throw error
  }
}

const COUNTED = ['messages', 'events', 'accounts', 'channels'] as const

/** @throws OperatorError not_a_copy for a database that is none of ours */
export function factsOf(db: Database): StoreFacts {
  const tables = new Set(
    db
      .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  )
  if (!['migrations', 'epochs', 'log_head', 'instance'].every((name) => tables.has(name)))
    throw new OperatorError(
      'not_a_copy',
      'this is no store of Synapse',
      'name a file that backup create made',
    )
  const one = <Row>(sql: string) => db.query<Row, []>(sql).get()
  return {
    moved: movedOf(db),
    did: one<{ value: string }>("SELECT value FROM instance WHERE name = 'did'")?.value,
    migrations: db
      .query<{ name: string }, []>('SELECT name FROM migrations ORDER BY name')
      .all()
      .map(({ name }) => name),
    epoch: one<{ epoch: string }>('SELECT epoch FROM epochs ORDER BY first_seq DESC')?.epoch ?? '',
    lastSeq: one<{ seq: number }>('SELECT seq FROM log_head')?.seq ?? 0,
    counts: Object.fromEntries(
      COUNTED.map((table) => [table, one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0]),
    ),
  }
}

function movedOf(db: Database): OperatorError | undefined {
  const facts = db.query<{ name: string; value: string }, []>('SELECT name, value FROM instance').all()
  try {
    refuseMoved(new Map(facts.map(({ name, value }) => [name, value])))
    return undefined
  } catch (error) {
    if (error instanceof OperatorError) return error
    throw error
  }
}

/** The epochs of a store, oldest first, and the seq of its last event. */
export function epochsOf(db: Database): { epochs: string[]; head: number } {
  return {
    epochs: db
      .query<{ epoch: string }, []>('SELECT epoch FROM epochs ORDER BY first_seq')
      .all()
      .map(({ epoch }) => epoch),
    head: db.query<{ seq: number }, []>('SELECT seq FROM log_head').get()?.seq ?? 0,
  }
}

const CHUNK = 1 << 20

/** Lower-case hex SHA-256 of a file, read piece by piece. */
export function sha256Of(path: string): string {
  const hasher = new Bun.CryptoHasher('sha256')
  const buffer = new Uint8Array(CHUNK)
  const file = openSync(path, 'r')
  try {
    for (let n = readSync(file, buffer); n > 0; n = readSync(file, buffer))
      hasher.update(buffer.subarray(0, n))
  } finally {
    closeSync(file)
  }
  return hasher.digest('hex')
}

/** Waits until a file, or the names in a folder, are on disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
