import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Channel } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Reads } from '../kernel/ports'
import { type Pace, type PacedLoop, TURN_ROWS } from '../kernel/turns'
import { threadRoot } from '../messages/threads'
import type { Audience, Judged } from './audience'
import type { Catalogue } from './catalogue'
import { channelOf, type EventRecord, type LogEvent } from './events'
import { hydrate, SLICE } from './hydrate'
import type { Log } from './log'
import type { RecentEvents } from './recent-events'
import type { SharedLog } from './shared-log'

/** What a reader selects from the log. */
export interface FeedFilter {
  /** Inner ids of channels; `*` selects everything the reader may see, including events of no channel. */
  readonly channelIds: ReadonlySet<number> | '*'
  /** Types, or prefixes ending in `.*`; null = all. */
  readonly types: readonly string[] | null
  /** Root of a thread. Selects only its messages. */
  readonly threadRoot: Seq | null
  /** Excludes the events of this actor. */
  readonly notActorId: number | null
}

/** A reader's selection as it was requested. */
export interface FeedRequest {
  /** Slugs; `*` selects everything the reader may see. */
  readonly channels: readonly string[]
  readonly types: readonly string[] | null
  readonly thread: string | null
  readonly excludeSelf: boolean
  /** Cursor; null = from now on. */
  readonly since: string | null
}

export interface FeedPage {
  readonly events: readonly LogEvent[]
  /** Position after the last event examined. */
  readonly position: Seq
  /** Whether the log had more events after `position` when the page was read. */
  readonly hasMore: boolean
}

export interface FeedDeps {
  readonly catalogue: Catalogue
  readonly reads: Reads
  readonly directory: Directory
  readonly policy: Policy
  readonly audience: Audience
  readonly log: Log
  readonly recent: RecentEvents
  readonly pace: Pace
  readonly shared: SharedLog | undefined
}

/** Reads the log with the rights of one reader. Every stream, socket and poll of events uses it. */
export class Feed {
  constructor(private readonly deps: FeedDeps) {}

  /**
   * Returns up to `limit` events after a position, oldest first, that at least one filter selects and the actor may see
   * now. Examines at most SCAN_LIMIT events and none after `upTo`, so a page may be empty although the log has more.
   * Yields to other work in between; a caller that reads page by page passes its own `loop`.
   * @throws the error that ended the actor's credential
   */
  async page(
    actor: Person,
    filters: readonly FeedFilter[],
    after: Seq,
    limit: number,
    upTo: Seq = this.deps.log.head,
    loop: PacedLoop = this.deps.pace.loop(),
  ): Promise<FeedPage> {
    const events: LogEvent[] = []
    let position = after
    let size = Math.min(limit, TURN_ROWS)
    for (let scanned = 0; position < upTo && scanned < SCAN_LIMIT && events.length < limit; ) {
      await loop.turn()
      const read = await this.deps.reads.events(position, Math.min(size, SCAN_LIMIT - scanned))
      loop.did(read.length)
      const records = read.filter((record) => record.seq <= upTo)
      if (records.length === 0) return { events, position: upTo, hasMore: false }
      scanned += records.length
      const found = await this.open(actor, filters, records, limit - events.length, loop)
      events.push(...found.events)
      position = found.position
      // Estimates how many records yield the missing events, from the yield so far.
      const likely = ((limit - events.length) * scanned) / events.length
      size = Math.min(TURN_ROWS, Math.max(SLICE, Math.ceil(likely)))
    }
    return { events, position, hasMore: position < upTo }
  }

