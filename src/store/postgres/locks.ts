/**
 * Keys of the advisory locks, which are numbers that a database shares with nobody who is not told: the letters `syna`
 * and a count behind them.
 */
const SYNA = 0x73796e61 * 0x1_0000

/** Held in shared mode by every running server, in exclusive mode by a command that must be alone with the data. */
export const SERVER_LOCK = SYNA + 1

/** Held by whoever brings the schema up to date. */
export const MIGRATION_LOCK = SYNA + 2
