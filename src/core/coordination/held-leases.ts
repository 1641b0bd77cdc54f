import type { Account } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import type { ClaimView } from './claim-view'
import type { Claims } from './claims'
import type { Presences } from './presences'

/** The leases of an account, which end when it is archived or erased. */
export class HeldLeases {
  constructor(
    private readonly claims: Pick<Claims, 'openOf' | 'releaseAll'>,
    private readonly presences: Pick<Presences, 'end' | 'gone'>,
  ) {}

  /** Returns what `end` needs. Call it before the first write of the transaction: it may have to load names. */
  openOf(tx: Writes, accountId: number): Promise<readonly ClaimView[]> {
    return this.claims.openOf(tx, accountId)
  }

  /** Ends all leases in the transaction of another verb. `holder`: the account as it is then. */
  async end(tx: Writes, open: readonly ClaimView[], holder: Account, by: Account | null): Promise<void> {
    await this.claims.releaseAll(tx, open, holder, by)
    await this.presences.end(tx, holder.id, holder.erasedAt !== null)
  }

  /** Announces that the account is gone. Call it after the commit of `end`. */
  gone(account: Account): void {
    this.presences.gone(account)
  }
}
