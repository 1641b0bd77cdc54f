import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { SharedLog } from '../log/shared-log'
import type { Actor } from './actor'

/**
 * A credential that was read from a request: who it stands for, as the gates know it. Synchronous, and it may run more than
 * once, as every judgement over the directory.
 * @throws what the gates say of a credential that does not count
 */
export type Credential<Who extends Actor = Actor> = (policy: Policy) => Who

/**
 * The only way from a credential to an actor. A surface cannot look one up by itself: of the gates and the directory it is
 * given what asks for an actor. So no credential is judged by less than what every process had committed before.
 */
export class Authentication {
  constructor(
    private readonly directory: Directory,
    private readonly policy: Policy,
    private readonly shared: Pick<SharedLog, 'readBarrier'> | undefined,
  ) {}

  /**
   * Who comes with a credential. `authorizedInTransaction`: all of it is judged again by the transaction that writes, so
   * what this process knows is enough to let it in, and the read barrier is for those that it would refuse.
   * @throws what the credential throws
   */
  identify<Who extends Actor>(credential: Credential<Who>, authorizedInTransaction: boolean): Promise<Who> {
    const { shared } = this
    if (shared === undefined) return this.judge(credential)
    return authorizedInTransaction
      ? this.judge(credential).catch(() => this.judgeBehindBarrier(credential, shared))
      : this.judgeBehindBarrier(credential, shared)
  }

  private judge<Who extends Actor>(credential: Credential<Who>): Promise<Who> {
    return this.directory.retryUntilLoaded(() => credential(this.policy))
  }

  private async judgeBehindBarrier<Who extends Actor>(
    credential: Credential<Who>,
    shared: Pick<SharedLog, 'readBarrier'>,
  ): Promise<Who> {
    await shared.readBarrier()
    return this.judge(credential)
  }
}
