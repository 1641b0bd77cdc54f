import { AppError } from './errors'
import { MAX_SCOPE_LENGTH, MAX_SCOPES, SLUG_PATTERN } from './limits'

export const ADMIN_SCOPE = 'admin:*'

/** Whether one granted scope covers the required one: equal segment counts, each segment equal or `*`. */
export function scopeMatches(granted: string, required: string): boolean {
  if (granted === ADMIN_SCOPE || granted === required) return true
  const have = granted.split(':')
  const want = required.split(':')
  return have.length === want.length && have.every((segment, i) => segment === '*' || segment === want[i])
}

export function anyScopeMatches(granted: readonly string[], required: string): boolean {
  return granted.some((scope) => scopeMatches(scope, required))
}

/** Whether a scope names this channel literally, so that its holder may learn that the channel exists. */
export function namesChannel(granted: readonly string[], slug: string): boolean {
  return granted.some((scope) => scope.startsWith(`channel:${slug}:`))
}

/** Whether a grant reaches the channel with any verb at all. */
export function touchesChannel(granted: readonly string[], slug: string): boolean {
  return (['read', 'post', 'admin'] as const).some((verb) =>
    anyScopeMatches(granted, `channel:${slug}:${verb}`),
  )
}

const plainScopes = new Set([
  ADMIN_SCOPE,
  'human:act',
  'inbox:*:read',
  'config:read',
  'config:write',
  'audit:read',
  'metrics:read',
  'configsync:sync',
  'configsync:read',
  'federation:manage',
])

function isKnownScope(scope: string): boolean {
  if (plainScopes.has(scope)) return true
  const [area, name, verb, ...rest] = scope.split(':')
  if (rest.length > 0 || name === undefined || verb === undefined) return false
  if (name !== '*' && !SLUG_PATTERN.test(name)) return false
  if (area === 'channel') return ['read', 'post', 'admin', '*'].includes(verb)
  return area === 'dm' && ['read', 'post', '*'].includes(verb)
}

/**
 * The scopes of a new token: lower-cased, without repeats, in the order given.
 * @throws scopes_required, invalid_scope
 */
export function legalScopes(requested: readonly string[]): string[] {
  const scopes = [
    ...new Set(requested.map((scope) => scope.trim().toLowerCase()).filter((scope) => scope !== '')),
  ]
  if (scopes.length === 0) throw new AppError('invalid', 'scopes_required', 'At least one scope required')
  if (scopes.length > MAX_SCOPES)
    throw new AppError('invalid', 'invalid_scope', `A token has at most ${MAX_SCOPES} scopes`)
  for (const scope of scopes)
    if (scope.length > MAX_SCOPE_LENGTH || !isKnownScope(scope))
      throw new AppError('invalid', 'invalid_scope', `Unknown scope: ${scope.slice(0, MAX_SCOPE_LENGTH)}`)
  return scopes
}
