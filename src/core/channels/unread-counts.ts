import type { UnreadCount } from '../kernel/channel-ports'
import type { Seq } from '../kernel/ids'
import { channelOf, type LogEvent } from '../log/events'

/** The counts that are kept, over all accounts. */
const CAPACITY = 100_000

interface Count extends UnreadCount {
  /** The head of the log when counting began. */
  readonly asOf: Seq
}

/**
 * The numbers of unread messages, as they were counted last. A number holds until something happens in its channel or
 * its reader's position moves. So a list of many channels counts only in those where something happened.
 */
export class UnreadCounts {
  /** By account, the one that asked last at the end; then by channel. */
  private readonly byAccount = new Map<number, Map<number, Count>>()
  private kept = 0
  /** The last event of each channel in which one happened since `start`. */
  private readonly changedAt = new Map<number, Seq>()
  private start: Seq

  constructor(private head: Seq) {
    this.start = head
  }

  /** Applies a committed event. */
  apply(event: LogEvent): void {
    if (event.seq !== this.head + 1) this.advanceTo(event.seq - 1)
    this.head = event.seq
    const channel = channelOf(event)
    if (channel) this.changedAt.set(channel.id, event.seq)
  }

  /** Moves the head past events of which nothing is known. */
  advanceTo(head: Seq): void {
    this.byAccount.clear()
    this.changedAt.clear()
    this.kept = 0
    this.head = head
    this.start = head
  }

  /** Returns the number of messages after a position that the account has not read; undefined if it must be counted. */
  get(accountId: number, channelId: number, after: Seq): number | undefined {
    const count = this.byAccount.get(accountId)?.get(channelId)
    if (count === undefined || count.after !== after) return undefined
    return (this.changedAt.get(channelId) ?? 0) > count.asOf ? undefined : count.unread
  }

  /** Keeps a number that was counted. `asOf`: the head of the log before that. */
  keep(accountId: number, channelId: number, count: Count): void {
    if (count.asOf < this.start) return
    const counts = this.byAccount.get(accountId) ?? new Map<number, Count>()
    this.kept += counts.has(channelId) ? 0 : 1
    counts.set(channelId, count)
    this.byAccount.delete(accountId)
    this.byAccount.set(accountId, counts)
    for (const [oldest, { size }] of this.byAccount) {
      if (this.kept <= CAPACITY) return
      this.byAccount.delete(oldest)
      this.kept -= size
    }
  }
}
