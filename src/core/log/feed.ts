import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import { reasonsFor } from '../inbox/notified'
import type { Reasons } from '../inbox/reasons'
import type { Channel, Member } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Reads } from '../kernel/ports'
import { type Pace, type PacedLoop, TURN_ROWS } from '../kernel/turns'
import { threadRoot } from '../messages/threads'
import type { Audience, Judged } from './audience'
import type { Catalogue } from './catalogue'
import {
  channelOf,
  type EventData,
  type EventRecord,
  type LogEvent,
  notifiedIn,
  notifiesMembers,
  toRecord,
} from './events'
import { type Frame, frameKinds } from './frames'
import { hydrate, SLICE } from './hydrate'
import type { Log } from './log'
import type { RecentChannels } from './recent-channels'
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
  /** Whether it selects what is for the reader's account alone: its frames, and what notifies it. */
  readonly inbox: boolean
}

/** An event that a reader selected. */
export interface SelectedEvent {
  readonly event: LogEvent
  /** Whether the event itself was selected, and not only that it notifies the reader. */
  readonly isShown: boolean
  /** Why it notifies the reader; 0 = it does not, or the reader did not ask. */
  readonly reasons: Reasons
}

/** A reader's selection as it was requested. */
export interface FeedRequest {
  /** Slugs; `*` selects everything the reader may see. */
  readonly channels: readonly string[]
  readonly types: readonly string[] | null
  readonly thread: string | null
  readonly excludeSelf: boolean
  /** Whether to select what is for the reader's account alone. */
  readonly inbox: boolean
  /** Cursor; null = from now on. */
  readonly since: string | null
}

export interface FeedPage {
  readonly events: readonly SelectedEvent[]
  /** Position after the last event examined. */
  readonly position: Seq
  /** Whether the log had more events after `position` when the page was read. */
  readonly hasMore: boolean
}

/** The next records that a reader may want. */
interface RecordPage {
  readonly records: readonly EventRecord[]
  /** The position up to which the log has no others. */
  readonly position: Seq
}

