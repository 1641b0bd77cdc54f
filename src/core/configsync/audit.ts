import type { Settings } from '../governance/settings'
import { principalOf } from '../identity/actor'
import { background } from '../kernel/background'
import { slices } from '../kernel/paged-reads'
import type { Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_DAY } from '../kernel/time'
import type { ConfigSyncActor } from './actor'
import type { ConfigSyncAuditEntry } from './ports'

/** Entries that are written in one transaction. */
const SLICE = 50
/** Entries that are deleted in one transaction. */
const FORGOTTEN = 500
/** The most entries that wait in memory while the store takes no writes. The oldest ones are dropped. */
const MOST_WAITING = 2000

/** The audited events (docs/contract/configsync.md#audit). */
export type SyncEvent =
  | 'login'
  | 'verify.failed'
  | 'register'
  | 'push'
  | 'snapshot.read'
  | 'version.push'
  | 'blob.read'
  | 'key.set'
  | 'token.issue'
  | 'token.revoke'
  | 'machine.remove'
  | 'action.add'
  | 'action.clear'
  | `admin.${string}`

/** Returns the entry of an act of a user. `bytes`: how many were sent or received. */
export function syncEntry(
  actor: ConfigSyncActor,
  event: SyncEvent,
  ref: string | null = null,
  bytes: number | null = null,
): ConfigSyncAuditEntry {
  const ip = principalOf(actor.by).origin?.address() ?? null
  return { userId: actor.userId, tokenUuid: actor.tokenUuid, ip, event, ref, bytes }
}

export interface SyncAuditDeps {
  readonly store: Pick<Store, 'transact'>
  readonly settings: Settings
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/** Writes entries of acts that have no transaction of their own, such as reads. A crash may lose the newest ones. */
export class SyncAudit {
  private waiting: ConfigSyncAuditEntry[] = []
  private line: Promise<unknown> = Promise.resolve()
  private isDue = false

  constructor(private readonly deps: SyncAuditDeps) {}

  note(entry: ConfigSyncAuditEntry): void {
    this.waiting.push(entry)
    if (this.isDue) return
    this.isDue = true
    background(this.flush(), this.deps.report)
  }

  /** Writes what waits. Call it once a minute, because the store may have refused, and before the process ends. */
  flush(): Promise<void> {
    const turn = this.line.then(() => this.write())
    this.line = turn.catch(() => {})
    return turn
  }

  /** Deletes entries that are older than `configsync.audit_keep_days`. Call it only when the date can be trusted. */
  async forget(): Promise<void> {
    const { store, settings, clock } = this.deps
    const before = later(clock.now(), -settings.get('configsync.audit_keep_days') * MICROS_PER_DAY)
    while ((await store.transact((tx) => tx.configsync.forgetAudit(before, FORGOTTEN))) === FORGOTTEN);
  }

  private async write(): Promise<void> {
    const entries = this.waiting
    this.waiting = []
    this.isDue = false
    let written = 0
    try {
      for (const some of slices(entries, SLICE)) {
        await this.deps.store.transact((tx) => tx.configsync.insertAudit(some))
        written += some.length
      }
    } finally {
      this.waiting = [...entries.slice(written), ...this.waiting].slice(-MOST_WAITING)
    }
  }
}
