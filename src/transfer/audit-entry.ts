import {
  type AuditAction,
  type AuditFacts,
  type AuditRecord,
  chainedEntry,
  entryBy,
} from '../core/governance/audit'
import { canonicalJson } from '../core/kernel/canonical-json'
import type { Secrets } from '../core/kernel/ids'
import type { Clock } from '../core/kernel/time'
import { pagesOf } from './pages'
import { rowOf, type StoreAdapter, valueIn, type Writing } from './store-adapter'
import { tableNamed } from './table-meta'

/** Where an entry gets its instant, id and hash. */
export interface Stamp {
  readonly clock: Clock
  readonly secrets: Pick<Secrets, 'uuid' | 'sha256'>
}

/**
 * Appends an act of the operator to the audit log of a store, in the transaction that completes the act. The entry
 * continues the hash chain, so `synapse audit verify` accepts it.
 */
export async function appendAuditEntry(
  to: StoreAdapter,
  write: Writing,
  { clock, secrets }: Stamp,
  action: AuditAction,
  facts: AuditFacts,
): Promise<void> {
  const audit = tableNamed('audit')
  const record = chainedEntry(await lastEntry(to), entryBy({ via: 'operator' }, action, null, facts), {
    now: () => clock.now(),
    uuid: () => secrets.uuid(),
    sha256: (text) => secrets.sha256(text),
  })
  await write.insert(audit, [
    rowOf(audit, {
      id: record.id,
      uuid: record.uuid,
      at: record.at,
      actor_id: record.actorId,
      token_uuid: record.tokenUuid,
      via: record.via,
      ip: record.ip,
      action: record.action,
      target_type: record.targetType,
      target_id: record.targetId,
      metadata: canonicalJson(record.metadata),
      hash: record.hash,
    }),
  ])
}

async function lastEntry(adapter: StoreAdapter): Promise<Pick<AuditRecord, 'id' | 'hash'> | undefined> {
  const audit = tableNamed('audit')
  let last: Pick<AuditRecord, 'id' | 'hash'> | undefined
  // Ids begin at 1 and have no gaps. In a chain with a gap the last entry has a higher id than the count, and the
  // loop reads on to it.
  const before = Math.max(0, (await adapter.count(audit)) - 1)
  for await (const page of pagesOf(adapter, audit, [before]))
    for (const row of page)
      last = { id: Number(valueIn(audit, row, 'id')), hash: String(valueIn(audit, row, 'hash')) }
  return last
}
