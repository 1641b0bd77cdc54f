/** The error that the core and the parts around it share for faults an operator must fix. Imports nothing. */

/** The kind of problem. Commands derive their exit code from it. */
export type ProblemKind =
  // A person must change something before another attempt.
  | 'refused'
  // Another process is at work; waiting may help.
  | 'locked'
  | 'busy'
  | 'conflict'
  // The fault is elsewhere; a supervisor should try again.
  | 'unavailable'
  | 'unreachable'
  | 'unreadable'
  | 'missing'
  | 'failed'
  // Problems of a store.
  | 'newer_schema'
  | 'changed_migration'
  | 'not_a_store'
  | 'damaged'
  | 'unsuitable'
  | 'no_rights'
  | 'moved_away'
  | 'half_moved'
  // Problems of a backup.
  | 'storage_full'
  | 'unusable'
  | 'not_a_copy'
  | 'not_allowed'
  | 'wrong_passphrase'

/**
 * A fault that only the operator can fix: the problem and its remedy, both also in `message`. Neither contains a query,
 * a row, a parameter, a passphrase or a password.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'

  constructor(
    readonly kind: ProblemKind,
    readonly problem: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${problem}: ${remedy}`, options)
  }
}
