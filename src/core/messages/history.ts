import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Channel, Message, MessageKind, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { MAX_CHANNEL_FILTER, SCAN_LIMIT } from '../kernel/limits'
import type { MessageFilter, MessageStretch, Reads } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Log } from '../log/log'
import type { RecentEvents, RecentEventsMark } from '../log/recent-events'
import type { LongPolls } from '../log/streams'
import { threadRoot } from './threads'
import { viewMessages } from './views'

/** Messages read together, unless most of them are filtered out. */
const SLICE = 64

export interface PageRequest {
  /** Slugs; `*` alone = every readable channel. */
  readonly channels: readonly string[]
  readonly since: string | null
  readonly before: string | null
  /** Default: `desc` with `before` and without `since`, else `asc`. */
  readonly order: 'asc' | 'desc' | null
  readonly limit: number
  readonly mentionsMe: boolean
  /** Root of a thread; the root is included. */
  readonly thread: string | null
  readonly from: string | null
  readonly kind: MessageKind | null
  readonly excludeSelf: boolean
  readonly includeDeleted: boolean
  /** How long an empty answer is held, in milliseconds. */
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

export interface Page {
  readonly messages: readonly MessageView[]
  /** Newest message of the page; null if it is empty. */
  readonly head: Seq | null
  /** Where the next page begins in this order; null if nothing more matches. */
  readonly next: Seq | null
  readonly hasMore: boolean
  readonly timedOut: boolean
  /** The answer is complete for its filters up to this position. */
  readonly position: Seq
}

/** A range of the log and a direction through it. Both ends are exclusive. */
interface Stretch {
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
}

/** What a reader asks for, in terms of the log, within what it may read. */
interface Search {
  readonly of: MessageStretch['of']
  readonly channelIds: ReadonlySet<number>
  readonly filter: MessageFilter
  /** Whether messages are excluded for any reason besides deletion. */
  readonly isFiltered: boolean
  /** A condition that needs the message itself; null = none. */
  readonly matches: ((message: Message) => boolean) | null
}

export interface HistoryDeps {
  readonly reads: Reads
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly recent: RecentEvents
  readonly longPolls: LongPolls
  readonly clock: Clock
  readonly pace: Pace
}

/** Reads messages page by page, and waits for new ones (docs/contract/messages.md#reading). */
export class History {
  constructor(private readonly deps: HistoryDeps) {}

  /**
   * Returns one page. With `waitMs`, a page that would be empty is held until something matches.
   * @throws the access errors of reading, naming the channel; invalid_cursor, cursor_expired, cursor_epoch,
   *   thread_not_found
   */
  async page(actor: Person, request: PageRequest): Promise<Page> {
    const { directory, policy, log, longPolls, clock } = this.deps
    const deadline = clock.steady() + request.waitMs
    let since: Seq | null = null
    for (;;) {
      const { head } = log
      const channels = await directory.retryUntilLoaded(() =>
        policy.channels(policy.current(actor), request.channels),
      )
      // Resolved once, so that `now` is the moment of the request.
      since ??= request.since === null ? null : await log.position(request.since, 'since', channels)
      const page = await this.read(actor, request, channels, since, head)
      const left = deadline - clock.steady()
      if (page.messages.length > 0 || page.hasMore || request.waitMs === 0) return page
      if (left <= 0) return { ...page, timedOut: true }
      since = request.before === null ? page.position : since
      const woken = await longPolls.next({
        accountId: actor.account.id,
        channelIds: request.channels.includes('*') ? '*' : channels.map((channel) => channel.id),
        after: head,
        milliseconds: left,
        signal: request.signal,
      })
      if (!woken) return { ...page, timedOut: true }
    }
  }

  private async read(
    actor: Person,
    request: PageRequest,
    channels: readonly Channel[],
    since: Seq | null,
    head: Seq,
  ): Promise<Page> {
    const { log } = this.deps
    const before = request.before === null ? null : await log.position(request.before, 'before', channels)
    const order = request.order ?? (before !== null && since === null ? 'desc' : 'asc')
    const stretch = { after: since ?? 0, before: Math.min(before ?? head + 1, head + 1), order }
    // Errors in the request are reported even if there is nothing to read.
    const search = await this.search(actor, request, channels)
    const isBare = channels.length === 0 || stretch.before - stretch.after <= 1
    if (search === undefined || isBare) return toPage([], 0, stretch, stretch)
    const [only] = channels
    // A poll at the head, the most frequent request, needs no query.
    const [newest] = only && channels.length === 1 && order === 'asc' ? await log.newestIn([only.id]) : []
    if (newest && newest.seq <= stretch.after) return toPage([], 0, stretch, stretch)
    const { mark } = this.deps.recent
    const { found, read } = await this.collect(stretch, request.limit + 1, search)
    const messages = await this.view(actor, found.slice(0, request.limit), mark)
    return toPage(found, request.limit, stretch, read, messages)
  }

  /** Returns a test whether a message mentions the actor: by name, or as a broadcast after the actor joined. */
  private async mentionTest({ account: { id: me } }: Person): Promise<(message: Message) => boolean> {
    const { directory } = this.deps
    const joined = await directory.retryUntilLoaded(() => directory.channelsOf(me))
    return ({ mentions, channelId, senderId, seq }) => {
      if (mentions.listed.includes(me) || mentions.unlisted.includes(me)) return true
      const since = joined.get(channelId)?.joinedSeq
      return mentions.broadcast && senderId !== me && since !== undefined && since < seq
    }
  }

