/** Why a copy cannot be made, read or put back, and what to do about it. Never holds a passphrase or a password. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
  /** Of a command that fails with it. */
  readonly exitCode = 1

  constructor(
    readonly reason: 'damaged' | 'storage_full' | 'unusable' | 'not_a_copy' | 'wrong_passphrase' | 'refused',
    readonly problem: string,
    readonly remedy: string,
  ) {
    super(`${problem}: ${remedy}`)
  }
}

/** What a failed system call on the backups' place means. Anything that is no such failure comes back as it is. */
export function translated(error: unknown, path: string): unknown {
  if (error instanceof BackupError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return new BackupError('storage_full', `there is no room at ${path}`, 'make room, or name another place')
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new BackupError('damaged', `${path} is damaged (${code})`, 'synapse backup list shows the copies')
  if (/^E[A-Z]+$/.test(code) || code.startsWith('SQLITE_'))
    return new BackupError(
      'unusable',
      `${path} cannot be used (${code})`,
      'let the user of the server read and write it, or set SYNAPSE_BACKUP_DIR',
    )
  return error
}
