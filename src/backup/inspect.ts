import { constants, Database } from 'bun:sqlite'
import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs'
import { BLOB_AREAS, type BlobArea, blobPath, parseBlobKey } from '../core/kernel/blobs'
import { OperatorError } from '../core/kernel/operator-error'
import { refuseMoved } from '../store/store-state'

/** Facts that a store contains about itself. */
export interface StoreFacts {
  /** DID of its instance; undefined in a store that was never served. */
  readonly did: string | undefined
  /** Names of its migrations, oldest first. */
  readonly migrations: readonly string[]
  readonly epoch: string
  readonly lastSeq: number
  readonly counts: Readonly<Record<string, number>>
  /** The reason why no server starts on it: it was moved away, or a move into it is unfinished. */
  readonly moved: OperatorError | undefined
}

/** Opens a copy, which no process writes to, without creating or touching files next to it. */
export function openCopy(path: string): Database {
  const uri = `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?immutable=1`
  return new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI)
}

/**
 * Opens a store for reading. If no server runs on it and its write-ahead log is empty, creates no file next to it: a
 * file of another user would block the server.
 */
export function openQuiet(path: string, { isServed }: { isServed: boolean }): Database {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (!isServed && (log === undefined || log.size === 0)) return openCopy(path)
  const db = new Database(path, { readonly: true })
  db.run('PRAGMA busy_timeout = 5000')
  return db
}

/** Returns `ok`, or a description of the damage. Reads all pages. */
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

/** Returns the facts of a store. @throws OperatorError not_a_copy if the database is not one of Synapse */
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
      'this is not a Synapse store',
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

/** The tables that refer to blobs, and the areas of these. A store of an earlier version may lack some. */
const REFERRING = [
  { table: 'attachments', area: 'attachments' },
  { table: 'matrix_media', area: 'attachments' },
  { table: 'matrix_thumbs', area: 'attachments' },
  { table: 'cs_snapshots', area: 'configsync' },
  { table: 'cs_versions', area: 'configsync' },
] as const satisfies readonly { readonly table: string; readonly area: BlobArea }[]

/** Returns the paths of the blobs of some areas that a store refers to. */
export function blobPathsOf(db: Database, areas: readonly string[] = BLOB_AREAS): string[] {
  return [...new Set(newestBlobs(db, { areas }).map(({ path }) => path))]
}

/** Returns the blobs that a store refers to, or that these tables do: all, or those of the newest `limit` rows of each. */
export function newestBlobs(
  db: Database,
  {
    areas = BLOB_AREAS as readonly string[],
    tables = REFERRING.map(({ table }) => table) as readonly string[],
    limit = -1,
  } = {},
): { readonly path: string; readonly size: number }[] {
  return REFERRING.filter(
    ({ table, area }) => areas.includes(area) && tables.includes(table) && hasTable(db, table),
  ).flatMap(({ table }) =>
    db
      .query<{ blob: string; size: number }, [number]>(
        `SELECT blob, size FROM ${table} WHERE blob IS NOT NULL ORDER BY rowid DESC LIMIT ?`,
      )
      .all(limit)
      .map(({ blob, size }) => ({ path: blobPath(parseBlobKey(blob)), size })),
  )
}

export function hasTable(db: Database, name: string): boolean {
  return db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== null
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

/** Returns the epochs of a store, oldest first, and the seq of its last event. */
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

/** Returns the lower-case hex SHA-256 of a file, which is read in chunks. */
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

/** Waits until a file, or the entries of a folder, are on disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