  /** Translates the request; undefined if nothing can match. */
  private async search(
    actor: Person,
    request: PageRequest,
    channels: readonly Channel[],
  ): Promise<Search | undefined> {
    const { reads, directory } = this.deps
    const from =
      request.from === null
        ? null
        : await directory.retryUntilLoaded(() => directory.accountByHandle(request.from ?? ''))
    if (from === undefined) return undefined
    const ids = channels.map(({ id }) => id)
    const channelIds = new Set(ids)
    const thread = request.thread === null ? null : await threadRoot(reads, request.thread, channelIds)
    const several = ids.length > MAX_CHANNEL_FILTER ? 'everything' : { channelIds: ids }
    return {
      of: thread === null ? several : { threadRoot: thread },
      channelIds,
      filter: {
        includeDeleted: request.includeDeleted,
        withMentions: request.mentionsMe,
        ...(from === null ? {} : { senderId: from.id }),
        ...(request.kind === null ? {} : { kind: request.kind }),
        ...(request.excludeSelf ? { notSenderId: actor.account.id } : {}),
      },
      isFiltered: request.mentionsMe || request.excludeSelf || from !== null || request.kind !== null,
      matches: request.mentionsMe ? await this.mentionTest(actor) : null,
    }
  }

  /**
   * Returns up to `limit` messages in order, and how far it read: to the end of the stretch, or until there are enough.
   * Examines at most SCAN_LIMIT messages.
   */
  private async collect(
    stretch: Stretch,
    wanted: number,
    search: Search,
  ): Promise<{ found: Message[]; read: Stretch }> {
    const loop = this.deps.pace.loop()
    const found: Message[] = []
    let rest = stretch
    let size = Math.min(wanted, TURN_ROWS)
    let together = SLICE
    for (let looked = 0; looked < SCAN_LIMIT; ) {
      await loop.turn()
      const limit = Math.min(size, SCAN_LIMIT - looked)
      const places = await this.deps.reads.messagePositions({ of: search.of, ...rest, limit })
      loop.did(places.length)
      looked += places.length
      const seqs = places.filter(({ channelId }) => search.channelIds.has(channelId)).map(({ seq }) => seq)
      for (let start = 0; start < seqs.length; ) {
        await loop.turn()
        const slice = seqs.slice(start, start + together)
        const rows = await this.messages(slice, search)
        loop.did(slice.length)
        start += slice.length
        // Reading a message costs much more than reading the position of one that is filtered out.
        together = rows.length * 4 < slice.length ? TURN_ROWS : SLICE
        const inOrder = rows.toSorted((one, other) => one.seq - other.seq)
        for (const row of rest.order === 'asc' ? inOrder : inOrder.reverse()) {
          if (search.matches && !search.matches(row)) continue
          if (found.push(row) === wanted) return { found, read: stretch }
        }
      }
      const last = places.at(-1)
      if (!last || places.length < limit) return { found, read: stretch }
      rest = rest.order === 'asc' ? { ...rest, after: last.seq } : { ...rest, before: last.seq }
      size = TURN_ROWS
    }
    const { after, before, order } = rest
    return {
      found,
      read: order === 'asc' ? { ...stretch, before: after + 1 } : { ...stretch, after: before - 1 },
    }
  }

  /** Returns the messages that pass the filter, in no order. */
  private async messages(seqs: readonly Seq[], { filter, isFiltered }: Search): Promise<Message[]> {
    const { reads, recent } = this.deps
    if (isFiltered) return reads.messagesBySeq(seqs, filter)
    const found: Message[] = []
    const missing: Seq[] = []
    for (const seq of seqs) {
      const known = recent.message(seq)?.message
      if (!known) missing.push(seq)
      else if (filter.includeDeleted || known.deletedAt === null) found.push(known)
    }
    if (missing.length > 0) found.push(...(await reads.messagesBySeq(missing, filter)))
    return found
  }

  /** Returns messages as they read now, without those that became unreadable while other work ran. */
  private async view(
    actor: Person,
    found: readonly Message[],
    mark: RecentEventsMark,
  ): Promise<MessageView[]> {
    const { directory, policy, recent } = this.deps
    const views = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const ids = [...new Set(found.map(({ channelId }) => channelId))]
      const channels = directory.requireChannels(ids)
      policy.prepare(now, channels)
      const readable = new Set(channels.filter((channel) => policy.mayRead(now, channel)).map(({ id }) => id))
      const shown = found.filter(({ channelId }) => readable.has(channelId))
      const isKnown = (message: Message) => recent.message(message.seq)?.message === message
      const built = viewMessages(
        directory,
        shown.filter((message) => !isKnown(message)),
      )
      const fresh = new Map(built.map((view) => [view.message.seq, view]))
      return shown.map(({ seq }) => ({
        view: fresh.get(seq) ?? recent.message(seq),
        isFresh: fresh.has(seq),
      }))
    })
    return views.flatMap(({ view, isFresh }) => {
      if (view && isFresh) recent.keepMessage(view, mark)
      return view ?? []
    })
  }
}

/** `found` has one message more than fits on the page if there are more; `messages` are the views of the page. */
function toPage(
  found: readonly Message[],
  limit: number,
  asked: Stretch,
  read: Stretch,
  messages: readonly MessageView[] = [],
): Page {
  const full = found.length > limit
  const last = full ? found[limit - 1] : undefined
  const asc = asked.order === 'asc'
  const stopped = asc ? read.before < asked.before : read.after > asked.after
  const stop = last?.seq ?? (asc ? read.before - 1 : read.after + 1)
  return {
    messages,
    head: messages.length === 0 ? null : Math.max(...messages.map(({ message }) => message.seq)),
    next: full || stopped ? stop : null,
    hasMore: full || stopped,
    timedOut: false,
    position: asc ? Math.max(stop, asked.after) : asked.before - 1,
  }
}
