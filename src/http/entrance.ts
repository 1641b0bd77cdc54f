import type { Core } from '../core'
import { isForSyncOnly } from '../core/access/scopes'
import type { Authentication, Credential } from '../core/identity'
import {
  type Person,
  type Principal,
  principalOf,
  requireAdmin,
  withOrigin,
  withThrough,
} from '../core/identity/actor'
import { AppError } from '../core/kernel/errors'
import { clientAddress, isDisconnected, peerOf, type RequestOrigin } from './client'
import type { RateClass, RateLimits } from './rate-limits'
import type { RequestContext } from './request-context'

/**
 * Who may call an endpoint. `anyone` needs no credential, `authenticated` any credential or the operator, `account` an
 * account, `admin` a system administrator. There is no default: an endpoint without it does not compile.
 */
export const callers = ['anyone', 'authenticated', 'account', 'admin'] as const

export type Who = (typeof callers)[number]

/** What an endpoint requires of a caller with a credential, and how the call is counted. */
export interface AccessRule<W extends Exclude<Who, 'anyone'> = Exclude<Who, 'anyone'>> {
  readonly who: W
  /** For admins: the scope that admits other tokens. */
  readonly scope?: string | undefined
  readonly rate: RateClass | 'unlimited'
  /** Whether the writing transaction checks all rights again. */
  readonly authorizedInTransaction?: boolean
  /** Whether tokens that have only `configsync:*` scopes are admitted. */
  readonly admitsSyncTokens?: boolean
}

/**
 * The actor type for a rule. Only `account` endpoints allow a caller to act as another account; elsewhere its own
 * credential counts.
 */
export type ActorOf<W extends Who> = W extends 'anyone' ? null : W extends 'account' ? Person : Principal

/**
 * Checks every request with a credential, and every reading frame of a socket. In order: read barrier, authentication,
 * rate limits, note of use, and the access rule.
 */
export class Entrance {
  constructor(
    private readonly authentication: Authentication,
    private readonly core: Core,
    private readonly rates: RateLimits,
  ) {}

  /**
   * @throws the authentication errors (401), rate_limited, admin_scope_required, missing_scope, not_admin,
   *   operator_has_no_account
   */
  async enter<W extends Exclude<Who, 'anyone'>>(
    context: RequestContext,
    credential: Credential | Promise<Credential>,
    rule: AccessRule<W>,
    origin: RequestOrigin | null,
  ): Promise<ActorOf<W>> {
    const { who, scope, rate, authorizedInTransaction = false, admitsSyncTokens = false } = rule
    const presented = credential instanceof Promise ? await credential : credential
    const found = await this.authentication.identify(presented, authorizedInTransaction)
    const { through } = peerOf(context.request)
    const caller = through === undefined ? found : withThrough(found, through)
    const actor = origin === null ? caller : withOrigin(caller, origin)
    const principal = principalOf(actor)
    this.count(context, principal, rate)
    if (rate === 'read' && who === 'account' && actor.via !== 'operator') this.core.presences.noteRead(actor)
    if (!admitsSyncTokens) refuseSyncToken(principal)
    if (who === 'admin') requireAdmin(principal, this.core.settings, scope)
    // The rule determines the type.
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
   * Checks the caller of an open connection again, for example for a new frame. Returns the actor with current data.
   * @throws as `enter`
   */
  async enterAgain(actor: Person, rate: RateClass): Promise<Person> {
    const now = await this.authentication.identify((policy) => policy.current(actor), false)
    const principal = principalOf(now)
    this.rates.take(principal, rate)
    this.core.usage.note(principal)
    if (rate === 'read') this.core.presences.noteRead(now)
    return now
  }

  private count(context: RequestContext, principal: Principal, rate: RateClass | 'unlimited'): void {
    if (rate !== 'unlimited') this.rates.take(principal, rate, context)
    this.core.usage.note(principal)
    // Posts are frequent, so only some of them are examined.
    if (principal.via === 'token' && (rate !== 'post' || this.core.tokenReuse.isDue(principal.token.id)))
      this.noteWhere(context.request, principal.token.id)
  }

  /** Records where a token is used from, to detect a token shared by several programs. */
  private noteWhere(request: Request, tokenId: number): void {
    const { settings, tokenReuse } = this.core
    const address = clientAddress(request, settings.get('trusted_proxies'))
    // The address of a client that has disconnected is unknown.
    if (isDisconnected(request)) return
    tokenReuse.note(tokenId, address, request.headers.get('user-agent'))
  }
}

/** @throws missing_scope for a token that is for the encrypted snapshot store alone */
function refuseSyncToken(principal: Principal): void {
  if (principal.via !== 'token' || !isForSyncOnly(principal.token.scopes)) return
  throw new AppError('forbidden', 'missing_scope', 'A token with only configsync scopes is for /api alone', {
    gate: 'scope',
  })
}
