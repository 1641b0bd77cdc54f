import { OperatorError } from '../core/kernel/operator-error'
import { isWithin } from '../home/paths'

/** Returns the root of the backups. @throws OperatorError if there is none outside the home */
export function backupRoot({ root, home }: { readonly root: string | null; readonly home: string }): string {
  if (root !== null && !isWithin(root, home)) return root
  throw new OperatorError(
    'not_allowed',
    'there is no place for backups outside the home',
    'set SYNAPSE_BACKUP_DIR to a folder, best on another disk',
  )
}
