import type { Directory } from '../access/directory'
import type { Expiring } from '../coordination/expiring'
import type { LivePauses } from '../coordination/live-pauses'
import type { Reachability, Reachable } from '../coordination/reachability'
import type { Settings } from '../governance/settings'
import type { Seq } from '../kernel/ids'
import type { Awaited, QueuedItem } from '../kernel/inbox-ports'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store, Writes } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import { deliveryEvents } from './delivery-events'
import { stateNumber } from './items'

const UNREACHABLE = stateNumber('unreachable')
/** Items that one transaction marks. */
const SLICE = 200
/** What waits for an account that can be reached is judged again after this time. */
const LOOK_SECONDS = 60

const notReached: Reachable = { isLive: false, lastAt: null }

/**
 * Finds notifications whose recipient could not be reached for `deliveries.unreachable_after_s`, and tells their senders
 * (docs/contract/inbox.md#deliveries). What waits is noted by the projection in awaiting.ts, one row for an account and a channel.
 */
export class Unreachable implements Expiring {
  constructor(
    private readonly deps: {
      readonly store: Store
      readonly directory: Directory
      readonly settings: Settings
      readonly reachability: Pick<Reachability, 'of'>
      readonly livePauses: Pick<LivePauses, 'isPaused'>
      readonly clock: LeaseClock
    },
  ) {}

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextAwaited()
  }

  async announceExpired(limit: number): Promise<number> {
    const { store, directory, reachability, clock } = this.deps
    // Everything is judged as of the moment at which it was found who can be reached.
    const now = clock.now()
    const rows = await store.reads.dueAwaited(now, limit)
    if (rows.length === 0) return 0
    const ids = [...new Set(rows.map(({ accountId }) => accountId))]
    const reached = await reachability.of(ids)
    for (const row of rows) {
      const judge = () =>
        store.transact((tx) => this.judge(tx, row, reached.get(row.accountId) ?? notReached, now))
      await directory.retryUntilLoaded(judge)
    }
    return rows.length
  }

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.shiftAwaited(micros)
  }

  /** Marks what waits for an account of these messages, because every attempt to bring it there has failed. */
  async undelivered(accountId: number, messages: readonly Seq[]): Promise<void> {
    const { store, directory } = this.deps
    await directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const items: QueuedItem[] = []
        for (const row of await tx.inboxRowsOf(accountId, messages)) {
          const page = { channelId: row.channelId, from: row.seq, limit: 1 }
          const [item] = await tx.queuedItems(accountId, page)
          if (item?.seq === row.seq) items.push(item)
        }
        const events = await this.eventsOf(tx, accountId, items)
        await tx.setItemStates(accountId, items, { state: UNREACHABLE, at: tx.now(), note: null })
        await tx.appendAll(events)
      }),
    )
  }

  /** Returns the events that tell the senders. Call it before the first write: it may have to load names. */
  private async eventsOf(tx: Writes, accountId: number, items: readonly QueuedItem[]) {
    const messages = await tx.messagesBySeq([...new Set(items.map(({ messageSeq }) => messageSeq))], {})
    return deliveryEvents(this.deps.directory, accountId, messages, { state: 'unreachable', note: null })
  }

  private async judge(tx: Writes, found: Awaited, reached: Reachable, now: Micros): Promise<void> {
    const { directory, settings, livePauses, clock } = this.deps
    // The clock was moved back since. The row is still due, so it is judged again.
    if (clock.now() < now) return
    // It may have changed since it was found, by the end of a pause.
    const row = await tx.awaited(found)
    if (!row) return
    const { accountId, channelId } = row
    const after = settings.get('deliveries.unreachable_after_s') * MICROS_PER_SECOND
    const page = { channelId, from: row.fromSeq, limit: SLICE + 1 }
    const items = await tx.queuedItems(accountId, page)
    const [oldest] = items
    if (!oldest) return tx.deleteAwaited(row)
    if (reached.isLive || livePauses.isPaused(directory.account(accountId), channelId)) {
      const until = later(now, Math.min(after, LOOK_SECONDS * MICROS_PER_SECOND))
      return tx.setAwaited({ ...row, fromSeq: oldest.seq, reachableUntil: until, dueAt: until })
    }
    const quietFrom = Math.max(row.reachableUntil ?? 0, reached.lastAt ?? 0)
    // The log may be ahead of the clock. A message dated after now counts as one that waits as long as the oldest.
    const waitsFrom = (at: Micros) => (at <= now ? at : later(row.dueAt, -after))
    const dueAt = (at: Micros) => later(Math.max(waitsFrom(at), quietFrom) as Micros, after)
    const over = items.slice(0, SLICE).filter(({ at }) => dueAt(at) <= now)
    const events = await this.eventsOf(tx, accountId, over)
    await tx.setItemStates(accountId, over, { state: UNREACHABLE, at: tx.now(), note: null })
    const rest = items[over.length]
    if (rest) await tx.setAwaited({ ...row, fromSeq: rest.seq, dueAt: dueAt(rest.at) })
    else await tx.deleteAwaited(row)
    await tx.appendAll(events)
  }
}
