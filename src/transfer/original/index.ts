/**
 * Imports the database of the earlier server. Imports what src/transfer may.
 * Both engines are read as text (source.ts). Each part maps that text to rows by column names (rows.ts) and writes
 * the events of the log (log-writer.ts).
 * Start reading in import.ts, then people.ts and messages.ts.
 */
export { type Imported, importOriginal } from './import'
export { openOriginal } from './open'
