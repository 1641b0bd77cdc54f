import { OperatorError } from '../core/kernel/operator-error'

/** Returns an OperatorError for a failed system call in the backup folder. Returns any other error unchanged. */
export function translated(error: unknown, path: string): unknown {
  if (error instanceof OperatorError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return new OperatorError(
      'storage_full',
      `there is no space left at ${path}`,
      'free some space, or name another folder',
    )
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new OperatorError(
      'damaged',
      `${path} is damaged (${code})`,
      'synapse backup list shows the copies',
    )
  if (/^E[A-Z]+$/.test(code) || code.startsWith('SQLITE_'))
    return new OperatorError(
      'unusable',
      `${path} cannot be used (${code})`,
      'let the user of the server read and write it, or set SYNAPSE_BACKUP_DIR',
    )
  return error
}
