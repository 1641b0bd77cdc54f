import type { Uuid } from '../../core/kernel/ids'
import { allRows, dateOf, type Fields, type ImportParts, insertFields } from './rows'
import { idOf, type Raw, timeOf, timeOrNull } from './source'

/** Imports tokens and sessions. Returns the scopes of the live tokens of each account. */
export async function importCredentials(
  deps: ImportParts,
  accounts: ReadonlyMap<Uuid, { readonly id: number }>,
): Promise<Map<number, string[]>> {
  const granted = new Map<number, string[]>()
  const tokens: Fields[] = []
  for (const raw of await allRows(deps.source, 'agent_tokens', 'agent_tokens.created_at, agent_tokens.id')) {
    const account = accounts.get(idOf('agent_tokens', raw, 'account_id'))
    if (!account) {
      deps.warnings.count('tokens of an account that is missing: left out')
      continue
    }
    const scopes = scopesIn(raw)
    const revokedAt = timeOrNull('agent_tokens', raw, 'revoked_at')
    if (revokedAt === null) granted.set(account.id, [...(granted.get(account.id) ?? []), ...scopes])
    tokens.push({
      id: tokens.length + 1,
      uuid: idOf('agent_tokens', raw),
      account_id: account.id,
      hash: (raw.token_hash ?? '').toLowerCase(),
      scopes: JSON.stringify(scopes),
      created_at: dateOf(deps, 'agent_tokens', raw, 'created_at'),
      last_used_at: timeOrNull('agent_tokens', raw, 'last_used_at'),
      revoked_at: revokedAt,
    })
  }
  await insertFields(deps, 'tokens', tokens)
  const sessions: Fields[] = []
  for (const raw of await allRows(
    deps.source,
    'human_sessions',
    'human_sessions.created_at, human_sessions.id',
  )) {
    const account = accounts.get(idOf('human_sessions', raw, 'account_id'))
    if (!account) {
      deps.warnings.count('sessions of an account that is missing: left out')
      continue
    }
    sessions.push({
      id: sessions.length + 1,
      uuid: idOf('human_sessions', raw),
      account_id: account.id,
      hash: (raw.session_hash ?? '').toLowerCase(),
      created_at: dateOf(deps, 'human_sessions', raw, 'created_at'),
      last_used_at: timeOrNull('human_sessions', raw, 'last_used_at'),
      expires_at: timeOf('human_sessions', raw, 'expires_at'),
    })
  }
  await insertFields(deps, 'sessions', sessions)
  return granted
}

function scopesIn(raw: Raw): string[] {
  try {
    const scopes: unknown = JSON.parse(raw.scopes ?? '[]')
    if (Array.isArray(scopes)) return scopes.map(String)
  } catch {
    // A value that is not a list grants nothing.
  }
  return []
}
