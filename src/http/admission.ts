import type { Core } from '../core'
import { type Actor, type Principal, principalOf, requireAdmin, withOrigin } from '../core/actor'
import { AppError } from '../core/errors'
import { authenticate } from './auth'
import { clientAddress, hasGone, type RequestOrigin } from './client'
import type { RateClass } from './rate-limits'
import type { RequestContext } from './request-context'

/**
 * Who may call: `nobody` needs no credential, `anybody` any credential and the operator, `account` somebody with an
 * account, `admin` a system administrator. There is no default: an endpoint says it, or it does not compile.
 */
export type Who = 'nobody' | 'anybody' | 'account' | 'admin'

/** Whom an endpoint lets in, and how it counts. */
export interface Gate {
  readonly who: Who
  readonly scope: string | undefined
  readonly rate: RateClass
  readonly isJudgedLate: boolean
}

/**
 * Authenticates by what every process has committed. What is judged again where it is written is let in by what is known
 * here, which spares it a question.
 */
export async function authenticateFresh(core: Core, request: Request, isJudgedLate: boolean): Promise<Actor> {
  if (isJudgedLate)
    try {
      return await authenticate(core, request)
    } catch (refused) {
      const fresh = core.fresh()
      if (!fresh) throw refused
      await fresh
      return authenticate(core, request)
    }
  await core.fresh()
  return authenticate(core, request)
}

/** Gate 1. @throws the 401s, rate_limited, admin_scope_required, missing_scope, not_admin, operator_has_no_account */
export async function admit(
  core: Core,
  request: Request,
  context: RequestContext,
  gate: Gate,
  origin: RequestOrigin | null,
): Promise<Actor> {
  const { who, scope, rate } = gate
  const found = await authenticateFresh(core, request, gate.isJudgedLate)
  const actor = origin === null ? found : withOrigin(found, origin)
  const principal = principalOf(actor)
  countVisit(core, request, context, principal, rate)
  if (who === 'admin') requireAdmin(principal, core.settings, scope)
  if (who !== 'account') return principal
  if (actor.via === 'operator')
    throw new AppError(
      'forbidden',
      'operator_has_no_account',
      'The local operator can administer but has no account; name one with X-Synapse-Actor, or use its token',
    )
  return actor
}

/** Of every request with a credential, also where an endpoint looks at that itself. @throws rate_limited */
export function countVisit(
  core: Core,
  request: Request,
  context: RequestContext,
  principal: Principal,
  rate: RateClass,
): void {
  context.take(principal, rate)
  core.usage.note(principal)
  // Posts are many: of them it is enough to look at one now and then.
  if (principal.via === 'token' && (rate !== 'post' || core.sharing.isDue(principal.token.id)))
    noteWhere(core, request, principal.token.id)
}

/** Where a token is used from: two programs should not share one. */
function noteWhere(core: Core, request: Request, tokenId: number): void {
  const address = clientAddress(request, core.settings.get('trusted_proxies'))
  // A client that has gone was somewhere all the same.
  if (hasGone(request)) return
  core.sharing.note(tokenId, address, request.headers.get('user-agent'))
}
