import type { Directory } from '../access/directory'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { EventType } from '../log/catalogue'
import type { LogEvent } from '../log/events'
import type { FrameBody, Frames } from '../log/frames'
import type { Streams } from '../log/streams'
import { viewMessages } from '../messages/views'
import type { DeliverySummaries } from './summaries'

/** The types of events by which a delivery changes. Once an approval has ended, those who were asked need not answer. */
const changing: ReadonlySet<string> = new Set<EventType>([
  'ack.delivery',
  'approval.decided',
  'approval.expired',
  'approval.cancelled',
])

/** Tells the author of a message live what became of it: `delivery.updated` (docs/contract/live.md#ephemeral-frames). */
export class DeliveryFrames {
  constructor(
    private readonly deps: {
      readonly reads: Pick<Reads, 'message'>
      readonly summaries: Pick<DeliverySummaries, 'of'>
      readonly directory: Directory
      readonly frames: Frames
      readonly streams: Pick<Streams, 'hasStreams' | 'openAccounts'>
    },
  ) {
    deps.frames.source('delivery.updated', ([seq = 0]) => this.frame(seq))
  }

  /** Applies committed events, of this process or of another one. Each process tells the authors that it serves. */
  apply(events: readonly LogEvent[]): void {
    const { frames, streams } = this.deps
    const told = events.filter((event) => event.about === 'message' && changing.has(event.type))
    if (told.length === 0 || !streams.hasStreams) return
    const open = new Set(streams.openAccounts())
    for (const event of told)
      if (event.about === 'message' && open.has(event.message.sender.id))
        frames.announceHere('delivery.updated', event.message.message.seq)
  }

  /** Call it after the commit of states that are not events. */
  changed(messages: readonly Seq[]): void {
    if (messages.length > 0) this.deps.frames.announce('delivery.updated', ...messages)
  }

  private async frame(seq: Seq): Promise<FrameBody<'delivery.updated'> | undefined> {
    const { reads, summaries, directory } = this.deps
    const message = await reads.message({ seq })
    if (!message || message.deletedAt !== null) return undefined
    const deliveries = (await summaries.of([message])).get(seq)
    if (!deliveries) return undefined
    const [view] = await directory.retryUntilLoaded(() => viewMessages(directory, [message]))
    return view && { channel: view.channel, account: view.sender, content: { message: view, deliveries } }
  }
}
