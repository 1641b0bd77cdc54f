import type { Account } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Store } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import { matrixRefusal } from './errors'
import type { UserStanding } from './user-ports'

/** The words in `changed` of an account's event that say that its standing changed. */
export const STANDING_WORDS = ['locked', 'suspended'] as const

/**
 * The users that an admin has locked or suspended, as of the last committed change, in memory, so that a request asks no
 * statement. Changes arrive as events, of this process and others.
 */
export class Standings {
  private byAccount = new Map<number, UserStanding>()
  private changes = 0
  /** The last time that it was read again; requests that arrive meanwhile wait for it. */
  private loading: Promise<void> = Promise.resolve()
  /** Whether a change could not be read. */
  private isStale = false

  /** Called for each account that is locked from now on. */
  private onLocked: (accountId: number) => void = () => {}

  constructor(
    private readonly store: Pick<Store, 'reads' | 'onCommit'>,
    private readonly report: (fault: unknown) => void,
  ) {}

  /** Reads them, and follows the changes from now on. Call it before anything is served. */
  async open(onLocked: (accountId: number) => void): Promise<void> {
    this.onLocked = onLocked
    this.store.onCommit((events) => {
      if (!events.some(isOfStanding)) return
      this.changes++
      this.renew()
    })
    await this.load()
  }

  private renew(): void {
    this.isStale = false
    this.loading = this.load().catch((fault) => {
      // The next request tries it again.
      this.isStale = true
      this.report(fault)
    })
  }

  /** @throws M_USER_LOCKED */
  async refuseLocked({ id }: Pick<Account, 'id'>): Promise<void> {
    if (this.isStale) this.renew()
    await this.loading
    if (this.byAccount.get(id)?.locked !== true) return
    throw new AppError('unauthenticated', 'm_user_locked', 'An administrator has locked this account', {
      soft_logout: true,
    })
  }

  /** @throws M_USER_SUSPENDED */
  refuseSuspended({ id }: Pick<Account, 'id'>): void {
    if (this.byAccount.get(id)?.suspended === true)
      throw matrixRefusal('M_USER_SUSPENDED', 'An administrator has suspended this account: it can only read')
  }

  private async load(): Promise<void> {
    for (;;) {
      const { changes } = this
      const found = await this.store.reads.matrix().restrictedUsers()
      if (changes !== this.changes) continue
      const before = this.byAccount
      this.byAccount = new Map(found.map((user) => [user.accountId, user]))
      for (const { accountId, locked } of found)
        if (locked && before.get(accountId)?.locked !== true) this.onLocked(accountId)
      return
    }
  }
}

function isOfStanding(event: LogEvent): boolean {
  if (event.type !== 'account.updated') return false
  const { changed } = event.facts as { readonly changed?: readonly string[] }
  return STANDING_WORDS.some((word) => changed?.includes(word))
}
