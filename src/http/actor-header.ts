import type { Core } from '../core'
import type { Policy } from '../core/access/policy'
import type { Actor, Principal } from '../core/identity/actor'
import { refusal } from '../core/kernel/errors'

const HEADER = 'x-synapse-actor'
/**
 * One handle: local, of another server (`name@server`), or of a server's own account (`fed:name`). A repeated header
 * contains a comma.
 */
const ONE_HANDLE = /^(?:[a-z][a-z0-9_-]{0,63}(?:@[a-z][a-z0-9-]{0,31})?|fed:[a-z][a-z0-9-]{0,31})$/

/**
 * Returns the actor of a request: the principal, or the account named in `X-Synapse-Actor`
 * (docs/contract/authentication.md#acting-as-another-account). This file checks the header;
 * core/access/impersonation.ts decides who may act as whom.
 * @throws actor_header_invalid; actor_claim_denied, impersonation_denied, account_not_found
 */
export function actorOf(policy: Policy, request: Request, principal: Principal): Actor {
  const handle = claimOf(request)
  return handle === undefined ? principal : policy.claim(principal, handle)
}

/** Refuses a request that names an account without a credential. @throws actor_header_unauthenticated */
export function refuseAnonymousClaim(core: Core, request: Request): void {
  if (namesActor(request) && core.settings.get('strict_actor_header'))
    throw refusal('actor_header_unauthenticated')
}

/** Reports whether the request has the header. */
export function namesActor(request: Request): boolean {
  return request.headers.has(HEADER)
}

/** Returns the handle in the header, or undefined. @throws actor_header_invalid */
export function claimOf(request: Request): string | undefined {
  const value = request.headers.get(HEADER)
  if (value === null) return undefined
  const handle = value.trim().toLowerCase()
  if (!ONE_HANDLE.test(handle)) throw refusal('actor_header_invalid')
  return handle
}
