import type { Directory } from '../access/directory'
import { normalName } from '../identity/accounts'
import type { Actor } from '../identity/actor'
import type { Account } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Secrets } from '../kernel/ids'
import type { Reads, Store } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import type { Pace } from '../kernel/turns'
import type { Administration } from './administration'
import {
  type AuditAction,
  type AuditFacts,
  type AuditRecord,
  type AuditTarget,
  CHAIN_START,
  chainHash,
  entryBy,
} from './audit'

const READ = 'audit:read'
/** Entries that one statement off the serving thread examines, and entries of the chain that are verified in one step. */
const SEARCHED_AT_ONCE = 5000
const VERIFIED_AT_ONCE = 1000

export interface AuditFilter {
  /** Handle of the actor. */
  readonly actor: string | null
  /** An action or a prefix of one. */
  readonly action: string | null
  /** Id of the target. */
  readonly target: string | null
  readonly since: Micros | null
}

export interface AuditView {
  readonly record: AuditRecord
  readonly actor: Account | null
}

/** The result of verifying the chain. */
export interface Verification {
  /** Number of entries checked. */
  readonly entries: number
  /** Hash of the last entry checked. */
  readonly hash: string
  /** The first entry that was changed or is missing; null if there is none. */
  readonly broken: { readonly id: number; readonly problem: 'changed' | 'missing' } | null
  /** Whether an entry has the requested hash; null if none was requested. */
  readonly isKnown: boolean | null
}

/** Reads and verifies the audit log, for administrators and for tokens with its scopes. */
export class AuditLog {
  constructor(
    private readonly store: Store,
    private readonly directory: Directory,
    private readonly administration: Administration,
    private readonly secrets: Secrets,
    private readonly pace: Pace,
  ) {}

  /** Entries before an id, newest first. @throws missing_scope, not_admin, account_not_found */
  async list(
    actor: Actor,
    filter: AuditFilter,
    page: { before: number; limit: number },
  ): Promise<AuditView[]> {
    this.administration.check(actor, READ)
    const { reads } = this.store
    const who = filter.actor === null ? null : await reads.account({ handle: normalName(filter.actor) })
    if (who === undefined) throw refusal('account_not_found')
    const { action, target: targetId, since } = filter
    const records = await this.find({ actorId: who?.id ?? null, action, targetId, since }, page)
    const ids = records.flatMap(({ actorId }) => actorId ?? [])
    const accounts = await this.directory.retryUntilLoaded(() => {
      this.directory.requireAccounts(ids)
      return new Map(ids.map((id) => [id, this.directory.account(id)]))
    })
    return records.map((record) => ({ record, actor: accounts.get(record.actorId ?? 0) ?? null }))
  }

  /**
   * Verifies the whole chain, and that an entry has the hash `known`, which detects a chain cut off at its end. Yields
   * after every page, so that the caller can stop.
   * @throws missing_scope, not_admin
   */
  async *verify(actor: Actor, known: string | null): AsyncGenerator<Verification> {
    this.administration.check(actor, READ)
    let state: Verification = {
      entries: 0,
      hash: CHAIN_START,
      broken: null,
      isKnown: known === null ? null : false,
    }
    const loop = this.pace.loop()
    for (;;) {
      await loop.turn()
      const records = await this.store.slow.auditChain(state.entries, VERIFIED_AT_ONCE)
      for (const record of records) {
        if (state.broken) break
        await loop.turn()
        state = this.follow(state, record, known)
        loop.did(1)
      }
      yield state
      if (state.broken || records.length < VERIFIED_AT_ONCE) return
    }
  }

  /** Records an event outside a transaction of the core. A null actor is the server itself. */
  async note(
    actor: Actor | null,
    action: AuditAction,
    target: AuditTarget | null,
    facts?: AuditFacts,
  ): Promise<void> {
    await this.store.transact((tx) => tx.audit(entryBy(actor, action, target, facts)))
  }

  /** Searches the log in long slices off the serving thread, because the filters have no index. */
  private async find(
    filter: Parameters<Reads['auditEntries']>[0],
    { before, limit }: { before: number; limit: number },
  ): Promise<AuditRecord[]> {
    const { reads, slow } = this.store
    const all = { actorId: null, action: null, targetId: null, since: null }
    if (Object.values(filter).every((value) => value === null))
      return reads.auditEntries(all, { after: 0, before, limit })
    // Entry ids have no gaps, so a range of ids is a number of entries.
    const [newest] = await reads.auditEntries(all, { after: 0, before, limit: 1 })
    const found: AuditRecord[] = []
    for (let end = (newest?.id ?? 0) + 1; end > 1 && found.length < limit; end -= SEARCHED_AT_ONCE) {
      const slice = { after: end - 1 - SEARCHED_AT_ONCE, before: end, limit: limit - found.length }
      found.push(...(await slow.auditEntries(filter, slice)))
    }
    return found
  }

  private follow(state: Verification, record: AuditRecord, known: string | null): Verification {
    const next = state.entries + 1
    if (record.id !== next) return { ...state, broken: { id: next, problem: 'missing' } }
    const { hash, ...entry } = record
    const expected = chainHash((text) => this.secrets.sha256(text), state.hash, entry)
    if (hash !== expected) return { ...state, broken: { id: next, problem: 'changed' } }
    return { entries: next, hash, broken: null, isKnown: known === hash ? true : state.isKnown }
  }
}
