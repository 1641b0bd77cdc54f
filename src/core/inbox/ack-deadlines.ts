import type { Directory } from '../access/directory'
import type { Expiring } from '../coordination/expiring'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store, Writes } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import { messageEvent, overdueFacts } from '../log/events'
import { viewMessages } from '../messages/views'
import { reasonSet } from './reasons'

const OVERDUE = reasonSet('overdue')

/**
 * Tells authors that those whom a message notified have not answered it in time (`ack_within_s`). The deadlines are noted by the
 * projection in awaiting.ts.
 */
export class AckDeadlines implements Expiring {
  constructor(
    private readonly deps: {
      readonly store: Store
      readonly directory: Directory
      readonly clock: LeaseClock
    },
  ) {}

  next(): Promise<Micros | null> {
    return this.deps.store.reads.nextAckDeadline()
  }

  announceExpired(limit: number): Promise<number> {
    const { store, directory, clock } = this.deps
    return directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        const due = await tx.dueAckDeadlines(clock.now(), limit)
        if (due.length > 0) await this.announce(tx, due)
        return due.length
      }),
    )
  }

  shift(tx: Writes, micros: number): Promise<void> {
    return tx.shiftAckDeadlines(micros)
  }

  private async announce(tx: Writes, due: readonly number[]): Promise<void> {
    const { directory } = this.deps
    const views = viewMessages(directory, await tx.messagesBySeq(due, {}))
    const overdue = []
    for (const view of views) {
      const ids = await tx.unanswered(view.message.seq)
      if (ids.length > 0) overdue.push({ view, ids })
    }
    // Names are loaded before the first write.
    directory.requireAccounts(overdue.flatMap(({ ids }) => ids))
    await tx.deleteAckDeadlines(due)
    for (const { view, ids } of overdue) {
      const { seq: messageSeq, senderId, channelId } = view.message
      const author = { accountId: senderId, reasons: OVERDUE }
      const named = ids.map((id) => directory.account(id))
      const facts = overdueFacts(view, ids, [author])
      const { seq } = await tx.append(messageEvent('ack.overdue', view, facts, named), null)
      await tx.insertItems({ seq, messageSeq, channelId }, [author])
    }
  }
}
