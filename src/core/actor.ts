import type { Account, Session, Token, Via } from './entities'
import { AppError, refusal } from './errors'
import { ADMIN_SCOPE, anyScopeMatches } from './scopes'
import type { Settings } from './settings'
import type { Micros } from './time'

/**
 * Who acts: every credential becomes one of these in http/auth.ts, and it is the first argument of every verb.
 * The operator is whoever reaches the local socket or runs the program on the data itself: all of administration,
 * but no account, so it neither reads nor posts.
 */
export type Actor = (
  | { readonly via: 'operator' }
  | { readonly via: 'token'; readonly account: Account; readonly token: Token }
  | { readonly via: 'session'; readonly account: Account; readonly session: Session }
) & { readonly origin?: Origin }

/** Where an act was asked for; looked up by those that are written down, which are few. */
export interface Origin {
  /** The client's own address, behind whatever proxies; null on this machine. */
  address(): string | null
  /** The command that the local operator gave, if one says so. */
  command(): string | null
}

/** An actor that is somebody. */
export type Person = Exclude<Actor, { via: 'operator' }>

export function accountOf(actor: Actor): Account | null {
  return actor.via === 'operator' ? null : actor.account
}

export function messageVia(actor: Person): Via {
  return actor.via
}

/** Scopes bind tokens only; a person on a login session has none and needs none. */
export function scopesOf(actor: Actor): readonly string[] {
  return actor.via === 'token' ? actor.token.scopes : []
}

/** Whether the actor passes a scope check (gate 6): always, unless it holds a token that lacks the scope. */
export function holdsScope(actor: Actor, required: string): boolean {
  return actor.via !== 'token' || anyScopeMatches(actor.token.scopes, required)
}

/** Whether a human is a system administrator, by the flag in the store or by the operator's list of handles. */
export function isListedAdmin(account: Account, settings: Settings): boolean {
  return (
    account.kind === 'human' && (account.isAdmin || settings.get('admin_handles').includes(account.handle))
  )
}

/** Whether the actor may administer the whole system. */
export function isAdmin(actor: Actor, settings: Settings): boolean {
  if (actor.via === 'operator') return true
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

/** When the credential stops working by itself, if it does. */
export function expiryOf(actor: Actor): Micros | null {
  if (actor.via === 'operator') return null
  return actor.via === 'token' ? actor.token.expiresAt : actor.session.expiresAt
}
