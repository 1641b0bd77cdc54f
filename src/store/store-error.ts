/** Why a store cannot be opened; `remedy` says what to do. Never holds a query, a parameter or a password. */
export class StoreError extends Error {
  override readonly name = 'StoreError'

  constructor(
    readonly reason: 'newer_schema' | 'changed_migration' | 'not_a_store' | 'unsupported' | 'unreadable',
    message: string,
  ) {
    super(message)
  }
}
