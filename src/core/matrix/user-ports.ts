import type { Micros } from '../kernel/time'

/** The Matrix user of a local account. */
export interface MatrixUser {
  readonly accountId: number
  readonly localpart: string
  /** `mxc://` URI. */
  readonly avatar: string | null
  /** Further fields of the profile. */
  readonly profile: Readonly<Record<string, unknown>>
  /** Where the account was made. */
  readonly origin: 'synapse' | 'matrix'
  readonly deactivatedAt: Micros | null
  /** Its events are served redacted to who joined after it was deactivated. */
  readonly erased: boolean
}

export interface UserReads {
  /** Accounts without a user are left out. */
  usersOfAccounts(accountIds: readonly number[]): Promise<MatrixUser[]>
  /** Unknown localparts are left out. */
  usersNamed(localparts: readonly string[]): Promise<MatrixUser[]>
  user(by: { readonly accountId: number } | { readonly localpart: string }): Promise<MatrixUser | undefined>
}

export interface UserWrites {
  /** The localpart must be free. */
  insertUser(user: Pick<MatrixUser, 'accountId' | 'localpart' | 'origin'>): Promise<MatrixUser>
  updateUser(
    accountId: number,
    change: { readonly avatar?: string | null; readonly profile?: Readonly<Record<string, unknown>> },
  ): Promise<void>
  /** Notes that a user does not come back. */
  deactivateUser(accountId: number, state: { readonly at: Micros; readonly erased: boolean }): Promise<void>
  /** Deletes profile, account data, filters, short-lived secrets, and the devices that have no session. */
  forgetUser(accountId: number): Promise<void>
}
