import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import { type PacedLoop, TURN_ROWS } from '../kernel/turns'
import { channelOf, type LogEvent } from './events'

/** The events that are remembered, four bytes each. */
const CAPACITY = 65_536
const NO_CHANNEL = 0

/** The positions of the next events of some channels. */
export interface FoundSeqs {
  readonly seqs: readonly Seq[]
  /** The position up to which these are all. */
  readonly position: Seq
}

/**
 * The channel of each of the newest events. Readers of a few channels find here which positions of the log they have to
 * read. So many clients that reconnect at once do not each read what happened in other channels. After a start, the
 * first reader loads what it needs, for all.
 */
export class RecentChannels {
  private readonly channels = new Int32Array(CAPACITY)
  /** The events after this position, up to the head, are known. */
  private start: Seq
  private loading: Promise<void> | undefined

  constructor(
    private readonly reads: Pick<Reads, 'events'>,
    private head: Seq,
  ) {
    this.start = head
  }

  /** Applies a committed event. */
  apply(event: LogEvent): void {
    const { seq } = event
    if (seq !== this.head + 1) this.advanceTo(seq - 1)
    this.channels[seq % CAPACITY] = channelOf(event)?.id ?? NO_CHANNEL
    this.head = seq
    this.start = Math.max(this.start, seq - CAPACITY)
  }

  /** Moves the head past events of which nothing is known. */
  advanceTo(head: Seq): void {
    this.head = head
    this.start = head
  }

  /**
   * Returns the positions after `after`, up to `upTo`, of events in these channels: the first `limit`. Undefined if
   * `after` is too long ago. Takes up to a millisecond.
   */
  async find(
    channelIds: ReadonlySet<number>,
    { after, upTo, limit }: { readonly after: Seq; readonly upTo: Seq; readonly limit: number },
    loop: PacedLoop,
  ): Promise<FoundSeqs | undefined> {
    while (after < this.start && after >= this.head - CAPACITY) {
      this.loading ??= this.loadEarlier(loop).finally(() => {
        this.loading = undefined
      })
      await this.loading
    }
    if (after < this.start || upTo > this.head) return undefined
    const [only] = channelIds.size === 1 ? channelIds : []
    const seqs: Seq[] = []
    for (let seq = after + 1; seq <= upTo; seq++) {
      const id = this.channels[seq % CAPACITY] ?? NO_CHANNEL
      if (only === undefined ? !channelIds.has(id) : id !== only) continue
      if (seqs.push(seq) === limit) return { seqs, position: seq }
    }
    return { seqs, position: upTo }
  }

  /** Reads the channels of the events before those that are known. */
  private async loadEarlier(loop: PacedLoop): Promise<void> {
    await loop.turn()
    const end = this.start
    const after = Math.max(0, this.head - CAPACITY, end - TURN_ROWS)
    const records = await this.reads.events(after, TURN_ROWS)
    loop.did(records.length)
    // Meanwhile, newer events may have taken these places.
    if (this.start !== end || after < this.head - CAPACITY) return
    // Purged events leave positions without an event.
    for (let seq = after + 1; seq <= end; seq++) this.channels[seq % CAPACITY] = NO_CHANNEL
    for (const { seq, channelId } of records)
      if (seq <= end) this.channels[seq % CAPACITY] = channelId ?? NO_CHANNEL
    this.start = after
  }
}
