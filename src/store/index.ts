/**
 * What is stored and how: the schema, its queries, and the unit of work that makes an act durable.
 * Imports the core (whose ports it implements), drizzle and the drivers; never a surface, never the hub.
 * The schema is declared once (schema/) and the queries are written once (queries/) for SQLite and Postgres.
 * What differs between the two is in sqlite/ and postgres/.
 * Start reading at group-commit.ts: what a commit is, and in which order it is judged, written, announced and answered.
 * Then engine.ts and its two implementations, sqlite/engine.ts and postgres/engine.ts; and
 * postgres/shared-log.ts and postgres/log-tail.ts: how a log that several processes write to is announced.
 */

import type { Secrets, Seq } from '../core/kernel/ids'
import type { OperatorError } from '../core/kernel/operator-error'
import type { Leases, Store } from '../core/kernel/ports'
import type { Clock, Micros } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import type { DiskWatch } from './disk-watch'
import { openPostgresStore } from './postgres'
import type { Connect } from './postgres/connect'
import { openSqliteStore } from './sqlite'

export { DiskWatch } from './disk-watch'
export { inspectPostgres } from './postgres/inspect'

export interface OpenStore extends Store, Leases, AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres'
  /** Further connections to a database that several processes share, for those who wake each other over it. */
  readonly connect?: Connect
  /** Migrations that opening it applied. */
  readonly migrated: readonly string[]
  /** What an operator should know about how it is kept. */
  readonly notices: readonly string[]
  /** A fact about this instance, such as the DID of its key; undefined until it is noted, which happens once. */
  fact(name: string): Promise<string | undefined>
  /** Notes a fact unless it is known; answers what is known then. */
  noteFact(name: string, value: string): Promise<string>
  /**
   * Begins a new epoch above everything that was ever handed out: the past that clients know is not this one. With
   * `from`, at most one above the head, what they know from that seq on is not, either.
   */
  beginEpoch(reason: string, from?: Seq): Promise<void>
  /** Whether a query can be answered now. */
  isHealthy(): boolean
  close(): Promise<void>
}

/** Which store, as the configuration names it. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

export interface StoreDeps {
  /** The types of events that its core knows; default: those of this program. */
  readonly catalogue?: Catalogue
  readonly clock: Clock
  /** Told what the clock of a database that several processes share said within the last so many milliseconds. */
  readonly follow?: (database: Micros, tookMs: number) => void
  readonly secrets: Secrets
  /** Told of faults that must fail nobody's request. */
  readonly report: (fault: unknown) => void
  /** Told once when a store that was opened turns out to be one that must not be served; default: `report`. */
  readonly unfit?: (fault: OperatorError) => void
  /** Knows when an embedded store is about to run out of room; default: nobody does. */
  readonly disk?: Pick<DiskWatch, 'look' | 'admit'>
  /** Called with the path of a SQLite store that is about to be migrated; what it throws stops that. */
  readonly beforeMigration?: (path: string) => void
  /** Told of every commit: how many works shared it, and how long it took. */
  readonly measure?: (works: number, milliseconds: number) => void
}

/**
 * Opens a store, making and migrating it as needed.
 * @throws OperatorError if it cannot or must not be opened by this program
 */
export function openStore(location: StoreLocation, deps: StoreDeps): Promise<OpenStore> {
  return location.kind === 'sqlite'
    ? openSqliteStore(location.path, deps)
    : openPostgresStore(location.url, deps)
}
