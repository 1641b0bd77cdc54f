/**
 * The database of the earlier server: how it is read on both engines, and what becomes of it in a store of Synapse.
 * Imports what src/transfer may. Everything goes through the text of the source (source.ts) into rows by the names of
 * columns (rows.ts); the log is written as it would have been (log-writer.ts).
 * Start reading in import.ts, then people.ts and messages.ts.
 */
export { type Imported, importOriginal } from './import'
export { openOriginal } from './open'
