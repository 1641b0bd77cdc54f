import { ADMIN_SCOPE, anyScopeMatches, HUMAN_SCOPE } from '../access/scopes'
import type { Settings } from '../governance/settings'
import type { Account, Session, Token, Via } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Retry } from '../kernel/retry-keys'
import type { Micros } from '../kernel/time'

/**
 * Who acts: every credential becomes one of these in http/auth.ts, and it is the first argument of every verb.
 * The operator is whoever reaches the local socket or runs the program on the data itself: all of administration,
 * but no account, so it neither reads nor posts.
 */
export type Principal = (
  | { readonly via: 'operator' }
  | { readonly via: 'token'; readonly account: Account; readonly token: Token }
  | { readonly via: 'session'; readonly account: Account; readonly session: Session }
) & {
  readonly origin?: Origin
  /** The retry key of the act that it asks for. */
  readonly retry?: Retry
}

/** Where an act was asked for; looked up by those that are written down, which are few. */
export interface Origin {
  /** The client's own address, behind whatever proxies; null on this machine. */
  address(): string | null
  /** The command that the local operator gave, if one says so. */
  command(): string | null
  /** The endpoint, such as `POST /v1/messages`. */
  readonly what: string
  /** Whether the endpoint is answered while the server drains. */
  readonly duringDrain: boolean
}

/**
 * A principal that acts as somebody else (impersonation.ts): memberships and roles are those of `account`, credential
 * and scopes stay the principal's. It never administrates, and is not the person where a person is wanted.
 */
export interface Acting {
  readonly via: 'acting'
  readonly account: Account
  readonly principal: Principal
}

export type Actor = Principal | Acting

/** An actor that is somebody. */
export type Person = Exclude<Actor, { via: 'operator' }>

/** The same actor, with where its act was asked for. */
export function withOrigin(actor: Actor, origin: Origin): Actor {
  return actor.via === 'acting'
    ? { ...actor, principal: { ...actor.principal, origin } }
    : { ...actor, origin }
}

/** The same actor, for the one act of a request that has a retry key. */
export function withRetry<Who extends Actor>(actor: Who, retry: Retry): Who {
  return actor.via === 'acting' ? { ...actor, principal: { ...actor.principal, retry } } : { ...actor, retry }
}

/** Whose credential it is. */
export function principalOf(actor: Actor): Principal {
  return actor.via === 'acting' ? actor.principal : actor
}

export function accountOf(actor: Actor): Account | null {
  return actor.via === 'operator' ? null : actor.account
}

/** The way in that a message is marked with. */
export function messageVia(actor: Person): Via {
  return principalOf(actor).via === 'session' ? 'session' : 'token'
}

/** The token that somebody used to act as another; null for everything else. */
export function actingTokenId(actor: Actor): number | null {
  return actor.via === 'acting' && actor.principal.via === 'token' ? actor.principal.token.id : null
}

/** Scopes bind tokens only; a person on a login session has none and needs none. */
export function scopesOf(actor: Actor): readonly string[] {
  const principal = principalOf(actor)
  return principal.via === 'token' ? principal.token.scopes : []
}

/** Whether the actor passes a scope check (gate 6): always, unless it holds a token that lacks the scope. */
export function holdsScope(actor: Actor, required: string): boolean {
  const principal = principalOf(actor)
  return principal.via !== 'token' || anyScopeMatches(principal.token.scopes, required)
}

/** Whether a human is a system administrator, by the flag in the store or by the operator's list of handles. */
export function isListedAdmin(account: Account, settings: Settings): boolean {
  return (
    account.kind === 'human' && (account.isAdmin || settings.get('admin_handles').includes(account.handle))
  )
}

/** Whether the actor may administer the whole system. Who acts as somebody else administrates as itself or not at all. */
export function isAdmin(actor: Actor, settings: Settings): boolean {
  if (actor.via === 'operator') return true
  if (actor.via === 'acting') return false
  if (actor.via === 'token' && !actor.token.scopes.includes(ADMIN_SCOPE)) return false
  return actor.account.kind === 'agent' || isListedAdmin(actor.account, settings)
}

/**
 * `orScope` opens what it names to a token that is no admin's: an agent's, or that of a person who is an admin.
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
  return new AppError('forbidden', 'missing_scope', 'Insufficient scope', {
    gate: 'scope',
    required_scope: orScope,
  })
}

/**
 * Passes a human who is there: on a login session, or on a personal token that was given `human:act` by name.
 * @throws humans_only for agents and for whoever acts as somebody else, missing_scope for another personal token
 */
export function requireHuman(actor: Person): asserts actor is Human {
  if (actor.via === 'acting' || actor.account.kind !== 'human') throw refusal('humans_only')
  if (actor.via === 'token' && !actor.token.scopes.includes(HUMAN_SCOPE))
    throw new AppError('forbidden', 'missing_scope', 'Insufficient scope', {
      gate: 'scope',
      required_scope: HUMAN_SCOPE,
    })
}

/** Somebody with a credential of its own. */
export type Human = Exclude<Principal, { via: 'operator' }>

/** The credential behind an actor, as it is named elsewhere; null for the operator, who has none. */
export function credentialOf(actor: Actor): (Token | Session) | null {
  const principal = principalOf(actor)
  if (principal.via === 'operator') return null
  return principal.via === 'token' ? principal.token : principal.session
}

/** When the credential stops working by itself, if it does. */
export function expiryOf(actor: Actor): Micros | null {
  return credentialOf(actor)?.expiresAt ?? null
}
