import type { Policy } from '../access/policy'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import { type ConfigSyncActor, requireEnabled, requireWriter } from './actor'
import type { ConfigSyncUser } from './ports'

/** Runs the writes of users. The credential and the user are judged inside the transaction of the act. */
export class UserActs {
  constructor(
    private readonly transactions: Transactions,
    private readonly policy: Pick<Policy, 'current'>,
  ) {}

  /** Refuses early, for an act that does something before its transaction. @throws read_only_token, draining */
  refuseEarly(actor: ConfigSyncActor): void {
    requireWriter(actor)
    this.transactions.refuseWhileDraining(actor.by)
  }

  /**
   * Runs the work in a transaction, with the user as it is there.
   * @throws read_only_token, configsync_not_enabled, the error that ended the credential, draining, what the work throws
   */
  write<Result>(
    actor: ConfigSyncActor,
    work: (tx: Writes, user: ConfigSyncUser) => Promise<Result>,
  ): Promise<Result> {
    requireWriter(actor)
    return this.transactions.run(actor.by, async (tx) => {
      this.policy.current(actor.by)
      return work(tx, requireEnabled(await tx.configsync.user({ id: actor.userId })))
    })
  }
}
