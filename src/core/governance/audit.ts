import { type Actor, accountOf, principalOf } from '../identity/actor'
import { canonicalJson } from '../kernel/canonical-json'
import type { Uuid } from '../kernel/ids'
import { formatInstant, type Micros } from '../kernel/time'

/** The audited acts (docs/contract/admin.md#audit-log). Posts are not audited. */
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
  | `pause.${'start' | 'end'}`
  | `setting.${'set' | 'unset'}`
  | 'observer.read'
  | 'impersonate'
  | 'import'
  | 'configsync.admin'
  | 'migrate'
  | 'backup'
  | 'restore'
  | `pair.${'create' | 'redeem' | 'revoke'}`
  | `matrix.user.${'lock' | 'suspend' | 'deactivate'}`
  | `matrix.registration_token.${'create' | 'revoke'}`
  | `matrix.room.${'block' | 'delete' | 'rebuild'}`
  | `matrix.alias.${'add' | 'remove'}`
  | `matrix.key.${'rotate' | 'import' | 'export'}`
  | `matrix.media.${'quarantine' | 'delete' | 'purge'}`
  | `federation.${string}`

/**
 * Ids and small facts, never bodies, handles of people, passwords, tokens or secrets: audit entries are kept forever.
 */
export type AuditFacts = Readonly<Record<string, unknown>>

/** The target of an act: its public id, or a key. */
export interface AuditTarget {
  readonly type:
    | 'account'
    | 'token'
    | 'session'
    | 'channel'
    | 'message'
    | 'claim'
    | 'pause'
    | 'approval'
    | 'setting'
    | 'pair'
    | 'backup'
    | 'webhook'
    | 'key'
    | 'media'
  readonly id: string
}

/** An act before it has its position in the chain. */
export interface AuditEntry {
  /** Null for the operator, the server itself, or an unknown caller. */
  readonly actorId: number | null
  readonly tokenUuid: string | null
  readonly via: 'session' | 'token' | 'operator' | 'server'
  readonly ip: string | null
  readonly action: string
  readonly targetType: string | null
  readonly targetId: string | null
  readonly metadata: AuditFacts
}

/** An entry as stored. Ids begin at 1 and have no gaps. */
export interface AuditRecord extends AuditEntry {
  readonly id: number
  readonly uuid: Uuid
  readonly at: Micros
  readonly hash: string
}

/** The previous hash of the first entry. */
export const CHAIN_START = '0'.repeat(64)

/** Returns the entry of an act of this actor, or of the server itself if the actor is null. */
export function entryBy(
  actor: Actor | null,
  action: AuditAction,
  target: AuditTarget | null,
  facts: AuditFacts = {},
): AuditEntry {
  // The entry names the principal, not the account that it acts as.
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

/** What an entry gets when it is added to a chain: its id and instant, and the hash function of the chain. */
export interface AuditStamp {
  now(): Micros
  uuid(): Uuid
  /** Returns lower-case hex. */
  sha256(text: string): string
}

/** Returns the record of an entry that follows `last`, the newest record of the chain, or (undefined) begins one. */
export function chainedEntry(
  last: Pick<AuditRecord, 'id' | 'hash'> | undefined,
  entry: AuditEntry,
  stamp: AuditStamp,
): AuditRecord {
  const record = { ...entry, id: (last?.id ?? 0) + 1, uuid: stamp.uuid(), at: stamp.now() }
  return { ...record, hash: chainHash((text) => stamp.sha256(text), last?.hash ?? CHAIN_START, record) }
}

/** Returns the hash of an entry. It covers the previous entry's hash, and so the whole chain before it. */
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
