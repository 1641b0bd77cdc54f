import { type Actor, accountOf, principalOf } from '../identity/actor'
import { canonicalJson } from '../kernel/canonical-json'
import type { Uuid } from '../kernel/ids'
import { formatInstant, type Micros } from '../kernel/time'

/** Every act that is written down (docs/contract/admin.md#audit-log). Posts never are. */
export type AuditAction =
  | `account.${'create' | 'update' | 'archive' | 'unarchive' | 'admin' | 'erase' | 'export'}`
  | 'password.change'
  | `login.${'ok' | 'failed'}`
  | 'session.revoke'
  | `token.${'issue' | 'revoke' | 'rotate' | 'shared'}`
  | `member.${'add' | 'remove' | 'role'}`
  | `channel.${'create' | 'update' | 'archive' | 'unarchive' | 'purge' | 'hold'}`
  | 'message.delete'
  | `push.${'set' | 'disable'}`
  | `webhook.${'create' | 'update' | 'delete' | 'disable' | 'redeliver'}`
  | 'claim.force_release'
  | `approval.${'decide' | 'cancel'}`
  | 'chain.continue'
  | `setting.${'set' | 'unset'}`
  | 'observer.read'
  | 'impersonate'
  | 'import'
  | 'migrate'
  | 'backup'
  | 'restore'
  | `pair.${'create' | 'redeem' | 'revoke'}`
  | `federation.${string}`

/** Ids and small facts: never bodies, handles of people, passwords, tokens or secrets, for it is kept for ever. */
export type AuditFacts = Readonly<Record<string, unknown>>

/** What an act was done to. `id` is the id that the world sees, or a key. */
export interface AuditTarget {
  readonly type: 'account' | 'token' | 'session' | 'channel' | 'message' | 'setting' | 'pair' | 'backup'
  readonly id: string
}

/** An act, before it has its place in the chain. */
export interface AuditEntry {
  /** Null: the operator, the server itself, or somebody unknown. */
  readonly actorId: number | null
  readonly tokenUuid: string | null
  readonly via: 'session' | 'token' | 'operator' | 'server'
  readonly ip: string | null
  readonly action: string
  readonly targetType: string | null
  readonly targetId: string | null
  readonly metadata: AuditFacts
}

/** An entry as stored. Ids begin at 1 and have no gap. */
export interface AuditRecord extends AuditEntry {
  readonly id: number
  readonly uuid: Uuid
  readonly at: Micros
  readonly hash: string
}

/** What stands where the first entry has no one before it. */
export const CHAIN_START = '0'.repeat(64)

/** The entry of an act of this actor, or (null) of the server itself. */
export function entryBy(
  actor: Actor | null,
  action: AuditAction,
  target: AuditTarget | null,
  facts: AuditFacts = {},
): AuditEntry {
  // Whoever acts in the name of another is the one that is written down.
  const by = actor && principalOf(actor)
  const command = by?.via === 'operator' ? (by.origin?.command() ?? null) : null
  const inNameOf = actor?.via === 'acting' ? { acting_as: actor.account.uuid } : {}
  return {
    actorId: by === null ? null : (accountOf(by)?.id ?? null),
    tokenUuid: by?.via === 'token' ? by.token.uuid : null,
    via: by?.via ?? 'server',
    ip: by?.origin?.address() ?? null,
    action,
    targetType: target?.type ?? null,
    targetId: target?.id ?? null,
    metadata: { ...facts, ...inNameOf, ...(command === null ? {} : { command }) },
  }
}

/** The hash of an entry, which holds that of the entry before it and so of all before that. */
export function chainHash(
  sha256: (text: string) => string,
  previous: string,
  {
    id,
    uuid,
    at,
    actorId,
    tokenUuid,
    via,
    ip,
    action,
    targetType,
    targetId,
    metadata,
  }: Omit<AuditRecord, 'hash'>,
): string {
  const entry = {
    n: id,
    id: uuid,
    at: formatInstant(at),
    actor: actorId,
    token_id: tokenUuid,
    via,
    ip,
    action,
    target_type: targetType,
    target_id: targetId,
    metadata,
  }
  return sha256(`${previous}${canonicalJson(entry)}`)
}
