/**
 * What is stored and how: the schema, its queries, and the unit of work that makes an act durable.
 * Imports the core (whose ports it implements), drizzle and the drivers; never a surface, never the hub.
 * The schema is declared once (schema.ts) and the queries are written once (queries/) for SQLite and Postgres.
 * Where the dialects differ, a file is named after its dialect: sqlite-*.ts.
 * Start reading at sqlite-store.ts: what a commit is, and in which order everybody hears of it.
 */
import type { Database } from 'bun:sqlite'
import { type Secrets, ulid, ulidTime } from '../core/ids'
import type { Store } from '../core/ports'
import type { Clock } from '../core/time'
import { openSqlite } from './sqlite-open'
import { SqliteStore } from './sqlite-store'

export { StoreError } from './store-error'

export interface OpenStore extends Store, AsyncDisposable {
  /** Migrations that opening it applied. */
  readonly migrated: readonly string[]
  /** A fact about this instance, such as the DID of its key; undefined until it is set, which happens once. */
  fact(name: string): string | undefined
  setFact(name: string, value: string): void
  /** Begins a new epoch above everything that was ever handed out: the past that clients know is not this one. */
  beginEpoch(reason: string): void
  /** Whether a query can be answered now. */
  isHealthy(): boolean
  close(): Promise<void>
}

export interface StoreDeps {
  readonly clock: Clock
  readonly secrets: Secrets
  /** Told of faults that must fail nobody's request. */
  readonly report: (fault: unknown) => void
}

/**
 * Opens the store at a path, making and migrating it as needed.
 * @throws StoreError if it cannot or must not be opened by this program
 */
export async function openSqliteStore(
  path: string,
  { clock, secrets, report }: StoreDeps,
): Promise<OpenStore> {
  const { writer, reader, migrated } = openSqlite(path)
  if (!writer.query('SELECT 1 FROM epochs').get()) {
    writer.query('INSERT INTO log_head (id, seq, access_seq, last_at) VALUES (1, 0, 0, ?)').run(clock.now())
    insertEpoch(writer, clock, secrets, 'created')
  }
  const store = new SqliteStore(writer, reader, clock, secrets, report)
  return Object.assign(store, {
    migrated,
    fact: (name: string) =>
      writer.query<{ value: string }, [string]>('SELECT value FROM instance WHERE name = ?').get(name)?.value,
    setFact: (name: string, value: string) => {
      writer.query('INSERT INTO instance (name, value) VALUES (?, ?)').run(name, value)
    },
    beginEpoch: (reason: string) => insertEpoch(writer, clock, secrets, reason),
    isHealthy: () => reader.query('SELECT 1 FROM log_head').get() !== null,
    [Symbol.asyncDispose]: () => store.close(),
  })
}

/**
 * An epoch from the next seq on. Its ULID is later than every former one, whatever the clock says. One in which nothing
 * was ever written gives way to it.
 */
function insertEpoch(writer: Database, clock: Clock, secrets: Secrets, reason: string): void {
  const now = clock.now()
  const last = writer.query<{ epoch: string }, []>('SELECT epoch FROM epochs ORDER BY first_seq DESC').get()
  const milliseconds = Math.max(Math.floor(now / 1000), last ? ulidTime(last.epoch) + 1 : 0)
  const epoch = ulid(milliseconds, secrets.sha256(secrets.secret()))
  writer
    .query(
      'INSERT OR REPLACE INTO epochs (first_seq, epoch, started_at, reason) SELECT seq + 1, ?, ?, ? FROM log_head',
    )
    .run(epoch, now, reason)
}
