import type { Core } from '../core'
import type { Policy } from '../core/access/policy'
import type { Actor, Principal } from '../core/identity/actor'
import { refusal } from '../core/kernel/errors'

const HEADER = 'x-synapse-actor'
/** One handle, of here or of another server (`name@server`), or of a pairing of servers; a repeated header has a comma. */
const ONE_HANDLE = /^(?:[a-z][a-z0-9_-]{0,63}(?:@[a-z][a-z0-9-]{0,31})?|fed:[a-z][a-z0-9-]{0,31})$/

/**
 * Who acts when this principal sends this request: itself, or the account that `X-Synapse-Actor` names
 * (docs/contract/authentication.md#acting-as-another-account). This file reads the header;
 * core/access/impersonation.ts decides who may act as whom.
 * @throws actor_header_invalid; actor_claim_denied, impersonation_denied, account_not_found
 */
export function actorOf(policy: Policy, request: Request, principal: Principal): Actor {
  const handle = claimOf(request)
  return handle === undefined ? principal : policy.claim(principal, handle)
}

/** What a request without a credential hears that names an account. @throws actor_header_unauthenticated */
export function refuseBareClaim(core: Core, request: Request): void {
  if (namesActor(request) && core.settings.get('strict_actor_header'))
    throw refusal('actor_header_unauthenticated')
}

/** Whether the request says at all as whom it acts. */
export function namesActor(request: Request): boolean {
  return request.headers.has(HEADER)
}

/** The handle that the request names; undefined when it names none. @throws actor_header_invalid */
export function claimOf(request: Request): string | undefined {
  const value = request.headers.get(HEADER)
  if (value === null) return undefined
  const handle = value.trim().toLowerCase()
  if (!ONE_HANDLE.test(handle)) throw refusal('actor_header_invalid')
  return handle
}
