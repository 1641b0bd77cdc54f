import type { Person } from '../identity/actor'
import type { OwnMembership } from '../kernel/channel-ports'
import type { InboxRow } from '../kernel/inbox-ports'
import type { Store } from '../kernel/ports'
import type { Log } from '../log/log'
import { type InboxItems, stateNumber } from './items'
import { type Reasons, reasonSet } from './reasons'
import type { Receipts } from './receipts'

/** Items that are looked at, the newest first. */
const MAX_LOOKED = 1000
/** A count ends here. */
const MAX_MENTIONS = 100

/** A membership that its member has not changed has no entry. */
const UNCHANGED: OwnMembership = { notify: 'all', readSeq: null }
const SEEN = stateNumber('seen')
const BROADCAST = reasonSet('broadcast')
/** What a member still wants to hear of that only wants to hear of mentions. */
const MENTIONS = reasonSet('dm', 'mention', 'reply', 'approval', 'overdue')

/** Counts what notified an account in its channels, as far as it has not seen it and wants to hear of it. */
export class MentionCounts {
  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'reads'>
      readonly log: Log
      readonly items: InboxItems
      readonly receipts: Pick<Receipts, 'isSeen'>
    },
  ) {}

  /** Returns the counts of the actor's channels. A channel with nothing is absent. */
  async of(actor: Person): Promise<ReadonlyMap<number, number>> {
    const { store, log, items, receipts } = this.deps
    const { reads } = store
    const { id } = actor.account
    const of = { ownerId: id, reader: actor, mark: await reads.inboxMark(id) }
    const range = { after: await reads.inboxFrom(), before: log.head + 1, order: 'desc' } as const
    const newest = await items.collect(reads, of, range, MAX_LOOKED, () => true)
    const unseen = newest.items.filter((item) => item.state < SEEN && !receipts.isSeen(id, item))
    const own = await reads.ownMemberships(id, [...new Set(unseen.map(({ channelId }) => channelId))])
    const counts = new Map<number, number>()
    for (const item of unseen) {
      if (!isCounted(item, own.get(item.channelId) ?? UNCHANGED)) continue
      counts.set(item.channelId, Math.min(MAX_MENTIONS, (counts.get(item.channelId) ?? 0) + 1))
    }
    return counts
  }
}

function isCounted({ seq, reasons, isImplied }: InboxRow, { notify, readSeq }: OwnMembership): boolean {
  // What follows from a membership is seen when the position has passed it. A broadcast may have a row for its state.
  if ((reasons === BROADCAST || isImplied) && seq <= (readSeq ?? 0)) return false
  return (reasons & wantedBy(notify)) !== 0
}

function wantedBy(notify: OwnMembership['notify']): Reasons {
  switch (notify) {
    case 'all':
      return ~0
    case 'mentions':
      return MENTIONS
    case 'none':
      return 0
  }
}
