/**
 * Copies of an instance and the way back: the store, the keys (sealed) and the blobs, in a folder outside the home.
 * Files and one SQLite path go in, files come out; nobody here knows a server, a request or a terminal.
 * May import home (where things lie, atomic writes), ids and audit entries of core, and what the store knows of its files.
 * A copy counts when it has its name and its side file lies beside it; whatever was cut short lacks one of them.
 * Start reading at backups.ts, which is what a server holds, then snapshot.ts and restore.ts.
 */
export { CHECKPOINT_PAGES, KEPT_LOG_BYTES, lostCommits } from '../store/sqlite/write-ahead-log'
export {
  type BackupOutcome,
  Backups,
  copyBeforeMigration,
  noticesOf,
} from './backups'
export { epochsOf, factsOf, openQuiet, type StoreFacts, soundnessOf } from './inspect'
export { folderOf } from './names'
export { type Backup, byDate, instanceFolders, listBackups } from './records'
export { type Restored, type RestoreStep, restoreStore } from './restore'
export { halfRestored, readMarker, refuseHalfRestored } from './restore-marker'
export { readSealedKeys, type SealedKeys, unsealKeys } from './sealed-keys'
export { missingMigrations, unknownMigrations, type Verdict, verifyBackup } from './verify'
