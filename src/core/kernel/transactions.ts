import type { Directory } from '../access/directory'
import type { ImpersonationNotes } from '../access/impersonation'
import { refuseWhileDraining } from '../governance/drain'
import type { Settings } from '../governance/settings'
import { type Actor, principalOf } from '../identity/actor'
import type { Seq } from './ids'
import type { Store, Writes } from './ports'
import type { RetryKeys } from './retry-keys'

/** Runs acts of actors, each in a transaction. */
export interface RunsActs {
  run<Result>(
    actor: Actor,
    work: (tx: Writes) => Promise<Result>,
    shows?: (result: Result) => Seq,
  ): Promise<Result>
}

/** Runs acts as parts of another one, in its transaction. */
export function runsWithin(tx: Writes): RunsActs {
  return { run: (_actor, work) => work(tx) }
}

/**
 * Runs every act of an actor: checks its retry key and the drain, runs the act, and records an act done as another
 * account. Posts do not come through here (messages/messages.ts), because many share one commit.
 */
export class Transactions implements RunsActs {
  constructor(
    private readonly store: Store,
    private readonly directory: Directory,
    private readonly settings: Settings,
    private readonly retryKeys: RetryKeys,
    private readonly impersonationNotes: ImpersonationNotes,
  ) {}

  /**
   * Runs the work in a transaction. The work judges the actor, and may run again. `shows` returns the message that the
   * answer shows: the stored answer of a retry key is deleted together with it.
   * @throws idempotency_conflict if the retry key was used, before anything else is judged; draining; what the work
   *   throws
   */
  async run<Result>(
    actor: Actor,
    work: (tx: Writes) => Promise<Result>,
    shows?: (result: Result) => Seq,
  ): Promise<Result> {
    const { retry } = principalOf(actor)
    const result = await this.directory.retryUntilLoaded(() =>
      this.store.transact(async (tx) => {
        if (retry) await this.retryKeys.refuseUsed(tx, retry.key)
        this.refuseWhileDraining(actor)
        const result = await work(tx)
        if (retry) {
          const shown = shows ? shows(result) : null
          await this.retryKeys.keep(tx, retry.key, await retry.answer(result, tx), shown)
        }
        return result
      }),
    )
    this.noteActing(actor)
    return result
  }

  /** Records an act that is done, if the actor acts as another account. For acts that are run together. */
  noteActing(actor: Actor): void {
    this.impersonationNotes.noteBy(actor)
  }

  /** Refuses early, for an act that does something before its transaction. @throws draining */
  refuseWhileDraining(actor: Actor): void {
    if (actor.via === 'operator' || principalOf(actor).origin?.duringDrain) return
    refuseWhileDraining(this.settings)
  }
}
