/**
 * Administration: settings, changing them at run time, the drain, and the audit log.
 * Imports only the core. Start reading here: every administrative act passes through this class.
 */

import type { Policy } from '../access/policy'
import { type Actor, requireAdmin } from '../identity/actor'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { Settings } from './settings'

/** Runs administrative acts. Rights are judged inside the transaction of the act. */
export class Administration {
  constructor(
    private readonly transactions: Transactions,
    private readonly policy: Policy,
    private readonly settings: Settings,
  ) {}

  /**
   * Refuses early, and judges acts that only read. `orScope`: see requireAdmin.
   * @throws admin_scope_required, missing_scope, not_admin
   */
  check(actor: Actor, orScope?: string): void {
    requireAdmin(actor, this.settings, orScope)
  }

  /**
   * Runs the work in a transaction if the actor may still administer when its turn comes.
   * @throws admin_scope_required, missing_scope, not_admin, the error that ended the credential, draining,
   *   idempotency_conflict, what the work throws
   */
  act<Result>(actor: Actor, work: (tx: Writes) => Promise<Result>, orScope?: string): Promise<Result> {
    return this.transactions.run(actor, (tx) => {
      requireAdmin(this.policy.current(actor), this.settings, orScope)
      return work(tx)
    })
  }
}
