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
  /** An admin has locked it: its devices can do nothing but log out. */
  readonly locked: boolean
  /** An admin has suspended it: it reads, and writes nothing. */
  readonly suspended: boolean
  readonly deactivatedAt: Micros | null
  /** Its events are served redacted to who joined after it was deactivated. */
  readonly erased: boolean
}

/** What an admin has taken from a user. */
export type UserStanding = Pick<MatrixUser, 'accountId' | 'locked' | 'suspended'>

export interface UserReads {
  /** The users that are locked or suspended. */
  restrictedUsers(): Promise<UserStanding[]>
  /** By account; `after` is the account of the last one of the previous page. */
  listUsers(page: { readonly after: number; readonly limit: number }): Promise<MatrixUser[]>
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
    change: Partial<Pick<MatrixUser, 'avatar' | 'profile' | 'locked' | 'suspended'>>,
  ): Promise<void>
  /** Notes that a user does not come back. */
  deactivateUser(accountId: number, state: { readonly at: Micros; readonly erased: boolean }): Promise<void>
  /** Deletes profile, account data, filters, short-lived secrets, and the devices that have no session. */
  forgetUser(accountId: number): Promise<void>
}
