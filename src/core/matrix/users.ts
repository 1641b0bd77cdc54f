import type { Account } from '../kernel/entities'
import type { Reads, Store, Writes } from '../kernel/ports'
import { localpartOf, parseUserId } from './ids'
import type { MatrixUser } from './user-ports'

/** Localparts kept in memory. They never change. */
const CAPACITY = 20_000

/** The users of Matrix that the accounts of this server are. */
export class Users {
  private readonly localparts = new Map<number, string>()

  constructor(
    private readonly store: Store,
    private readonly serverName: string,
  ) {}

  /** Returns the whole user id of an account. */
  async idOf(account: Account): Promise<string> {
    const known = this.localparts.get(account.id)
    if (known !== undefined) return this.idWith(known)
    const user =
      (await this.store.reads.matrix().user({ accountId: account.id })) ?? (await this.insert(account))
    if (this.localparts.size >= CAPACITY) this.localparts.clear()
    this.localparts.set(account.id, user.localpart)
    return this.idWith(user.localpart)
  }

  idWith(localpart: string): string {
    return `@${localpart}:${this.serverName}`
  }

  /** Returns the localpart in a whole id of this server, or in a localpart alone; undefined for another server's id. */
  localpartIn(text: string): string | undefined {
    if (!text.startsWith('@')) return text
    const id = parseUserId(text)
    return id?.server === this.serverName ? id.localpart : undefined
  }

  /** Returns the account of a whole id or localpart, archived or not; undefined if there is none here. */
  async find(text: string, reads: Reads = this.store.reads): Promise<Account | undefined> {
    const localpart = this.localpartIn(text)
    if (localpart === undefined) return undefined
    const user = await reads.matrix().user({ localpart })
    if (user) return reads.account({ id: user.accountId })
    // An account that nobody asked about yet: most handles are their own localparts.
    const account = await reads.account({ handle: localpart })
    return account && (await reads.matrix().user({ accountId: account.id })) ? undefined : account
  }

  /**
   * Does as `find` for many at once, with a few statements however many they are, because each statement of SQLite keeps
   * other requests waiting. Who is not here is left out; the order is any.
   */
  async findAll(texts: readonly string[], reads: Reads = this.store.reads): Promise<Account[]> {
    return [...(await this.findNamed(texts, reads)).values()]
  }

  /** The same, by localpart. */
  async findNamed(
    texts: readonly string[],
    reads: Reads = this.store.reads,
  ): Promise<ReadonlyMap<string, Account>> {
    const localparts = [...new Set(texts.flatMap((text) => this.localpartIn(text) ?? []))]
    if (localparts.length === 0) return new Map()
    const matrix = reads.matrix()
    const known = await matrix.usersNamed(localparts)
    const byId = new Map(
      (await reads.accountsByIds(known.map(({ accountId }) => accountId))).map((one) => [one.id, one]),
    )
    const found = new Map<string, Account>()
    for (const { localpart, accountId } of known) {
      const account = byId.get(accountId)
      if (account) found.set(localpart, account)
    }
    const isKnown = new Set(known.map(({ localpart }) => localpart))
    const others = await reads.accountsByHandles(localparts.filter((localpart) => !isKnown.has(localpart)))
    const users = await matrix.usersOfAccounts(others.map(({ id }) => id))
    const haveUsers = new Set(users.map(({ accountId }) => accountId))
    for (const account of others) if (!haveUsers.has(account.id)) found.set(account.handle, account)
    return found
  }

  /** Returns the user of an account. Makes it when it is first needed. */
  async ensure(tx: Writes, account: Account): Promise<MatrixUser> {
    const matrix = tx.matrix()
    const known = await matrix.user({ accountId: account.id })
    if (known) return known
    const taken = new Set<string>()
    for (;;) {
      const localpart = localpartOf(account.handle, this.serverName, (one) => taken.has(one))
      if (!(await matrix.user({ localpart })))
        return matrix.insertUser({ accountId: account.id, localpart, origin: 'synapse' })
      taken.add(localpart)
    }
  }

  private insert(account: Account): Promise<MatrixUser> {
    return this.store.transact((tx) => this.ensure(tx, account))
  }
}