export interface FeedDeps {
  readonly catalogue: Catalogue
  readonly reads: Reads
  readonly directory: Directory
  readonly policy: Policy
  readonly audience: Audience
  readonly log: Log
  readonly recent: RecentEvents
  readonly recentChannels: RecentChannels
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
    const events: SelectedEvent[] = []
    let position = after
    let size = Math.min(limit, TURN_ROWS)
    for (let scanned = 0; position < upTo && scanned < SCAN_LIMIT && events.length < limit; ) {
      await loop.turn()
      const read = await this.records(
        filters,
        { after: position, upTo, limit: Math.min(size, SCAN_LIMIT - scanned) },
        loop,
      )
      loop.did(read.records.length)
      scanned += read.records.length
      const found = await this.open(actor, filters, read, limit - events.length, loop)
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
    const { channels, hidden } = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channels = policy.channels(now, request.channels)
      return { channels, hidden: policy.hiddenIn(now, channels) }
    })
    const isEverything = request.channels.includes('*')
    const isInThread = request.thread !== null
    // With `*` there may be thousands of channels.
    const ids = new Set(isEverything && !isInThread ? [] : channels.map(({ id }) => id))
    const after = request.since === null ? null : await log.position(request.since, 'since', channels)
    const filter: FeedFilter = {
      channelIds: isEverything ? '*' : ids,
      types: request.types,
      threadRoot: request.thread === null ? null : await threadRoot(reads, request.thread, ids, hidden),
      notActorId: request.excludeSelf ? actor.account.id : null,
      inbox: request.inbox,
    }
    return { filter, channels, after }
  }

  /** Reports whether the actor may see an event that just happened. Synchronous over the directory. */
  isVisibleTo(actor: Person, event: Judged): boolean {
    return this.deps.audience.includes(actor, event)
  }

  /** Reads the next records; those of named channels alone, unless they are too old. */
  private async records(
    filters: readonly FeedFilter[],
    page: { readonly after: Seq; readonly upTo: Seq; readonly limit: number },
    loop: PacedLoop,
  ): Promise<RecordPage> {
    const { reads, recentChannels } = this.deps
    const channelIds = namedChannels(filters)
    const found = channelIds === '*' ? undefined : await recentChannels.find(channelIds, page, loop)
    if (found) return { records: await this.recordsAt(found.seqs), position: found.position }
    const { after, upTo, limit } = page
    const records =
      this.cached(after + 1, Math.min(after + limit, upTo)) ?? (await reads.events(after, limit))
    const last = records.at(-1)?.seq
    return {
      records: records.filter(({ seq }) => seq <= upTo),
      position: Math.min(upTo, last === undefined ? upTo : last),
    }
  }

  private async recordsAt(seqs: readonly Seq[]): Promise<readonly EventRecord[]> {
    const { reads, recent } = this.deps
    const events = seqs.flatMap((seq) => recent.get(seq) ?? [])
    return events.length === seqs.length ? events.map(toRecord) : reads.eventsAt(seqs)
  }

  /** Returns the records from one position to another if all of their events are cached. */
  private cached(first: Seq, last: Seq): readonly EventRecord[] | undefined {
    const events: LogEvent[] = []
    for (let seq = first; seq <= last; seq++) {
      const event = this.deps.recent.get(seq)
      if (event === undefined) return undefined
      events.push(event)
    }
    return events.map(toRecord)
  }

  /**
   * Reports whether one of these selections covers the frame and the actor may receive it. `onlyNamed`: a selection
   * must name the type of the frame. Synchronous over the directory.
   */
  coversFrame(actor: Person, filters: Iterable<FeedFilter>, frame: Frame, onlyNamed: boolean): boolean {
    for (const filter of filters)
      if (selectsFrame(filter, frame, onlyNamed) && this.deps.audience.receives(actor, filter, frame))
        return true
    return false
  }

  /**
   * Turns records into events, without those that the filters or the reader's rights exclude: at most `limit`, and the
   * position up to which the result is complete.
   */
  private async open(
    actor: Person,
    filters: readonly FeedFilter[],
    { records, position }: RecordPage,
    limit: number,
    loop: PacedLoop,
  ): Promise<{ events: SelectedEvent[]; position: Seq }> {
    const { catalogue } = this.deps
    const { id: accountId } = actor.account
    const wanted = records.filter(
      (r) =>
        catalogue.find(r.type) !== undefined &&
        filters.some(
          (filter) =>
            selectsRecord(filter, r.type, r.channelId, r.actorId) ||
            (selectsItem(filter, r.channelId, r.actorId) && mayNotify(accountId, r.facts)),
        ),
    )
    // Whether a message is in the thread shows only after it is read, so slices are read until there are enough.
    const events: SelectedEvent[] = []
    const size = Math.min(limit, SLICE)
    for (let start = 0; start < wanted.length; start += size) {
      await loop.turn()
      const slice = await this.visible(actor, wanted.slice(start, start + size))
      loop.did(slice.length)
      for (const { event, member } of slice) {
        const isShown = filters.some((filter) => selects(filter, event))
        const isAsked = filters.some((filter) => selectsItemOf(filter, event))
        const reasons = isAsked
          ? reasonsFor(actor.account, notifiedIn(event.facts), placeOf(event), member)
          : 0
        if (!isShown && reasons === 0) continue
        if (events.push({ event, isShown, reasons }) === limit) return { events, position: event.seq }
      }
    }
    return { events, position }
  }

  /** Returns the records that the reader may see now, as events, and when the reader joined their channels. */
  private async visible(actor: Person, records: readonly EventRecord[]) {
    const { directory, policy, audience } = this.deps
    const joined = new Map<number, Member>()
    const heard = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const ids = [...new Set(records.flatMap((record) => record.channelId ?? []))]
      const channels = directory.requireChannels(ids)
      policy.prepare(now, channels)
      for (const { channelId, facts } of records) {
        if (channelId === null || !notifiesMembers(facts)) continue
        const member = directory.channelsOf(actor.account.id).get(channelId)
        if (member) joined.set(channelId, member)
      }
      return records.filter((record) => audience.includes(now, record))
    })
    const events = await hydrate(this.deps, heard)
    return events.map((event) => ({ event, member: joined.get(channelOf(event)?.id ?? 0) }))
  }
}

