import { type Person, requireHuman } from '../../identity/actor'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import type { Passed } from './interactive'
import type { ShortSecrets } from './short-secrets'

/** How long a login token can be used. */
export const LOGIN_TOKEN_SECONDS = 120
/** How long an OpenID token proves who somebody is. */
export const OPENID_SECONDS = 3600

/** Tokens that a caller hands to others: to sign in another device, or to prove to a service who it is. */
export class IssuedTokens {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'>,
    private readonly users: Users,
    private readonly shortSecrets: ShortSecrets,
  ) {}

  /** Returns a token that signs another device of the person in, once. */
  login(actor: Person, passed: Passed): Promise<string> {
    const { core } = this.parts
    return core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      requireHuman(now)
      await passed.finish(tx)
      return this.shortSecrets.make(tx, 'login', { accountId: now.account.id, seconds: LOGIN_TOKEN_SECONDS })
    })
  }

  /** Returns a token by which a service learns the user id of the caller, and nothing else. */
  openId(actor: Person): Promise<string> {
    const { core } = this.parts
    return core.transactions.run(actor, async (tx) => {
      const { account } = core.policy.current(actor)
      return this.shortSecrets.make(tx, 'openid', { accountId: account.id, seconds: OPENID_SECONDS })
    })
  }

  /** Returns the user id that an OpenID token proves; undefined for any other text. */
  async userOf(token: string): Promise<string | undefined> {
    const found = await this.shortSecrets.find('openid', token)
    if (found?.accountId == null) return undefined
    const account = await this.parts.store.reads.account({ id: found.accountId })
    return account?.archivedAt === null ? this.users.idOf(account) : undefined
  }
}
