import { OperatorError } from '../core/kernel/operator-error'

/** Another process holds the lock at `path`. */
export class HomeLocked extends OperatorError {
  override readonly name = 'HomeLocked'

  constructor(
    readonly path: string,
    problem: string,
    remedy: string,
  ) {
    super('locked', problem, remedy)
  }
}

/** The errno name (`ENOENT`, `EACCES`, `SQLITE_BUSY`…) of what was thrown, or an empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
