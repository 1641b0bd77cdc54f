/**
 * The tables of ConfigSync whose ids clients know. Clients bind their ciphertext to some of them, so that an id that is
 * given out twice would put the content of one thing in the place of another.
 */
export const CLIENT_ID_TABLES = [
  'configsync_users',
  'cs_machines',
  'cs_entities',
  'cs_env_vars',
  'cs_versions',
  'cs_snapshots',
] as const

/**
 * How many ids a store leaves out that was restored: more than it can have given out since the backup was made, which
 * nothing in the backup tells.
 */
export const SKIPPED_IDS = 1_000_000
