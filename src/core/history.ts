import type { Person } from './actor'
import type { Directory } from './directory'
import type { Channel, Message, MessageKind, MessageView, Room } from './entities'
import type { Gates } from './gates'
import type { Seq } from './ids'
import { SCAN_LIMIT } from './limits'
import type { Log } from './log'
import type { MessageQuery, Reads } from './ports'
import type { Waits } from './streams'
import { threadRoot } from './threads'
import type { Clock } from './time'
import { viewMessages } from './views'

export interface PageRequest {
  /** Slugs; `*` alone = every readable channel. */
  readonly channels: readonly string[]
  readonly since: string | null
  readonly before: string | null
  /** Default: `desc` with `before` and without `since`, else `asc`. */
  readonly order: 'asc' | 'desc' | null
  readonly limit: number
  readonly mentionsMe: boolean
  /** Root of a thread, which is included. */
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
  /** Newest message of the page; null when it is empty. */
  readonly head: Seq | null
  /** Where to go on in this order; null when nothing more matches. */
  readonly next: Seq | null
  readonly hasMore: boolean
  readonly timedOut: boolean
  /** The answer is complete for its filters up to here. */
  readonly position: Seq
}

/** One direction through the log: from a position towards a bound, both exclusive of what was read before. */
interface Stretch {
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
}

/** Reading messages page by page, and waiting for the next one. */
export class History {
  constructor(
    private readonly reads: Reads,
    private readonly directory: Directory,
    private readonly gates: Gates,
    private readonly log: Log,
    private readonly waits: Waits,
    private readonly clock: Clock,
  ) {}

