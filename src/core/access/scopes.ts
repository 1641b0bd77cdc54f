import { AppError } from '../kernel/errors'
import { MAX_SCOPE_LENGTH, MAX_SCOPES, SLUG_PATTERN } from '../kernel/limits'

export const ADMIN_SCOPE = 'admin:*'
/** Makes the bearer of a personal token the person itself. */
export const HUMAN_SCOPE = 'human:act'

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

export type ChannelVerb = 'read' | 'post' | 'admin'

/** What granted scopes say of channels, to be looked up instead of matched: lists judge thousands of channels. */
class ChannelScopes {
  /** Slugs by verb; `*` stands for every channel. */
  private readonly slugs: Readonly<Record<ChannelVerb, Set<string>>> = {
    read: new Set(),
    post: new Set(),
    admin: new Set(),
  }

  constructor(granted: readonly string[]) {
    for (const scope of granted) {
      const [area, slug, verb, ...rest] = (scope === ADMIN_SCOPE ? '*:*:*' : scope).split(':')
      if ((area !== 'channel' && area !== '*') || slug === undefined || rest.length > 0) continue
      for (const [name, slugs] of Object.entries(this.slugs))
        if (verb === '*' || verb === name) slugs.add(slug)
    }
  }

  allows(slug: string, verb: ChannelVerb): boolean {
    const slugs = this.slugs[verb]
    return slugs.has('*') || slugs.has(slug)
  }

  /** Whether they reach the channel with any verb at all. */
  touches(slug: string): boolean {
    return this.allows(slug, 'read') || this.allows(slug, 'post') || this.allows(slug, 'admin')
  }
}

const compiled = new WeakMap<readonly string[], ChannelScopes>()

/** Scopes never change, so each list is taken apart once. */
export function channelScopes(granted: readonly string[]): ChannelScopes {
  let scopes = compiled.get(granted)
  if (!scopes) {
    scopes = new ChannelScopes(granted)
    compiled.set(granted, scopes)
  }
  return scopes
}

const plainScopes = new Set([
  ADMIN_SCOPE,
  HUMAN_SCOPE,
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

/** What a person who is no system admin may put into a personal token. */
const OWN_SCOPES = ['channel:*:*', 'dm:*:*', HUMAN_SCOPE, 'configsync:sync', 'configsync:read']

/**
 * Refuses scopes that the issuer of a token does not have (docs/contract/authentication.md#escalation). `granted` are the
 * scopes of the issuer's own token; null on a session, where a system admin has every scope, and others those of a person.
 * @throws scope_escalation, naming the first scope that is too much
 */
export function refuseEscalation(
  requested: readonly string[],
  granted: readonly string[] | null,
  isAdmin: boolean,
): void {
  const limits = isAdmin ? [] : [OWN_SCOPES]
  if (granted !== null) limits.push([...granted])
  // The bearer becomes the person only where that was given by name: admin:* does not include it.
  const covers = (own: readonly string[], scope: string) =>
    scope === HUMAN_SCOPE ? own.includes(HUMAN_SCOPE) : anyScopeMatches(own, scope)
  const beyond = requested.find((scope) => !limits.every((own) => covers(own, scope)))
  if (beyond !== undefined)
    throw new AppError('forbidden', 'scope_escalation', `Your own credential does not reach ${beyond}`, {
      gate: 'scope',
      required_scope: beyond,
    })
}
