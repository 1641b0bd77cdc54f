import { SYSTEM_HANDLE } from '../identity/system-account'
import type { Account } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import { parseUserId } from './ids'
import type { Shown } from './projector/room-of-channel'
import type { MatrixUser } from './user-ports'
import type { Users } from './users'

/** The users that accounts are on Matrix. */
export class People {
  constructor(
    private readonly users: Pick<Users, 'ensure'>,
    private readonly serverName: string,
    /** The name that the account `system` has in rooms. */
    private readonly systemName: () => string,
  ) {}

  /**
   * Returns the users of accounts by account; makes those that do not exist yet. `users` are those that are known already,
   * none to look them up.
   */
  async shown(
    tx: Writes,
    accounts: Iterable<Account>,
    users?: readonly MatrixUser[],
  ): Promise<Map<number, Shown>> {
    const all = [...new Map([...accounts].map((account) => [account.id, account])).values()]
    const found = users ?? (await tx.matrix().usersOfAccounts(all.map(({ id }) => id)))
    const known = new Map(found.map((user) => [user.accountId, user]))
    const shown = new Map<number, Shown>()
    // In the order of the accounts, so that the same accounts get the same localparts each time.
    for (const account of all.sort((one, other) => one.id - other.id)) {
      const user = known.get(account.id) ?? (await this.users.ensure(tx, account))
      shown.set(account.id, this.shownAs(account, user))
    }
    return shown
  }

  /** Returns the users of accounts by account; undefined if one of them does not exist yet. */
  known(accounts: Iterable<Account>, users: readonly MatrixUser[]): Map<number, Shown> | undefined {
    const known = new Map(users.map((user) => [user.accountId, user]))
    const shown = new Map<number, Shown>()
    for (const account of accounts) {
      const user = known.get(account.id)
      if (!user) return undefined
      shown.set(account.id, this.shownAs(account, user))
    }
    return shown
  }

  /** Returns the accounts of users of this server; unknown ids are left out. */
  async accountsOf(tx: Writes, userIds: readonly string[]): Promise<number[]> {
    const localparts = userIds.flatMap((userId) => {
      const id = parseUserId(userId)
      return id?.server === this.serverName ? [id.localpart] : []
    })
    const users = await tx.matrix().usersNamed([...new Set(localparts)])
    return users.map(({ accountId }) => accountId)
  }

  private shownAs({ handle, displayName }: Account, { localpart, avatar }: MatrixUser): Shown {
    const name = handle === SYSTEM_HANDLE ? this.systemName() : displayName
    return { userId: `@${localpart}:${this.serverName}`, displayName: name, avatar }
  }
}
