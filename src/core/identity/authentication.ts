import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { SharedLog } from '../log/shared-log'
import type { Actor } from './actor'

/**
 * A credential read from a request: a function that returns its actor under the current policy. It is synchronous over
 * the directory and may run more than once.
 * @throws the authentication error of an invalid credential
 */
export type Credential<Who extends Actor = Actor> = (policy: Policy) => Who

/**
 * The only way from a credential to an actor. Surfaces get parts of the policy and the directory that require an actor,
 * so they cannot look up a credential themselves. A credential is therefore always judged by the state that all
 * processes had committed before.
 */
export class Authentication {
  constructor(
    private readonly directory: Directory,
    private readonly policy: Policy,
    private readonly shared: Pick<SharedLog, 'readBarrier'> | undefined,
  ) {}

  /**
   * Returns the actor of a credential. With `authorizedInTransaction`, the writing transaction checks all rights again,
   * so local state is enough to admit a caller, and the read barrier is needed only before a refusal.
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
