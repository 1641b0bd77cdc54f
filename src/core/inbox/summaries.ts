import type { Message, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { DeliveryReads } from '../kernel/inbox-ports'
import type { NotifiedFacts } from '../log/events'
import type { Deliveries } from './deliveries'
import { DELIVERY_STATES, type DeliveryState } from './items'
import { DIRECT_REASONS } from './reasons'

/** How many accounts that a message notified directly are in each state. */
export type DeliverySummary = Readonly<Partial<Record<DeliveryState, number>>>

/** Sums up what became of messages, as far as they notified accounts with a reason that concerns them themselves. */
export class DeliverySummaries {
  constructor(
    private readonly deps: {
      readonly reads: Pick<DeliveryReads, 'deliveryCounts'>
      readonly deliveries: Pick<Deliveries, 'directStates'>
    },
  ) {}

  /** Returns the summaries of a reader's own messages among these, by seq. A message that notified no one has none. */
  async ofOwn(readerId: number, views: readonly MessageView[]): Promise<ReadonlyMap<Seq, DeliverySummary>> {
    const own = views.filter((view) => view.message.senderId === readerId && mayHaveNotified(view))
    return this.of(own.map(({ message }) => message))
  }

  /** Returns the summaries of messages of any author. */
  async of(messages: readonly Message[]): Promise<ReadonlyMap<Seq, DeliverySummary>> {
    const summaries = new Map<Seq, DeliverySummary>()
    const { reads, deliveries } = this.deps
    const [asking, others] = split(messages)
    if (others.length > 0) {
      const counts = await reads.deliveryCounts(others.map(({ seq }) => seq))
      for (const [seq, found] of Map.groupBy(counts, ({ messageSeq }) => messageSeq))
        summaries.set(seq, summaryOf(found))
    }
    // Whom an approval asks may follow from memberships.
    for (const message of asking) {
      const states = Map.groupBy(await deliveries.directStates(message), (state) => state)
      const counts = [...states].map(([state, all]) => ({ state, count: all.length }))
      if (counts.length > 0) summaries.set(message.seq, summaryOf(counts))
    }
    return summaries
  }
}

/** Returns the summary of a message that was just posted. */
export function summaryOfPost({ notified }: NotifiedFacts): DeliverySummary | undefined {
  if (!notified) return undefined
  const direct = notified.filter(([, reasons]) => (reasons & DIRECT_REASONS) !== 0)
  return direct.length === 0 ? undefined : { queued: direct.length }
}

function split(messages: readonly Message[]): [asking: Message[], others: Message[]] {
  const asking = messages.filter(({ approval }) => approval !== undefined)
  return [asking, messages.filter(({ approval }) => approval === undefined)]
}

function summaryOf(counts: readonly { readonly state: number; readonly count: number }[]): DeliverySummary {
  const byState = new Map(counts.map(({ state, count }) => [state, count]))
  return Object.fromEntries(
    DELIVERY_STATES.flatMap((name, state) => {
      const count = byState.get(state)
      return count === undefined ? [] : [[name, count] as const]
    }),
  )
}

/** Most messages name nobody and answer nobody, so nothing is looked up for them. An edit may have taken a name away. */
function mayHaveNotified({ message, channel }: MessageView): boolean {
  if (message.deletedAt !== null) return false
  const { mentions, replyTo, editedAt, approval } = message
  return (
    channel.kind === 'dm' ||
    replyTo !== null ||
    editedAt !== null ||
    mentions.listed.length > 0 ||
    approval !== undefined
  )
}
