/** What every part of the core stands on, and what the parts around it share with it. Imports nothing. */

/** What is wrong, in a word. The commands take their exit code from it. */
export type ProblemKind =
  // A person has to change something before another attempt.
  | 'refused'
  // Another process is at work; waiting may help.
  | 'locked'
  | 'busy'
  | 'conflict'
  // The fault is elsewhere, so that a supervisor should try again.
  | 'unavailable'
  | 'unreachable'
  | 'unreadable'
  | 'missing'
  | 'failed'
  // Of a store.
  | 'newer_schema'
  | 'changed_migration'
  | 'not_a_store'
  | 'damaged'
  | 'unsuitable'
  | 'no_rights'
  | 'moved_away'
  | 'half_moved'
  // Of a backup.
  | 'storage_full'
  | 'unusable'
  | 'not_a_copy'
  | 'not_allowed'
  | 'wrong_passphrase'

/**
 * Something that only the operator can mend: what is wrong and what to do about it, both also in `message`. Neither
 * holds a query, a row, a parameter, a passphrase or a password.
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
