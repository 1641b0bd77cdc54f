/**
 * What notified an account (docs/contract/inbox.md).
 * Imports only the core. Start reading at inbox.ts; notified.ts decides which accounts a message notifies.
 */
import type { Expiries } from '../coordination/expiring'
import type { LivePauses } from '../coordination/live-pauses'
import type { Reachability } from '../coordination/reachability'
import type { Settings } from '../governance/settings'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Transactions } from '../kernel/transactions'
import type { Pace } from '../kernel/turns'
import type { Frames } from '../log/frames'
import type { Streams } from '../log/streams'
import { AckDeadlines } from './ack-deadlines'
import { Acks } from './acks'
import { awaiting } from './awaiting'
import { Consumers } from './consumers'
import { Deliveries } from './deliveries'
import { DeliveryFrames } from './delivery-frames'
import { Inbox, type InboxDeps } from './inbox'
import { InboxItems } from './items'
import { MentionCounts } from './mention-counts'
import { Receipts } from './receipts'
import { DeliverySummaries } from './summaries'
import { Tasks } from './tasks'
import { Unreachable } from './unreachable'

type Parts = Omit<InboxDeps, 'items' | 'consumers' | 'receipts'> & {
  readonly transactions: Transactions
  readonly pace: Pace
  readonly frames: Frames
  readonly settings: Settings
  readonly reachability: Reachability
  readonly expiries: Expiries
  readonly leaseClock: LeaseClock
  readonly livePauses: LivePauses
  readonly streams: Pick<Streams, 'hasStreams' | 'openAccounts'>
}

/** Creates the parts of the core that concern notifications. */
export function createInbox(deps: Parts) {
  const consumers = new Consumers(deps)
  const { reads } = deps.store
  const deliveries = new Deliveries(deps)
  const summaries = new DeliverySummaries({ reads, deliveries })
  const deliveryFrames = new DeliveryFrames({ ...deps, reads, summaries })
  deps.store.onCommit((events) => deliveryFrames.apply(events))
  const leases = { ...deps, clock: deps.leaseClock }
  const unreachable = new Unreachable(leases)
  deps.expiries.add(unreachable)
  deps.expiries.add(new AckDeadlines(leases))
  const receipts = new Receipts({ ...deps, deliveryFrames })
  const items = new InboxItems(deps)
  return {
    consumers,
    receipts,
    mentionCounts: new MentionCounts({ ...deps, items, receipts }),
    inbox: new Inbox({ ...deps, items, consumers, receipts }),
    acks: new Acks({ ...deps, items, consumers }),
    unreachable,
    deliveries,
    deliverySummaries: summaries,
    tasks: new Tasks({ ...deps, deliveries }),
    awaiting: awaiting(leases),
  }
}
