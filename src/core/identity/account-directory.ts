import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Settings } from '../governance/settings'
import type { Account, AccountKind } from '../kernel/entities'
import { slices } from '../kernel/paged-reads'
import type { AccountName, Reads } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import { isAdmin, type Person } from './actor'
import { SYSTEM_HANDLE } from './system-account'

/** Accounts of which it is judged together whether they share a channel with the reader. */
const JUDGED_ROWS = 50

export interface AccountQuery {
  /** The beginning of a handle or of a word of the display name; empty = all. */
  readonly q: string
  readonly kind: AccountKind | null
  readonly limit: number
}

/** Finds accounts by their names. */
export class AccountDirectory {
  constructor(
    private readonly deps: {
      readonly reads: Reads
      readonly directory: Directory
      readonly policy: Policy
      readonly settings: Settings
      readonly pace: Pace
    },
  ) {}

  /**
   * Returns the first active accounts by handle that match, out of those that share a channel with the actor; for system
   * admins, out of all.
   */
  async find(actor: Person, { q, kind, limit }: AccountQuery): Promise<Account[]> {
    const { reads, pace } = this.deps
    const wanted = q.trim().replace(/^@/, '').toLowerCase()
    const matches = (account: AccountName) =>
      account.handle !== SYSTEM_HANDLE &&
      (kind === null || account.kind === kind) &&
      (account.handle.startsWith(wanted) || hasWord(account.displayName, wanted))
    const loop = pace.loop()
    const found: Account[] = []
    for (let after = ''; ; ) {
      await loop.turn()
      const rows = await reads.accountNames({ after, limit: TURN_ROWS })
      loop.did(rows.length)
      for (const some of slices(rows.filter(matches), JUDGED_ROWS)) {
        await loop.turn()
        found.push(...(await this.known(actor, some)))
        loop.did(some.length)
        if (found.length >= limit) return found.slice(0, limit)
      }
      const last = rows.at(-1)
      if (!last || rows.length < TURN_ROWS) return found
      after = last.handle
    }
  }

  /** Returns those of the accounts that the actor may know. */
  private known(actor: Person, names: readonly AccountName[]): Promise<Account[]> {
    const { directory, policy, settings } = this.deps
    const ids = names.map(({ id }) => id)
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const me = now.account.id
      const isAll = isAdmin(now, settings)
      if (!isAll) directory.requireChannelsOf([me, ...ids])
      const known = isAll ? ids : ids.filter((id) => id === me || directory.shareChannel(me, id))
      directory.requireAccounts(known)
      return known.map((id) => directory.account(id)).filter(({ archivedAt }) => archivedAt === null)
    })
  }
}

/** Reports whether a word of the name begins with the text, which is in lower case. */
function hasWord(name: string, text: string): boolean {
  const lower = name.toLowerCase()
  for (let at = lower.indexOf(text); at >= 0; at = lower.indexOf(text, at + 1))
    if (!/[\p{L}\p{N}]$/u.test(lower.slice(0, at))) return true
  return false
}
