/** The callers with their credentials, and the state of the server. */
import type { Role } from '../support/world'
import type { Place } from './rules'

const everyOperatorScope = ['config:read', 'config:write', 'audit:read', 'metrics:read', 'federation:manage']

/** Agents, by the scopes of their tokens. */
export const agents: Readonly<Record<string, readonly string[]>> = {
  'agent-of-nothing': ['inbox:*:read'],
  'agent-reads': ['channel:*:read'],
  'agent-posts': ['channel:*:post'],
  'agent-reads-and-posts': ['channel:*:read', 'channel:*:post'],
  'agent-of-family': ['channel:family:*'],
  'agent-of-dms': ['dm:host:*'],
  'agent-names-others': ['channel:vault:*', 'channel:loft:*', 'channel:whisper:*'],
  'agent-observes': ['channel:*:read', 'inbox:*:read'],
  'agent-observes-dms': ['channel:*:*', 'inbox:*:read', 'dm:*:read'],
  'agent-config-read': ['config:read'],
  'agent-config-write': ['config:write'],
  'agent-audit-read': ['audit:read'],
  'agent-metrics-read': ['metrics:read'],
  'agent-federation': ['federation:manage'],
  'agent-admin': ['admin:*'],
}

/** People, by the scopes of their personal tokens; null means a session. Those called admin have the flag. */
export const humans: Readonly<Record<string, readonly string[] | null>> = {
  'human-session': null,
  'human-token': ['channel:*:*'],
  'human-token-present': ['channel:*:*', 'human:act'],
  'human-token-operator': everyOperatorScope,
  'human-token-admin': ['admin:*', ...everyOperatorScope, 'human:act'],
  'admin-session': null,
  'admin-token': ['channel:*:*', 'human:act'],
  'admin-token-config': ['config:read'],
  'admin-token-admin': ['admin:*'],
  'admin-token-present': ['admin:*', 'human:act'],
}

/** Invalid credentials and the error code of each. */
export const dead: Readonly<Record<string, string>> = {
  'empty-bearer': 'missing_token',
  'unknown-token': 'invalid_token',
  'revoked-token': 'invalid_token',
  'expired-token': 'token_expired',
  'token-of-archived': 'account_unavailable',
  'unknown-session': 'invalid_session',
  'ended-session': 'invalid_session',
  'expired-session': 'session_expired',
  'session-of-archived': 'invalid_session',
}

export const living: readonly string[] = [...Object.keys(agents), ...Object.keys(humans)]
export const names: readonly string[] = ['guest', ...Object.keys(dead), ...living, 'operator']

/** The rooms of all callers, besides a direct channel with the host. */
export const joined = {
  town: 'member',
  family: 'member',
  board: 'read_only',
  attic: 'member',
  cellar: 'member',
} as const satisfies Record<string, Role>

export const rooms: readonly Place[] = [
  { slug: 'town', kind: 'public', isArchived: false },
  { slug: 'plaza', kind: 'public', isArchived: false },
  { slug: 'family', kind: 'private', isArchived: false },
  { slug: 'vault', kind: 'private', isArchived: false },
  { slug: 'board', kind: 'private', isArchived: false },
  { slug: 'attic', kind: 'public', isArchived: true },
  { slug: 'cellar', kind: 'private', isArchived: true },
  { slug: 'loft', kind: 'private', isArchived: true },
  { slug: 'whisper', kind: 'dm', isArchived: false },
]

/** The expiry of the credentials that expire; the calls are made a day later. */
export const SOON = '2026-05-07T13:00:00Z'
