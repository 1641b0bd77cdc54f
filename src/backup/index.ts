/**
 * Backups of an instance and their restore: the store, the keys (sealed) and the blobs, in a folder outside the home.
 * This folder works on files and one SQLite path. It knows no server, request or terminal.
 * May import home (paths, atomic writes), ids and audit entries of core, and the store's knowledge of its files.
 * A copy is valid if it has its final name and a side file. An interrupted backup lacks one of them.
 * Start reading at backups.ts, which a server holds, then snapshot.ts and restore.ts.
 */
export { CHECKPOINT_PAGES, KEPT_LOG_BYTES, lostCommits } from '../store/sqlite/write-ahead-log'
export { type BackupOutcome, Backups, type BlobFolder, type PruneOutcome } from './backups'
export { copyBeforeMigration } from './before-migration'
export { readHeartbeat } from './heartbeat'
export { epochsOf, factsOf, newestBlobs, openQuiet, type StoreFacts, soundnessOf } from './inspect'
export { examineMatrixEvents } from './matrix-events'
export { folderOf } from './names'
export {
  type Backup,
  backupAt,
  byDate,
  instanceFolders,
  listBackups,
  noteVerified,
  noticesOf,
} from './records'
export { type Restored, type RestoreStep, restoreStore } from './restore'
export { halfRestored, readMarker, refuseHalfRestored } from './restore-marker'
export { type KeepReason, type RetentionRule, reasonsToKeep } from './retention'
export { readSealedKeys, type SealedKeys, unsealKeys } from './sealed-keys'
export { missingMigrations, unknownMigrations, type Verdict, verifyBackup } from './verify'
