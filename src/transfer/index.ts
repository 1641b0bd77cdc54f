/**
 * Data that changes its house: a store that moves to the other engine or another place, and the import of a database of
 * the earlier server. Both work while no server runs, page by page, and can be interrupted at any moment.
 * Imports the store's schema and openers, and the core; whoever calls holds the locks of the files.
 * Tables are known by their shape alone (shape.ts, from the one schema), so a new table moves without a change here.
 * Start reading in move.ts, then original/import.ts.
 */
export { type Moved, moveStore, type Progress } from './move'
export { type Imported, importOriginal, openOriginal } from './original'
export { openPostgresSide } from './postgres-adapter'
export { reviveStore } from './revive'
export { openSqliteSide } from './sqlite-adapter'
export type { StoreAdapter } from './store-adapter'
