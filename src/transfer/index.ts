/**
 * Moves data between stores: a store to the other engine or another place, and a database of the earlier server into
 * a store. Both run while no server runs, page by page. A move can be interrupted at any moment and continued; an
 * import is one transaction.
 * Imports the store's schema and openers, and the core. The caller holds the locks of the files.
 * Tables are described generically (table-meta.ts, from the one schema), so a new table is moved without a change
 * here.
 * Start reading in move.ts, then original/import.ts.
 */
export { type Moved, moveStore, type Progress } from './move'
export { type Imported, importOriginal, openOriginal } from './original'
export { openPostgresAdapter } from './postgres-adapter'
export { reviveStore } from './revive'
export { openSqliteAdapter } from './sqlite-adapter'
export type { StoreAdapter } from './store-adapter'
