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

/** What of the log a reader wants. */
export interface FeedFilter {
  /** Inner ids of channels; `*` = whatever the reader may hear, also what belongs to no channel. */
  readonly channelIds: ReadonlySet<number> | '*'
  /** Types, or prefixes ending in `.*`; null = all. */
  readonly types: readonly string[] | null
  /** Root of a thread: only its messages. */
  readonly threadRoot: Seq | null
  /** Leave out what this account did. */
  readonly notActorId: number | null
}

/** What of the log a reader asks for, as it came. */
export interface FeedRequest {
  /** Slugs; `*` = whatever the reader may hear. */
  readonly channels: readonly string[]
  readonly types: readonly string[] | null
  readonly thread: string | null
  readonly excludeSelf: boolean
  /** Cursor; null = from now on. */
  readonly since: string | null
}

export interface FeedPage {
  readonly events: readonly LogEvent[]
  /** Position after the last event that was looked at. */
  readonly position: Seq
  /** Whether the log went on behind `position` when the page was read. */
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

/** Reading the log as one reader may hear it. Every stream, socket and poll of events goes through here. */
export class Feed {
  constructor(private readonly deps: FeedDeps) {}

  /**
   * Up to `limit` events after a position, oldest first, that at least one of the filters selects and the actor may
   * hear now. Looks at no more than SCAN_LIMIT events and none after `upTo`, so a page may be empty although the log
   * goes on. Others have their turns meanwhile: a loop over pages brings its own `loop`.
   * @throws what ends the actor's credential
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
      // As many as will hold what is missing, if they are like those before.
      const likely = ((limit - events.length) * scanned) / events.length
      size = Math.min(TURN_ROWS, Math.max(SLICE, Math.ceil(likely)))
    }
    return { events, position, hasMore: position < upTo }
  }

  /**
   * What a reader asks for in the terms of the log: the channels it may read, and where to begin.
   * @throws the gates of reading, naming the channel; too_many_channels, invalid_thread_id, thread_not_found,
   *   invalid_cursor, cursor_expired, cursor_epoch
   */
  async resolve(
    actor: Person,
    request: FeedRequest,
  ): Promise<{ filter: FeedFilter; channels: readonly Channel[]; after: Seq | null }> {
    const { reads, directory, policy, log, shared } = this.deps
    // Also where a connection was opened long ago: by the rights of now, and from now on.
    await shared?.readBarrier()
    const channels = await directory.retryUntilLoaded(() =>
      policy.channels(policy.current(actor), request.channels),
    )
    const isEverything = request.channels.includes('*')
    const isInThread = request.thread !== null
    // Of everything there may be thousands.
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

  /** Whether the actor may hear an event that just happened. Synchronous over the directory. */
  isVisibleTo(actor: Person, event: Judged): boolean {
    return this.deps.audience.includes(actor, event)
  }

  /**
   * The events that these records are today, without those that the filters or the reader's rights leave out: at most
   * `limit`, and up to which position they are complete.
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
    // What a thread leaves out shows only in the message, so slices are read until there are enough.
    const events: LogEvent[] = []
    const size = Math.min(limit, SLICE)
    for (let start = 0; start < wanted.length; start += size) {
      await loop.turn()
      const slice = await this.heard(actor, wanted.slice(start, start + size))
      loop.did(slice.length)
      for (const event of slice) {
        if (!filters.some((filter) => selects(filter, event))) continue
        if (events.push(event) === limit) return { events, position: event.seq }
      }
    }
    return { events, position: records.at(-1)?.seq ?? 0 }
  }

  /** Of these records what the reader may hear now, as events. */
  private async heard(actor: Person, records: readonly EventRecord[]): Promise<LogEvent[]> {
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

/** Whether an event is one that the filter asks for. */
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

/** Whether a filter asks for events of this type, where nothing else leaves them out. */
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