  /**
   * Resolves a reader's request: the channels it may read, and the position to begin at.
   * @throws the access errors of reading, naming the channel; too_many_channels, invalid_thread_id, thread_not_found,
   *   invalid_cursor, cursor_expired, cursor_epoch
   */
  async resolve(
    actor: Person,
    request: FeedRequest,
  ): Promise<{ filter: FeedFilter; channels: readonly Channel[]; after: Seq | null }> {
    const { reads, directory, policy, log, shared } = this.deps
    // The connection may be old, so current rights are checked.
    await shared?.readBarrier()
    const channels = await directory.retryUntilLoaded(() =>
      policy.channels(policy.current(actor), request.channels),
    )
    const isEverything = request.channels.includes('*')
    const isInThread = request.thread !== null
    // With `*` there may be thousands of channels.
    const ids = new Set(isEverything && !isInThread ? [] : channels.map(({ id }) => id))
    const after = request.since === null ? null : await log.position(request.since, 'since', channels)
    const filter: FeedFilter = {
      channelIds: isEverything ? '*' : ids,
      types: request.types,
      threadRoot: request.thread === null ? null : await threadRoot(reads, request.thread, ids),
      notActorId: request.excludeSelf ? actor.account.id : null,
    }
    return { filter, channels, after }
  }

  /** Reports whether the actor may see an event that just happened. Synchronous over the directory. */
  isVisibleTo(actor: Person, event: Judged): boolean {
    return this.deps.audience.includes(actor, event)
  }

  /**
   * Turns records into events, without those that the filters or the reader's rights exclude: at most `limit`, and the
   * position up to which the result is complete.
   */
  private async open(
    actor: Person,
    filters: readonly FeedFilter[],
    records: readonly EventRecord[],
    limit: number,
    loop: PacedLoop,
  ): Promise<{ events: LogEvent[]; position: Seq }> {
    const { catalogue } = this.deps
    const wanted = records.filter(
      (r) =>
        catalogue.find(r.type) !== undefined &&
        filters.some((filter) => selectsRecord(filter, r.type, r.channelId, r.actorId)),
    )
    // Whether a message is in the thread shows only after it is read, so slices are read until there are enough.
    const events: LogEvent[] = []
    const size = Math.min(limit, SLICE)
    for (let start = 0; start < wanted.length; start += size) {
      await loop.turn()
      const slice = await this.visible(actor, wanted.slice(start, start + size))
      loop.did(slice.length)
      for (const event of slice) {
        if (!filters.some((filter) => selects(filter, event))) continue
        if (events.push(event) === limit) return { events, position: event.seq }
      }
    }
    return { events, position: records.at(-1)?.seq ?? 0 }
  }

  /** Returns the records that the reader may see now, as events. */
  private async visible(actor: Person, records: readonly EventRecord[]): Promise<LogEvent[]> {
    const { directory, policy, audience } = this.deps
    const heard = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const ids = [...new Set(records.flatMap((record) => record.channelId ?? []))]
      const channels = directory.requireChannels(ids)
      policy.prepare(now, channels)
      return records.filter((record) => audience.includes(now, record))
    })
    return hydrate(this.deps, heard)
  }
}

/** Reports whether the filter selects the event. */
export function selects(filter: FeedFilter, event: LogEvent): boolean {
  const { type, actor } = event
  const channelId = channelOf(event)?.id ?? null
  return selectsRecord(filter, type, channelId, actor?.id ?? null) && inThread(filter, event)
}

function selectsRecord(
  filter: FeedFilter,
  type: string,
  channelId: number | null,
  actorId: number | null,
): boolean {
  if (filter.channelIds !== '*' && (channelId === null || !filter.channelIds.has(channelId))) return false
  if (filter.notActorId !== null && filter.notActorId === actorId) return false
  return wantsType(filter, type)
}

/** Reports whether the filter selects events of this type, its other conditions aside. */
export function wantsType({ types }: FeedFilter, type: string): boolean {
  return types === null || types.some((wanted) => matchesType(wanted, type))
}

function matchesType(wanted: string, type: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type
}

function inThread(filter: FeedFilter, event: LogEvent): boolean {
  if (filter.threadRoot === null) return true
  if (event.about !== 'message') return false
  const { seq, thread } = event.message.message
  return seq === filter.threadRoot || thread?.seq === filter.threadRoot
}
