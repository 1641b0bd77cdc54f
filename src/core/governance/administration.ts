/**
 * How a server is administered: settings, their changes while it runs, the drain, and the audit log of who did what.
 * Imports the core alone. Start reading here: every administrative act goes through it.
 */

import type { Policy } from '../access/policy'
import { type Actor, requireAdmin } from '../identity/actor'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { Settings } from './settings'

/** The way in for every administrative act: who may is judged where the act takes its place in the log. */
export class Administration {
  constructor(
    private readonly transactions: Transactions,
    private readonly policy: Policy,
    private readonly settings: Settings,
  ) {}

  /**
   * Early refusal, and the whole judgement of an act that only reads. `orScope`: see requireAdmin.
   * @throws admin_scope_required, missing_scope, not_admin
   */
  check(actor: Actor, orScope?: string): void {
    requireAdmin(actor, this.settings, orScope)
  }

  /**
   * Runs the work in a transaction, if the actor may still administrate when its turn comes.
   * @throws admin_scope_required, missing_scope, not_admin, what ends a credential, draining, idempotency_conflict, and whatever the work
   *   throws
   */
  act<Result>(actor: Actor, work: (tx: Writes) => Promise<Result>, orScope?: string): Promise<Result> {
    return this.transactions.run(actor, (tx) => {
      requireAdmin(this.policy.current(actor), this.settings, orScope)
      return work(tx)
    })
  }
}
