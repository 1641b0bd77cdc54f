import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Settings } from '../governance/settings'
import type { Person } from '../identity/actor'
import { isFollowing } from '../inbox/notified'
import type { ThreadMember } from '../kernel/channel-ports'
import type { Channel, Message, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { parseUuid, type Seq } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Reads, Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Log } from '../log/log'
import { threadRoot } from './threads'
import { asTombstone, viewMessages } from './views'

const MAX_PARTICIPANTS = 20

/** A thread as one reader sees it. */
export interface Thread {
  readonly root: MessageView
  /** The handles of accounts that posted in it, at most MAX_PARTICIPANTS. */
  readonly participants: readonly string[]
  readonly isFollowed: boolean
}

export interface ThreadListRequest {
  /** Cursor: only threads with a reply after it. */
  readonly since: string | null
  /** Cursor: where the previous page ended. */
  readonly cursor: string | null
  readonly limit: number
}

export interface ThreadsDeps {
  readonly store: Pick<Store, 'reads' | 'waitFor'>
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly transactions: Transactions
  readonly log: Log
  readonly clock: Clock
  readonly pace: Pace
}

/** Lists the threads of a channel, and what an account has to do with them. history.ts reads their messages. */
export class Threads {
  constructor(private readonly deps: ThreadsDeps) {}

  /**
   * Returns a page of the threads of a channel, the latest reply first, and where the next page begins; null at the
   * end. Walks back through the messages of the channel and examines at most SCAN_LIMIT of them.
   * @throws the access errors of reading; invalid_cursor, cursor_expired, cursor_epoch
   */
  async list(
    actor: Person,
    slug: string,
    request: ThreadListRequest,
  ): Promise<{ threads: Thread[]; next: Seq | null }> {
    const { directory, policy, log } = this.deps
    const { head } = log
    const { channel, hidden } = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const { channel } = policy.read(now, slug)
      return { channel, hidden: policy.hiddenUpTo(now, channel) }
    })
    const since = request.since === null ? 0 : await log.position(request.since, 'since', [channel])
    const end = request.cursor === null ? head + 1 : await log.position(request.cursor, 'cursor', [channel])
    const range = { after: Math.max(since, hidden), before: Math.min(end, head + 1) }
    const { found, stop } = await this.walk(channel, range, request.limit + 1)
    const page = found.slice(0, request.limit)
    const threads = await this.view(
      actor,
      page.map(({ rootSeq }) => rootSeq),
    )
    return { threads, next: found.length > page.length ? (page.at(-1)?.lastReplySeq ?? null) : stop }
  }

  /** @throws invalid_thread_id; thread_not_found, also if the actor may not read it */
  async get(actor: Person, id: string): Promise<Thread> {
    const { root } = await this.locate(actor, id)
    const [thread] = await this.view(actor, [root])
    if (!thread) throw refusal('thread_not_found')
    return thread
  }

  /** Returns the channel of a thread. @throws invalid_thread_id, thread_not_found */
  async channelOf(actor: Person, id: string): Promise<Channel> {
    return (await this.locate(actor, id)).channel
  }

  /** Makes the actor follow a thread, or not. @throws invalid_thread_id, thread_not_found */
  async follow(actor: Person, id: string, follow: boolean): Promise<void> {
    await this.deps.transactions.run(actor, async (tx) => {
      const { root } = await this.locateIn(tx, actor, id)
      await tx.followThread(root, actor.account.id, follow)
    })
  }

  private async locate(actor: Person, id: string): Promise<{ root: Seq; channel: Channel }> {
    const { store, directory } = this.deps
    const found = await directory.retryUntilLoaded(() => this.locateIn(store.reads, actor, id))
    await store.waitFor(found.root)
    return found
  }

  private async locateIn(reads: Reads, actor: Person, id: string): Promise<{ root: Seq; channel: Channel }> {
    const { directory, policy } = this.deps
    const uuid = parseUuid(id)
    if (!uuid) throw refusal('invalid_thread_id')
    const message = await reads.message({ uuid })
    if (!message) throw refusal('thread_not_found')
    const now = policy.current(actor)
    const channel = directory.channel(message.channelId)
    if (!policy.mayRead(now, channel)) throw refusal('thread_not_found')
    const hidden = policy.hiddenIn(now, [channel])
    return { root: await threadRoot(reads, uuid, new Set([channel.id]), hidden), channel }
  }

  /**
   * Returns the next threads by their last replies, newest first, and where it stopped; null if it reached the end.
   */
  private async walk(channel: Channel, range: { after: Seq; before: Seq }, wanted: number) {
    const { pace } = this.deps
    const { reads } = this.deps.store
    const loop = pace.loop()
    const found: { rootSeq: Seq; lastReplySeq: Seq }[] = []
    let { before } = range
    for (let looked = 0; looked < SCAN_LIMIT; looked += TURN_ROWS) {
      await loop.turn()
      const rows = await reads.threadPositions(channel.id, { after: range.after, before, limit: TURN_ROWS })
      loop.did(rows.length)
      for (const { seq, rootSeq, lastReplySeq } of rows) {
        // Each thread is found at its last reply.
        if (rootSeq === null || lastReplySeq !== seq) continue
        if (found.push({ rootSeq, lastReplySeq }) === wanted) return { found, stop: null }
      }
      const last = rows.at(-1)
      if (!last || rows.length < TURN_ROWS) return { found, stop: null }
      before = last.seq
    }
    return { found, stop: before }
  }

  /** Returns these threads as the actor sees them now, in their order, without those that it may not read. */
  private async view(actor: Person, roots: readonly Seq[]): Promise<Thread[]> {
    const { directory, policy } = this.deps
    const { reads } = this.deps.store
    if (roots.length === 0) return []
    const stored = new Map((await reads.messagesBySeq(roots)).map((message) => [message.seq, message]))
    const messages = roots.flatMap((root) => stored.get(root) ?? [])
    const replied = await reads.threadParticipants(roots, MAX_PARTICIPANTS)
    const own = await reads.threadMember(actor.account.id, roots)
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channels = directory.requireChannels(new Set(messages.map(({ channelId }) => channelId)))
      const readable = new Set(channels.filter((channel) => policy.mayRead(now, channel)).map(({ id }) => id))
      const shown = messages.filter(({ channelId }) => readable.has(channelId))
      directory.requireAccounts(shown.flatMap(({ seq }) => replied.get(seq) ?? []))
      return viewMessages(directory, shown).map((root): Thread => {
        const { message, channel } = root
        const ids = new Set([message.senderId, ...(replied.get(message.seq) ?? [])])
        return {
          root: message.seq > policy.hiddenUpTo(now, channel) ? root : asTombstone(root),
          participants: [...ids].slice(0, MAX_PARTICIPANTS).map((id) => directory.account(id).handle),
          isFollowed: this.isFollowed(now, message, own.get(message.seq)),
        }
      })
    })
  }

  /**
   * Reports whether the account follows the thread: by choice, or because it posted in it; agents only for some time
   * after that.
   */
  private isFollowed(actor: Person, root: Message, member: ThreadMember | undefined): boolean {
    const { settings, clock } = this.deps
    const { id, kind } = actor.account
    const postedAt = member?.last?.at ?? (root.senderId === id ? root.createdAt : null)
    const part = { postedAt, follow: member?.follow ?? null }
    return isFollowing(part, kind, clock.now(), settings.get('follow.agent_window_s'))
  }
}
