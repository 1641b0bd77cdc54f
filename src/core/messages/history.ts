import type { Directory } from '../access/directory'
import { isObserver } from '../access/observers'
import type { Policy } from '../access/policy'
import { type Person, principalOf } from '../identity/actor'
import type { Receipts } from '../inbox/receipts'
import type { Channel, Message, MessageKind, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { MAX_CHANNEL_FILTER } from '../kernel/limits'
import type { Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Log } from '../log/log'
import type { RecentEvents } from '../log/recent-events'
import type { LongPolls } from '../log/streams'
import type { MessageScan, Search, Stretch } from './scan'
import { threadRoot } from './threads'

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
  /** A handle that the message mentions. */
  readonly mention: string | null
  /** Text that is in the body; upper and lower case are the same. */
  readonly contains: string | null
  readonly kind: MessageKind | null
  readonly excludeSelf: boolean
  readonly includeDeleted: boolean
  /** Only messages outside of a thread, and roots. */
  readonly topLevel: boolean
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

export interface HistoryDeps {
  readonly store: Pick<Store, 'reads' | 'slow'>
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly recent: RecentEvents
  readonly longPolls: LongPolls
  readonly clock: Clock
  readonly scan: MessageScan
  readonly receipts: Pick<Receipts, 'messages'>
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
    const { found, read } = await this.deps.scan.collect(stretch, request.limit + 1, search)
    const messages = await this.deps.scan.view(actor, found.slice(0, request.limit), search.tombstone, mark)
    this.noteSeen(actor, request, messages)
    return toPage(found, request.limit, stretch, read, messages)
  }

  /**
   * Notes that the actor has read messages: those of a thread, those that mention it and, for an agent or over MCP, all. What a person
   * has seen of a whole channel, its client says by the reading position. An observer reads for others.
   */
  private noteSeen(actor: Person, request: PageRequest, messages: readonly MessageView[]): void {
    const asked = request.mentionsMe || request.thread !== null
    const isLooking = asked || actor.account.kind === 'agent' || principalOf(actor).through === 'mcp'
    if (!isLooking || isObserver(actor)) return
    const seqs = messages.flatMap(({ message }) => (message.senderId === actor.account.id ? [] : message.seq))
    this.deps.receipts.messages(actor.account.id, seqs, 'seen')
  }

  /** Returns a test whether a message mentions an account: by name, or as a broadcast after the account joined. */
  private async mentionTest(me: number): Promise<(message: Message) => boolean> {
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
    const { store, directory, policy } = this.deps
    const named = (handle: string | null) =>
      handle === null ? null : directory.retryUntilLoaded(() => directory.accountByHandle(handle))
    const from = await named(request.from)
    const mentioned = await named(request.mention)
    if (from === undefined || mentioned === undefined) return undefined
    const tests: ((message: Message) => boolean)[] = []
    if (request.mentionsMe) tests.push(await this.mentionTest(actor.account.id))
    if (mentioned) tests.push(await this.mentionTest(mentioned.id))
    if (request.contains !== null) tests.push(containsTest(request.contains))
    const ids = channels.map(({ id }) => id)
    const channelIds = new Set(ids)
    const hidden = await directory.retryUntilLoaded(() => policy.hiddenIn(policy.current(actor), channels))
    const thread =
      request.thread === null ? null : await threadRoot(store.reads, request.thread, channelIds, hidden)
    const several = ids.length > MAX_CHANNEL_FILTER ? 'everything' : { channelIds: ids }
    return {
      of: thread === null ? several : { threadRoot: thread },
      channelIds,
      hidden,
      allHidden: thread === null ? Math.min(...ids.map((id) => hidden.get(id) ?? 0)) : 0,
      tombstone: request.includeDeleted ? thread : null,
      filter: {
        includeDeleted: request.includeDeleted,
        withMentions: request.mentionsMe || mentioned !== null,
        ...(from === null ? {} : { senderId: from.id }),
        ...(request.kind === null ? {} : { kind: request.kind }),
        ...(request.excludeSelf ? { notSenderId: actor.account.id } : {}),
        ...(request.topLevel ? { topLevel: true } : {}),
      },
      isFiltered:
        tests.length > 0 || request.excludeSelf || request.topLevel || from !== null || request.kind !== null,
      matches: tests.length === 0 ? null : (message) => tests.every((test) => test(message)),
    }
  }
}

function containsTest(text: string): (message: Message) => boolean {
  const wanted = text.toLowerCase()
  return ({ body }) => body.toLowerCase().includes(wanted)
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
