import type { Directory } from '../access/directory'
import type { Channel } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Store } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import type { Log } from '../log/log'

/** A count of open items ends here. */
const MAX_PENDING = 1000
/** Broadcasts that are looked at, the newest first. */
const MAX_BROADCASTS = 200
/** Events that are read together. */
const EVENTS_AT_ONCE = 200

/** What waits in the inbox of an agent. */
export interface OpenInbox {
  readonly pending: number
  readonly oldestAt: Micros | null
  /** Whether one of the items could not be delivered so far. */
  readonly hasUnreachable: boolean
}

/** Counts what waits in the inboxes of many agents, in some channels. */
export class OpenInboxes {
  constructor(
    private readonly deps: { readonly store: Store; readonly directory: Directory; readonly log: Log },
  ) {}

  async of(
    ids: readonly number[],
    channels: ReadonlyMap<number, Channel>,
  ): Promise<ReadonlyMap<number, OpenInbox>> {
    const stored = await this.deps.store.slow.openItems(ids, [...channels.keys()], MAX_PENDING)
    const implied = await this.broadcasts(ids, channels)
    const found = stored.map(({ accountId, pending, oldestSeq, hasUnreachable }) => {
      const seqs = implied.get(accountId) ?? []
      return {
        accountId,
        pending: Math.min(MAX_PENDING, pending + seqs.length),
        oldest: Math.min(oldestSeq ?? Number.POSITIVE_INFINITY, ...seqs),
        hasUnreachable,
      }
    })
    const times = await this.timesOf(found.map(({ oldest }) => oldest).filter(Number.isFinite))
    return new Map(
      found.map(({ accountId, oldest, ...open }) => [
        accountId,
        { ...open, oldestAt: times.get(oldest) ?? null },
      ]),
    )
  }

  /** Returns the open items of each account that follow from its memberships. */
  private async broadcasts(
    ids: readonly number[],
    channels: ReadonlyMap<number, Channel>,
  ): Promise<ReadonlyMap<number, readonly Seq[]>> {
    const { store, directory, log } = this.deps
    const marks = await store.reads.inboxMarks(ids)
    const from = await store.reads.inboxFrom()
    const markOf = (id: number) => Math.max(from, marks.get(id)?.ackedSeq ?? 0)
    const after = Math.min(...ids.map(markOf), log.head)
    const range = { after, before: log.head + 1, order: 'desc', limit: MAX_BROADCASTS } as const
    const broadcasts = (await store.reads.broadcasts(range)).filter(({ channelId }) =>
      channels.has(channelId),
    )
    if (broadcasts.length === 0) return new Map()
    const items = await store.reads.storedItems(
      ids,
      broadcasts.map(({ seq }) => seq),
    )
    const known = new Set(items.map(({ accountId, messageSeq }) => `${accountId} ${messageSeq}`))
    return directory.retryUntilLoaded(() => {
      directory.requireChannelsOf(ids)
      return new Map(
        ids.map((id) => {
          const memberships = directory.channelsOf(id)
          const open = broadcasts.filter(({ seq, channelId, senderId, dormant }) => {
            if (senderId === id || dormant?.includes(id) || seq <= markOf(id) || known.has(`${id} ${seq}`))
              return false
            return (memberships.get(channelId)?.joinedSeq ?? seq) < seq
          })
          return [id, open.map(({ seq }) => seq)]
        }),
      )
    })
  }

  private async timesOf(seqs: readonly Seq[]): Promise<ReadonlyMap<Seq, Micros>> {
    const times = new Map<Seq, Micros>()
    for (let start = 0; start < seqs.length; start += EVENTS_AT_ONCE)
      for (const { seq, at } of await this.deps.store.reads.eventsAt(
        seqs.slice(start, start + EVENTS_AT_ONCE),
      ))
        times.set(seq, at)
    return times
  }
}
