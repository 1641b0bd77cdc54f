/** Why a store cannot be opened, and what to do about it. Never holds a query, a parameter or a password. */
export class StoreError extends Error {
  override readonly name = 'StoreError'

  constructor(
    readonly reason:
      | 'newer_schema'
      | 'changed_migration'
      | 'not_a_store'
      | 'unreadable'
      | 'unreachable'
      | 'damaged'
      | 'unsuitable'
      | 'no_rights'
      | 'busy'
      | 'moved_away'
      | 'half_moved',
    readonly problem: string,
    readonly remedy: string,
  ) {
    super(`${problem}: ${remedy}`)
  }
}
