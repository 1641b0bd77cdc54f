// The home directory on disk: its place, permissions, lock, and the small files in it.
// Also two decisions that are made before a server exists: which user it runs as, and which addresses are allowed.
// May import: node and Bun, @sinclair/typebox; nothing of Synapse. It never reads the environment of the process.
// Used by config (the choice of the home), cli and main.ts.
// Start reading in paths.ts, then lock.ts.

export {
  type AddressClass,
  addressClass,
  canonicalAddress,
  isLoopbackUrl,
  urlFromHere,
  urlHost,
} from './address'
export { becomeOwner, folderOfUser } from './become-owner'
export { acceptsPeer, type BindClass, type BindDecision, checkBind, checkLan } from './bind-guard'
export { daysLeft, remarksOn } from './certificate'
export { CertificateWatch } from './certificate-watch'
export { didKey } from './did-key'
export { networkFileSystem } from './file-system'
export { HomeLocked } from './home-error'
export { ensureInstanceKey, parseInstanceKey } from './instance-key'
export { localName, ownAddresses, privateAddresses } from './interfaces'
export { acquireLock, lockHome, storeLocks } from './lock'
export { chooseHome, type HomeQuestion, homePaths } from './paths'
export { checkHome, checkSocketPlace, makePrivateDirectory, powerNotices, prepareHome } from './prepare'
export {
  isListening,
  type ProcessMark,
  type RunFile,
  readPid,
  readRunFile,
  removeRunFiles,
  startRunRecord,
} from './run-file'
export { bootIdAt, isAlive, liveSocket, markOf, processState } from './running'
export { readState, writeState } from './state-file'
export { readTls, type TlsFiles, type TlsPair } from './tls'
