/**
 * Keys of the advisory locks. All programs in a database share these numbers, so they begin with the letters `syna`.
 */
const SYNA = 0x73796e61 * 0x1_0000

/** Held in shared mode by every running server, in exclusive mode by a command that needs exclusive access. */
export const SERVER_LOCK = SYNA + 1

/** Held while a process migrates the schema. */
export const MIGRATION_LOCK = SYNA + 2