  /**
   * One page. With `waitMs` an otherwise empty page is held until something matches.
   * @throws the gates of reading, naming the channel; invalid_cursor, cursor_expired, cursor_epoch, thread_not_found
   */
  async page(actor: Person, request: PageRequest): Promise<Page> {
    const deadline = this.clock.steady() + request.waitMs
    let since: Seq | null = null
    for (;;) {
      const head = this.log.head
      const rooms = await this.directory.settle(() =>
        this.gates.rooms(this.gates.current(actor), request.channels),
      )
      const channels = rooms.map((room) => room.channel)
      // Fixed by the first look, so that `now` means the moment of the request.
      since ??= request.since === null ? null : await this.log.position(request.since, 'since', channels)
      const page = await this.read(actor, request, rooms, since, head)
      const left = deadline - this.clock.steady()
      if (page.messages.length > 0 || page.hasMore || request.waitMs === 0) return page
      if (left <= 0) return { ...page, timedOut: true }
      since = request.before === null ? page.position : since
      const woken = await this.waits.next({
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
    rooms: readonly Room[],
    since: Seq | null,
    head: Seq,
  ): Promise<Page> {
    const channels = rooms.map((room) => room.channel)
    const before =
      request.before === null ? null : await this.log.position(request.before, 'before', channels)
    const order = request.order ?? (before !== null && since === null ? 'desc' : 'asc')
    const stretch = { after: since ?? 0, before: Math.min(before ?? head + 1, head + 1), order }
    // What the request names is judged also where there is nothing to read.
    const filters = await this.filters(actor, request, channels)
    if (filters === undefined || rooms.length === 0) return empty(stretch)
    const [only] = rooms
    if (only && rooms.length === 1 && order === 'asc' && (await this.newestIn(only.channel)) <= stretch.after)
      return empty(stretch)
    const bounded = await this.bound(stretch, channels, request, filters)
    const matches = mentionTest(actor, rooms, request.mentionsMe)
    const found = await this.collect(bounded, request.limit + 1, filters, matches)
    const views = await this.directory.settle(() => viewMessages(this.directory, found))
    return toPage(views, request.limit, stretch, bounded)
  }

  /** So that a poll at the head, the commonest request of all, needs no query. */
  private async newestIn(channel: Channel): Promise<Seq> {
    const known = this.log.newestIn(channel.id)
    if (known !== undefined) return known
    const { generation } = this.log
    const stored = (await this.reads.newestIn([channel.id])).get(channel.id)
    return this.log.noteNewest(channel.id, stored?.seq ?? 0, generation)
  }

  /** The request's filters as the store takes them; undefined if nothing can match. */
  private async filters(
    actor: Person,
    request: PageRequest,
    channels: readonly Channel[],
  ): Promise<Omit<MessageQuery, keyof Stretch | 'limit'> | undefined> {
    const from =
      request.from === null
        ? null
        : await this.directory.settle(() => this.directory.accountByHandle(request.from ?? ''))
    if (from === undefined) return undefined
    return {
      channelIds: channels.map((channel) => channel.id),
      includeDeleted: request.includeDeleted,
      withMentions: request.mentionsMe,
      ...(request.thread === null
        ? {}
        : {
            threadRoot: await threadRoot(this.reads, request.thread, new Set(channels.map(({ id }) => id))),
          }),
      ...(from === null ? {} : { senderId: from.id }),
      ...(request.kind === null ? {} : { kind: request.kind }),
      ...(request.excludeSelf ? { notSenderId: actor.account.id } : {}),
    }
  }

  /**
   * How far a read may go. Where every row that is looked at is an answer, to the end; else at most SCAN_LIMIT
   * messages of the one channel, or events of the log, so that no request holds up the others.
   */
  private async bound(
    stretch: Stretch,
    channels: readonly Channel[],
    request: PageRequest,
    filters: { threadRoot?: Seq },
  ): Promise<Stretch> {
    const [only] = channels
    if (filters.threadRoot !== undefined) return stretch
    if (only && channels.length === 1) {
      if (!hasFilters(request)) return stretch
      const from = stretch.order === 'asc' ? stretch.after : stretch.before
      const away = await this.reads.messageAway(only.id, from, stretch.order, SCAN_LIMIT)
      if (away === undefined) return stretch
      return stretch.order === 'asc'
        ? { ...stretch, before: Math.min(stretch.before, away + 1) }
        : { ...stretch, after: Math.max(stretch.after, away - 1) }
    }
    return stretch.order === 'asc'
      ? { ...stretch, before: Math.min(stretch.before, stretch.after + SCAN_LIMIT + 1) }
      : { ...stretch, after: Math.max(stretch.after, stretch.before - SCAN_LIMIT - 1) }
  }

  private async collect(
    stretch: Stretch,
    wanted: number,
    filters: Omit<MessageQuery, keyof Stretch | 'limit'>,
    matches: ((message: Message) => boolean) | null,
  ): Promise<Message[]> {
    const found: Message[] = []
    let rest = stretch
    for (;;) {
      const limit = matches ? 500 : wanted - found.length
      const rows = await this.reads.messages({ ...filters, ...rest, limit })
      for (const row of rows) if (!matches || matches(row)) found.push(row)
      const last = rows.at(-1)
      if (!last || rows.length < limit || found.length >= wanted) return found.slice(0, wanted)
      rest = rest.order === 'asc' ? { ...rest, after: last.seq } : { ...rest, before: last.seq }
    }
  }
}

function hasFilters(request: PageRequest): boolean {
  return request.mentionsMe || request.excludeSelf || request.from !== null || request.kind !== null
}

/** Whether a message names the actor, exactly: by the lists it carries, or as a broadcast since it joined. */
function mentionTest(
  actor: Person,
  rooms: readonly Room[],
  wanted: boolean,
): ((message: Message) => boolean) | null {
  if (!wanted) return null
  const me = actor.account.id
  const joined = new Map(rooms.map((room) => [room.channel.id, room.members.get(me)?.joinedSeq]))
  return ({ mentions, channelId, senderId, seq }) => {
    if (mentions.listed.includes(me) || mentions.unlisted.includes(me)) return true
    const since = joined.get(channelId)
    return mentions.broadcast && senderId !== me && since !== undefined && since < seq
  }
}

function empty(stretch: Stretch): Page {
  return toPage([], 0, stretch, stretch)
}

function toPage(found: readonly MessageView[], limit: number, asked: Stretch, read: Stretch): Page {
  const messages = found.slice(0, limit)
  const last = messages.at(-1)?.message
  const full = found.length > limit
  const asc = asked.order === 'asc'
  const stopped = asc ? read.before < asked.before : read.after > asked.after
  const end = asc ? read.before - 1 : read.after + 1
  const stop = full && last ? last.seq : end
  return {
    messages,
    head: messages.length === 0 ? null : Math.max(...messages.map(({ message }) => message.seq)),
    next: full || stopped ? stop : null,
    hasMore: full || stopped,
    timedOut: false,
    position: asc ? Math.max(stop, asked.after) : asked.before - 1,
  }
}
