import type { Policy } from '../access/policy'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { Person } from './actor'

/** The way in for what somebody does to its own account: who it is, is judged where the act takes its place in the log. */
export class SelfService {
  constructor(
    private readonly transactions: Transactions,
    private readonly policy: Policy,
  ) {}

  /**
   * Runs the work in a transaction, with the actor as it is when its turn comes.
   * @throws what ends a credential, draining, idempotency_conflict, and whatever the work throws
   */
  act<Who extends Person, Result>(
    actor: Who,
    work: (tx: Writes, now: Who) => Promise<Result>,
  ): Promise<Result> {
    return this.transactions.run(actor, (tx) => work(tx, this.policy.current(actor)))
  }
}
