/**
 * The store: the schema, its queries, and the transactions that make writes durable.
 * Imports the core (whose ports it implements), drizzle and the drivers. It never imports a surface or the hub.
 * The schema is declared once (schema/) and the queries are written once (queries/) for SQLite and Postgres. What
 * differs between the two is in sqlite/ and postgres/.
 * Start reading at group-commit.ts: what a commit is, and in which order posts are judged, written, announced and
 * answered. Then engine.ts and its two implementations, sqlite/engine.ts and postgres/engine.ts.
 * postgres/shared-log.ts and postgres/log-tail.ts announce a log that several processes write to.
 */

import type { Secrets, Seq } from '../core/kernel/ids'
import type { OperatorError } from '../core/kernel/operator-error'
import type { Leases, Store } from '../core/kernel/ports'
import type { Clock, Micros } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import type { DiskWatch } from './disk-watch'
import type { Connect } from './postgres/connect'
import { openSqliteStore } from './sqlite'

export { DiskWatch } from './disk-watch'

export interface OpenStore extends Store, Leases, AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres'
  /** Opens further connections to a shared database, for the bus that wakes other processes. */
  readonly connect?: Connect
  /** Names of the migrations that were applied when the store was opened. */
  readonly migrated: readonly string[]
  /** Warnings for the operator about the configuration of the database. */
  readonly notices: readonly string[]
  /** Builders of statements that its reads use often. They can run before a request needs them. */
  common(): Iterable<() => unknown>
  /**
   * Returns a fact about this instance, such as the DID of its key; undefined until it is noted. A fact is noted
   * once.
   */
  fact(name: string): Promise<string | undefined>
  /** Notes a fact unless it is already noted. Returns the stored value. */
  noteFact(name: string, value: string): Promise<string>
  /**
   * Begins a new epoch after the head of the log: positions of earlier epochs beyond it become invalid. With `from`
   * (at most head + 1) it begins there instead, and positions from that seq on become invalid, too. Ids of ConfigSync go
   * on after a gap.
   */
  beginEpoch(reason: string, from?: Seq): Promise<void>
  /** Reports whether the store can answer a query now. */
  isHealthy(): boolean
  /**
   * Erases the copies that the database keeps of removed data, such as old pages of a write-ahead log, or tries to: call
   * it from time to time.
   */
  forgetRemoved(): Promise<void>
  /** Gives some of the disk space that deleted rows had back. Returns whether there is more to give back. */
  releasePages(): Promise<boolean>
  /** Merges some parts of the index of words. Returns whether there is more to merge. */
  mergeWordIndex(): Promise<boolean>
  close(): Promise<void>
}

/** The location of a store, as configured. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

export interface StoreDeps {
  /** The event types that the core knows; default: those of this program. */
  readonly catalogue?: Catalogue
  readonly clock: Clock
  /**
   * Called with the database's current time and the duration of the query that read it, so that the process's clock
   * can follow a shared database.
   */
  readonly follow?: (database: Micros, tookMs: number) => void
  readonly secrets: Secrets
  /** Called with errors that must not fail a request. */
  readonly report: (fault: unknown) => void
  /** Called once if an open store turns out to be unsuitable for serving; default: `report`. */
  readonly unfit?: (fault: OperatorError) => void
  /** Starts the threads of an embedded store; default: those of this program. */
  readonly startWorker?: () => Worker
  /** Checks the free disk space of an embedded store; default: no check. */
  readonly disk?: Pick<DiskWatch, 'look' | 'admit'>
  /** Called with the path of a SQLite store before it is migrated. If it throws, the store is not migrated. */
  readonly beforeMigration?: (path: string) => void
  /** Called after every commit with the number of writes in it and its duration. */
  readonly measure?: (works: number, milliseconds: number) => void
}

/**
 * Opens a store. Creates and migrates it as needed.
 * @throws OperatorError if it cannot or must not be opened by this program
 */
export async function openStore(location: StoreLocation, deps: StoreDeps): Promise<OpenStore> {
  if (location.kind === 'sqlite') return openSqliteStore(location.path, deps)
  // Loaded on use: deriving its tables takes a tenth of a start, and most servers have no use for them.
  const { openPostgresStore } = await import('./postgres')
  return openPostgresStore(location.url, deps)
}

/** See postgres/inspect.ts. */
export const inspectPostgres: typeof import('./postgres/inspect').inspectPostgres = async (...given) => {
  const module = await import('./postgres/inspect')
  return module.inspectPostgres(...given)
}
