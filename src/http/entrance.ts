import type { Core } from '../core'
import type { Authentication, Credential } from '../core/identity'
import { type Person, type Principal, principalOf, requireAdmin, withOrigin } from '../core/identity/actor'
import { AppError } from '../core/kernel/errors'
import { clientAddress, hasGone, type RequestOrigin } from './client'
import type { RateClass, RateLimits } from './rate-limits'
import type { RequestContext } from './request-context'

/**
 * Who may call: `nobody` needs no credential, `anybody` any credential and the operator, `account` somebody with an
 * account, `admin` a system administrator. There is no default: an endpoint says it, or it does not compile.
 */
export const callers = ['nobody', 'anybody', 'account', 'admin'] as const

export type Who = (typeof callers)[number]

/** What is asked of a caller who comes with a credential, and what the call counts as. */
export interface AccessRule<W extends Exclude<Who, 'nobody'> = Exclude<Who, 'nobody'>> {
  readonly who: W
  /** For admins: the scope that opens it to other tokens. */
  readonly scope?: string | undefined
  readonly rate: RateClass
  /** Whether all of it is judged again by the transaction that writes. */
  readonly authorizedInTransaction?: boolean
}

/** Who acts as somebody else does so as an account alone; elsewhere its own credential is what counts. */
export type ActorOf<W extends Who> = W extends 'nobody' ? null : W extends 'account' ? Person : Principal

/**
 * The one door. Every request with a credential comes through it, and every frame of a socket that reads: read barrier,
 * authentication, rates, note of use, and what the rule asks, in this order.
 */
export class Entrance {
  constructor(
    private readonly authentication: Authentication,
    private readonly core: Core,
    private readonly rates: RateLimits,
  ) {}

  /**
   * @throws what the credential throws (the 401s), rate_limited, admin_scope_required, missing_scope, not_admin,
   *   operator_has_no_account
   */
  async enter<W extends Exclude<Who, 'nobody'>>(
    context: RequestContext,
    credential: Credential | Promise<Credential>,
    rule: AccessRule<W>,
    origin: RequestOrigin | null,
  ): Promise<ActorOf<W>> {
    const { who, scope, rate, authorizedInTransaction = false } = rule
    const presented = credential instanceof Promise ? await credential : credential
    const found = await this.authentication.identify(presented, authorizedInTransaction)
    const actor = origin === null ? found : withOrigin(found, origin)
    const principal = principalOf(actor)
    this.count(context, principal, rate)
    if (who === 'admin') requireAdmin(principal, this.core.settings, scope)
    // The rule decides the type.
    if (who !== 'account') return principal as ActorOf<W>
    if (actor.via === 'operator')
      throw new AppError(
        'forbidden',
        'operator_has_no_account',
        'The local operator can administer but has no account; name one with X-Synapse-Actor, or use its token',
      )
    return actor as ActorOf<W>
  }

  /**
   * Somebody who came in with a request that lasts asks for more, as a frame of its socket does. Answers who that is now.
   * @throws as `enter`
   */
  async enterAgain(actor: Person, rate: RateClass): Promise<Person> {
    const now = await this.authentication.identify((policy) => policy.current(actor), false)
    const principal = principalOf(now)
    this.rates.take(principal, rate)
    this.core.usage.note(principal)
    return now
  }

  private count(context: RequestContext, principal: Principal, rate: RateClass): void {
    this.rates.take(principal, rate, context)
    this.core.usage.note(principal)
    // Posts are many: of them it is enough to look at one now and then.
    if (principal.via === 'token' && (rate !== 'post' || this.core.tokenReuse.isDue(principal.token.id)))
      this.noteWhere(context.request, principal.token.id)
  }

  /** Where a token is used from: two programs should not share one. */
  private noteWhere(request: Request, tokenId: number): void {
    const { settings, tokenReuse } = this.core
    const address = clientAddress(request, settings.get('trusted_proxies'))
    // A client that has gone was somewhere all the same.
    if (hasGone(request)) return
    tokenReuse.note(tokenId, address, request.headers.get('user-agent'))
  }
}
