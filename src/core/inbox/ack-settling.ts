import type { Directory } from '../access/directory'
import type { Store } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import { deliveryEvents } from './delivery-events'
import { isOpen, stateNumber } from './items'
import { DIRECT_REASONS } from './reasons'

/** What one transaction did. */
interface Settled {
  readonly hasMore: boolean
  /** Events that it appended. */
  readonly told: number
}

const nothing: Settled = { hasMore: false, told: 0 }

/**
 * Completes acknowledgements by position, which write one row for any number of items: marks the items and tells their
 * senders, slice by slice. How far that got is stored.
 */
export class AckSettling {
  /** Accounts with items that are still to be marked. */
  private readonly pending = new Set<number>()

  constructor(private readonly deps: { readonly store: Store; readonly directory: Directory }) {}

  /** Finds what is left from before. Call it at the start. */
  async open(): Promise<void> {
    for (const id of await this.deps.store.reads.unsettledInboxes()) this.pending.add(id)
  }

  /** Applies a committed event. */
  apply(event: LogEvent): void {
    if (event.type === 'ack.position') this.pending.add(event.account.id)
  }

  get hasWork(): boolean {
    return this.pending.size > 0
  }

  /**
   * Marks up to `size` items of the account that waits longest. Returns how many events it appended. What fails is tried
   * again.
   */
  async settle(size: number): Promise<number> {
    const [accountId] = this.pending
    if (accountId === undefined) return 0
    // Deleted first, so that an acknowledgement that comes meanwhile adds it again.
    this.pending.delete(accountId)
    let hasMore = true
    try {
      const settled = await this.settleSlice(accountId, size)
      hasMore = settled.hasMore
      return settled.told
    } finally {
      if (hasMore) this.pending.add(accountId)
    }
  }

  private settleSlice(accountId: number, size: number): Promise<Settled> {
    const { store, directory } = this.deps
    return directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const mark = await tx.inboxMark(accountId)
        if (!mark || mark.settledSeq >= mark.ackedSeq) return nothing
        const { settledSeq: after, ackedSeq, ackedAt: at } = mark
        const rows = await tx.inboxRows(accountId, {
          after,
          before: ackedSeq + 1,
          order: 'asc',
          limit: size,
        })
        const open = rows.filter(isOpen)
        const direct = open.filter(({ reasons }) => (reasons & DIRECT_REASONS) !== 0)
        const messages = await tx.messagesBySeq([...new Set(direct.map(({ messageSeq }) => messageSeq))], {})
        const events = deliveryEvents(directory, accountId, messages, { state: 'acked', note: null })
        const isLast = rows.length < size
        await tx.setItemStates(accountId, open, { state: stateNumber('acked'), at, note: null })
        await tx.setSettled(accountId, isLast ? ackedSeq : (rows.at(-1)?.seq ?? ackedSeq))
        await tx.appendAll(events)
        return { hasMore: !isLast, told: events.length }
      }),
    )
  }
}
