import { ADMIN_SCOPE, OBSERVER_SCOPE } from '../access/scopes'
import { type Actor, type Person, principalOf } from '../identity/actor'
import type { Account, Session, Token } from '../kernel/entities'
import { parseUuid, type Uuid } from '../kernel/ids'
import { toMicros } from '../kernel/time'
import type { Webhook } from '../kernel/webhook-ports'

/** The scopes with which an account reads all its channels. */
const ALL_CHANNELS: readonly string[] = ['channel:*:*', 'dm:*:*']

const NEVER = toMicros(0)
// It is a uuid.
const NOBODY = parseUuid('00000000-0000-0000-0000-000000000000') as Uuid

/**
 * Returns the scopes that limit what a webhook is sent that this actor sets; null = those of its account. The powers of
 * admins and observers end with their credential, so a webhook does not get them.
 */
export function limitsBy(actor: Actor): readonly string[] | null {
  const principal = principalOf(actor)
  if (principal.via !== 'token') return null
  const { scopes } = principal.token
  if (scopes.includes(ADMIN_SCOPE)) return ALL_CHANNELS
  return scopes.filter((scope) => scope !== OBSERVER_SCOPE)
}

/**
 * Returns the account as the reader of what its webhook is sent. It has no credential of its own: it reads within the scopes
 * of the webhook, and within its memberships. A person without such limits reads as on a session.
 */
export function readerOf({ scopes }: Pick<Webhook, 'scopes'>, account: Account): Person {
  const common = { id: 0, uuid: NOBODY, accountId: account.id, hash: '', createdAt: NEVER }
  if (scopes === null && account.kind === 'human') {
    const session: Session = {
      ...common,
      lastUsedAt: null,
      expiresAt: NEVER,
      ip: null,
      userAgent: null,
      device: null,
      refreshHash: null,
      refreshBefore: null,
    }
    return { via: 'session', account, session }
  }
  const token: Token = {
    ...common,
    name: null,
    scopes: scopes ?? ALL_CHANNELS,
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
    actors: null,
    device: null,
  }
  return { via: 'token', account, token }
}