/** Returns the channels that the filters name together. */
function namedChannels(filters: readonly FeedFilter[]): ReadonlySet<number> | '*' {
  const named = new Set<number>()
  for (const { channelIds } of filters) {
    if (channelIds === '*') return '*'
    if (filters.length === 1) return channelIds
    for (const id of channelIds) named.add(id)
  }
  return named
}

/** Reports whether the filter selects the event. */
export function selects(filter: FeedFilter, event: LogEvent): boolean {
  const { type, actor } = event
  const channelId = channelOf(event)?.id ?? null
  return selectsRecord(filter, type, channelId, actor?.id ?? null) && inThread(filter, event)
}

/** Reports whether the filter selects that the event notifies the reader. */
export function selectsItemOf(filter: FeedFilter, event: LogEvent): boolean {
  return selectsItem(filter, channelOf(event)?.id ?? null, event.actor?.id ?? null) && inThread(filter, event)
}

/** Reports whether the filter selects what notifies the reader. */
export function wantsItems(filter: FeedFilter): boolean {
  return filter.inbox || (filter.types !== null && wantsType(filter, 'inbox.item'))
}

function selectsItem(filter: FeedFilter, channelId: number | null, actorId: number | null): boolean {
  return wantsItems(filter) && covers(filter, channelId, actorId)
}

function mayNotify(accountId: number, facts: EventData | null): boolean {
  const { notified } = notifiedIn(facts)
  return notifiesMembers(facts) || (notified?.some(([id]) => id === accountId) ?? false)
}

function placeOf({ seq, actor }: LogEvent) {
  return { seq, actorId: actor?.id ?? null }
}

function covers(filter: FeedFilter, channelId: number | null, actorId: number | null): boolean {
  if (filter.channelIds !== '*' && (channelId === null || !filter.channelIds.has(channelId))) return false
  return filter.notActorId === null || filter.notActorId !== actorId
}

function selectsRecord(
  filter: FeedFilter,
  type: string,
  channelId: number | null,
  actorId: number | null,
): boolean {
  return covers(filter, channelId, actorId) && wantsType(filter, type)
}

/** Reports whether the filter selects events of this type, its other conditions aside. */
export function wantsType({ types }: FeedFilter, type: string): boolean {
  return types === null || types.some((wanted) => matchesType(wanted, type))
}

/** Reports whether the filter selects frames of this type, about this account, in this channel. */
function selectsFrame(filter: FeedFilter, { type, account, channel }: Frame, onlyNamed: boolean): boolean {
  if (filter.threadRoot !== null || filter.notActorId === account.id) return false
  if (onlyNamed && filter.types === null) return false
  if (!wantsType(filter, type)) return false
  switch (frameKinds[type].audience) {
    case 'account':
      return onlyNamed || filter.inbox
    case 'readers':
      return filter.channelIds === '*' || (channel !== null && filter.channelIds.has(channel.id))
    case 'account_and_peers':
      return true
  }
}

/** Reports whether a type is the wanted one, or one of its group: `message.*`, or `*` for all. */
export function matchesType(wanted: string, type: string): boolean {
  if (wanted === '*') return true
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type
}

function inThread(filter: FeedFilter, event: LogEvent): boolean {
  if (filter.threadRoot === null) return true
  if (event.about !== 'message') return false
  const { seq, thread } = event.message.message
  return seq === filter.threadRoot || thread?.seq === filter.threadRoot
}
