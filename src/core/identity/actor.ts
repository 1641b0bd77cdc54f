import { ADMIN_SCOPE, anyScopeMatches, HUMAN_SCOPE } from '../access/scopes'
import type { Settings } from '../governance/settings'
import type { Account, Session, Token, Via } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Retry } from '../kernel/retry-keys'
import type { Micros } from '../kernel/time'

/**
 * The holder of a credential. http/auth.ts turns a credential into a principal, and every verb takes an actor as its
 * first argument. The operator is anyone who can open the local socket or run the program on the data itself: it
 * administers, but has no account, so it neither reads nor posts.
 */
export type Principal = (
  | { readonly via: 'operator' }
  | { readonly via: 'token'; readonly account: Account; readonly token: Token }
  | { readonly via: 'session'; readonly account: Account; readonly session: Session }
) & {
  readonly origin?: Origin
  /** The retry key of the requested act. */
  readonly retry?: Retry
  /** The protocol by which its request came, if messages say so. */
  readonly through?: Through
}

/** The protocols that messages name in `via`. */
export type Through = Extract<Via, 'mcp'>

/** Where an act was requested. Computed only for acts that are recorded, which are few. */
export interface Origin {
  /** The client's own address, behind any proxies; null for local callers. */
  address(): string | null
  /** The command that the local operator ran, if it named one. */
  command(): string | null
  /** The endpoint, such as `POST /v1/messages`. */
  readonly what: string
  /** Whether the endpoint is allowed while the server drains. */
  readonly duringDrain: boolean
}

/**
 * A principal that acts as another account (access/impersonation.ts). Memberships and roles are those of `account`;
 * credential and scopes remain the principal's. It cannot administer, and does not count as the person where a person
 * is required.
 */
export interface Acting {
  readonly via: 'acting'
  readonly account: Account
  readonly principal: Principal
}

export type Actor = Principal | Acting

/** An actor with an account. */
export type Person = Exclude<Actor, { via: 'operator' }>

/** Returns the actor with the origin of its request. */
export function withOrigin(actor: Actor, origin: Origin): Actor {
  return actor.via === 'acting'
    ? { ...actor, principal: { ...actor.principal, origin } }
    : { ...actor, origin }
}

/** Returns the actor with the protocol of its request. */
export function withThrough(actor: Actor, through: Through): Actor {
  return actor.via === 'acting'
    ? { ...actor, principal: { ...actor.principal, through } }
    : { ...actor, through }
}

/** Returns the actor with the retry key of its request. */
export function withRetry<Who extends Actor>(actor: Who, retry: Retry): Who {
  return actor.via === 'acting' ? { ...actor, principal: { ...actor.principal, retry } } : { ...actor, retry }
}

/** Returns the actor without a retry key, for a transaction whose result is not yet the answer. */
export function withoutRetry(actor: Actor): Actor {
  if (actor.via === 'acting') return { ...actor, principal: withoutKey(actor.principal) }
  return withoutKey(actor)
}

function withoutKey(principal: Principal): Principal {
  const { retry: _, ...rest } = principal
  return rest
}

/** Returns the holder of the actor's credential. */
export function principalOf(actor: Actor): Principal {
  return actor.via === 'acting' ? actor.principal : actor
}

export function accountOf(actor: Actor): Account | null {
  return actor.via === 'operator' ? null : actor.account
}

/** How a message was posted: through a protocol other than v1, or else the kind of its credential. */
export function messageVia(actor: Person): Via {
  const { through, via } = principalOf(actor)
  return through ?? (via === 'session' ? 'session' : 'token')
}

/** Returns the token used to act as another account, else null. */
export function actingTokenId(actor: Actor): number | null {
  return actor.via === 'acting' && actor.principal.via === 'token' ? actor.principal.token.id : null
}

/** Returns the scopes of a token. A login session has none and needs none. */
export function scopesOf(actor: Actor): readonly string[] {
  const principal = principalOf(actor)
  return principal.via === 'token' ? principal.token.scopes : []
}

/** Reports whether the actor passes a scope check. Only a token that lacks the scope fails. */
export function holdsScope(actor: Actor, required: string): boolean {
  const principal = principalOf(actor)
  return principal.via !== 'token' || anyScopeMatches(principal.token.scopes, required)
}

/** Reports whether a human is a system administrator, by the flag in the store or the operator's list of handles. */
export function isListedAdmin(account: Account, settings: Settings): boolean {
  return (
    account.kind === 'human' && (account.isAdmin || settings.get('admin_handles').includes(account.handle))
  )
}

/** Reports whether the actor may administer the whole system. False while it acts as another account. */
export function isAdmin(actor: Actor, settings: Settings): boolean {
  if (actor.via === 'operator') return true
  if (actor.via === 'acting') return false
  if (actor.via === 'token' && !actor.token.scopes.includes(ADMIN_SCOPE)) return false
  return actor.account.kind === 'agent' || isListedAdmin(actor.account, settings)
}

/**
 * Requires a system administrator. `orScope` admits a token with that scope whose holder is an agent, or a person who
 * is an admin.
 * @throws admin_scope_required, missing_scope for tokens, not_admin for people
 */
export function requireAdmin(actor: Actor, settings: Settings, orScope?: string): void {
  if (isAdmin(actor, settings)) return
  if (actor.via === 'token') {
    const { account, token } = actor
    const holds = orScope !== undefined && token.scopes.includes(orScope)
    if (holds && (account.kind === 'agent' || isListedAdmin(account, settings))) return
    if (!holds && !token.scopes.includes(ADMIN_SCOPE)) throw scopeRefusal(orScope)
  }
  throw refusal('not_admin', { gate: 'role' })
}

function scopeRefusal(orScope: string | undefined): AppError {
  if (orScope === undefined)
    return refusal('admin_scope_required', { gate: 'scope', required_scope: ADMIN_SCOPE })
  return missingScope(orScope)
}

/** The refusal of a token that lacks a scope of the whole server. */
export function missingScope(scope: string): AppError {
  return new AppError('forbidden', 'missing_scope', 'Insufficient scope', {
    gate: 'scope',
    required_scope: scope,
  })
}

/**
 * Requires a human on a login session, or on a personal token with `human:act` granted by name.
 * @throws humans_only for agents and for actors acting as another account; missing_scope for another personal token
 */
export function requireHuman(actor: Person): asserts actor is Human {
  if (actor.via === 'acting' || actor.account.kind !== 'human') throw refusal('humans_only')
  if (actor.via === 'token' && !actor.token.scopes.includes(HUMAN_SCOPE)) throw missingScope(HUMAN_SCOPE)
}

/** Reports whether the actor is a human as `requireHuman` requires. */
export function isHuman(actor: Actor): actor is Human {
  if (actor.via === 'operator' || actor.via === 'acting' || actor.account.kind !== 'human') return false
  return actor.via === 'session' || actor.token.scopes.includes(HUMAN_SCOPE)
}

/** A principal with an account. */
export type Human = Exclude<Principal, { via: 'operator' }>

/** Returns the credential of an actor; null for the operator. */
export function credentialOf(actor: Actor): (Token | Session) | null {
  const principal = principalOf(actor)
  if (principal.via === 'operator') return null
  return principal.via === 'token' ? principal.token : principal.session
}

/** Returns when the credential expires; null if never. */
export function expiryOf(actor: Actor): Micros | null {
  return credentialOf(actor)?.expiresAt ?? null
}
