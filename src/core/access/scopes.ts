import { AppError } from '../kernel/errors'
import { MAX_SCOPE_LENGTH, MAX_SCOPES, SLUG_PATTERN } from '../kernel/limits'

export const ADMIN_SCOPE = 'admin:*'
/** Lets the bearer of a personal token act as the person. */
export const HUMAN_SCOPE = 'human:act'

/** With the right to read every channel, makes a token an observer. */
export const OBSERVER_SCOPE = 'inbox:*:read'

/** Reports whether a granted scope covers the required one: equal numbers of segments, each equal or `*`. */
export function scopeMatches(granted: string, required: string): boolean {
  if (granted === ADMIN_SCOPE || granted === required) return true
  const have = granted.split(':')
  const want = required.split(':')
  return have.length === want.length && have.every((segment, i) => segment === '*' || segment === want[i])
}

export function anyScopeMatches(granted: readonly string[], required: string): boolean {
  return granted.some((scope) => scopeMatches(scope, required))
}

/** Reports whether a scope names this channel literally, so that its holder may know that the channel exists. */
export function namesChannel(granted: readonly string[], slug: string): boolean {
  return granted.some((scope) => scope.startsWith(`channel:${slug}:`))
}

/** Reports whether a token is for the encrypted snapshot store alone, and so not for v1. */
export function isForSyncOnly(granted: readonly string[]): boolean {
  return granted.every((scope) => scope.startsWith('configsync:'))
}

/** Reports whether scopes include posting in any channel or direct channel. */
export function includesPosting(granted: readonly string[]): boolean {
  return granted.some((scope) => {
    if (scope === ADMIN_SCOPE) return true
    const [area, , verb, ...rest] = scope.split(':')
    return rest.length === 0 && /^(?:channel|dm|\*)$/.test(area ?? '') && (verb === 'post' || verb === '*')
  })
}

export type ChannelVerb = 'read' | 'post' | 'admin'

/** The channel scopes of a token, compiled for fast look-up: lists judge thousands of channels. */
class ChannelScopes {
  /** Slugs by verb; `*` means every channel. */
  private readonly slugs: Readonly<Record<ChannelVerb, Set<string>>> = {
    read: new Set(),
    post: new Set(),
    admin: new Set(),
  }

  /** Whether they read every channel without a membership (docs/contract/authentication.md#observers). */
  readonly observes: boolean
  /** Whether an observer reads direct channels, too. */
  readonly observesDirect: boolean

  constructor(granted: readonly string[]) {
    // These must be granted by name: admin:* does not include them.
    const hasOne = (...scopes: string[]) => scopes.some((scope) => granted.includes(scope))
    this.observes = hasOne('channel:*:read', 'channel:*:*') && hasOne(OBSERVER_SCOPE)
    this.observesDirect = this.observes && hasOne('dm:*:read', 'dm:*:*')
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

  /** Reports whether they include the channel with any verb. */
  touches(slug: string): boolean {
    return this.allows(slug, 'read') || this.allows(slug, 'post') || this.allows(slug, 'admin')
  }
}

const compiled = new WeakMap<readonly string[], ChannelScopes>()

/** Scope lists never change, so each is compiled once. */
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
  OBSERVER_SCOPE,
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
 * Normalizes the scopes of a new token: lower-cased, without repeats, in the order given.
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

/** The scopes that a person who is not a system admin may put into a personal token. */
const OWN_SCOPES = ['channel:*:*', 'dm:*:*', HUMAN_SCOPE, 'configsync:sync', 'configsync:read']

/**
 * Refuses to issue a token with a scope beyond the issuer's own (docs/contract/authentication.md#escalation). `granted`
 * are the scopes of the issuer's token. It is null on a session: there a system admin has every scope, and anyone else
 * those of a person.
 * @throws scope_escalation, naming the first excessive scope
 */
export function refuseEscalation(
  requested: readonly string[],
  granted: readonly string[] | null,
  isAdmin: boolean,
): void {
  const limits = isAdmin ? [] : [OWN_SCOPES]
  if (granted !== null) limits.push([...granted])
  // `human:act` must be granted by name; admin:* does not include it.
  const covers = (own: readonly string[], scope: string) =>
    scope === HUMAN_SCOPE ? own.includes(HUMAN_SCOPE) : anyScopeMatches(own, scope)
  const beyond = requested.find((scope) => !limits.every((own) => covers(own, scope)))
  if (beyond !== undefined)
    throw new AppError(
      'forbidden',
      'scope_escalation',
      `Your own credential does not have the scope ${beyond}`,
      {
        gate: 'scope',
        required_scope: beyond,
      },
    )
}
