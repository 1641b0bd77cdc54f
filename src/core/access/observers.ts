import { missingScope, type Person } from '../identity/actor'
import { channelScopes, OBSERVER_SCOPE } from './scopes'

/** Reports whether the actor reads for others (docs/contract/authentication.md#observers). */
export function isObserver(actor: Person): boolean {
  return actor.via === 'token' && channelScopes(actor.token.scopes).observes
}

/** @throws missing_scope unless the actor is an observer */
export function requireObserver(actor: Person): void {
  if (!isObserver(actor)) throw missingScope(OBSERVER_SCOPE)
}
