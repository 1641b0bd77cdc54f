import type { Policy } from '../access/policy'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { Person } from './actor'

/** Runs the acts of an account on itself. The actor is judged inside the transaction of the act. */
export class SelfService {
  constructor(
    private readonly transactions: Transactions,
    private readonly policy: Policy,
  ) {}

  /** Refuses early, for an act that asks somebody else before its transaction. @throws draining */
  refuseWhileDraining(actor: Person): void {
    this.transactions.refuseWhileDraining(actor)
  }

  /**
   * Runs the work in a transaction, with the actor's current data.
   * @throws the error that ended the credential, draining, idempotency_conflict, what the work throws
   */
  act<Who extends Person, Result>(
    actor: Who,
    work: (tx: Writes, now: Who) => Promise<Result>,
  ): Promise<Result> {
    return this.transactions.run(actor, (tx) => work(tx, this.policy.current(actor)))
  }
}
