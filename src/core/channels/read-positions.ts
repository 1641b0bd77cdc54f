import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { MentionCounts } from '../inbox/mention-counts'
import type { Receipts } from '../inbox/receipts'
import type { Channel, Message } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { FrameBody, Frames } from '../log/frames'
import type { Log } from '../log/log'
import { threadRoot } from '../messages/threads'
import type { ChannelRooms } from './channel-rooms'

/** Items that a moved position marks as seen, the newest first. */
const MAX_SEEN = 1000

export interface ReadRequest {
  readonly cursor: string
  /** Any message of a thread; null = the channel outside of threads. */
  readonly thread: string | null
  /** Whether the position may move back. */
  readonly rewind: boolean
}

export interface ReadPosition {
  readonly readSeq: Seq
  /** Unread messages of the channel. */
  readonly unread: number
  /** Items of the channel that the account has not seen. */
  readonly mentions: number
}

/** What of a channel was read: all outside of threads, the thread with this root, or both and all other threads. */
type Place = 'top level' | Seq | 'everything'

interface Move {
  readonly wanted: Seq
  readonly rewind: boolean
  /** Whether rooms of another protocol are told of it. */
  readonly isTold: boolean
  readonly of: Place
}

/** How far members have read in their channels. */
export class ReadPositions {
  constructor(
    private readonly deps: {
      readonly reads: Reads
      readonly receipts: Pick<Receipts, 'seenItems' | 'flush'>
      readonly mentionCounts: MentionCounts
      readonly directory: Directory
      readonly policy: Policy
      readonly transactions: Transactions
      readonly log: Log
      readonly frames: Frames
      readonly rooms: Pick<ChannelRooms, 'markRead' | 'serverName'>
    },
  ) {
    deps.frames.source('read.position', (ids) => this.frame(ids))
  }

  /**
   * Moves the actor's position forward to a cursor, or with `rewind` also back. With `thread`, the position stays, and what
   * notified the actor in the thread up to the cursor is seen. A frame tells the account's other connections of it.
   * @throws the access errors of reading; invalid_cursor, cursor_expired, cursor_epoch, invalid_thread_id, thread_not_found
   */
  async set(actor: Person, slug: string, { cursor, thread, rewind }: ReadRequest): Promise<ReadPosition> {
    const { reads, directory, log } = this.deps
    const { channel, hidden } = await directory.retryUntilLoaded(() => this.judge(actor, slug))
    const { id: accountId } = actor.account
    // `now` is the position after the newest event, which the next message will have.
    const wanted = Math.min(await log.position(cursor, 'cursor', [channel]), log.head)
    const root = thread === null ? null : await threadRoot(reads, thread, new Set([channel.id]), hidden)
    const readSeq =
      root === null
        ? await this.move(actor, slug, channel, { wanted, rewind, isTold: true, of: 'top level' })
        : await this.readThread(actor, channel, root, wanted)
    const mentions = await this.announce(actor, channel, root === null ? [] : [root, readSeq])
    const unread = (await reads.countUnread(accountId, [channel.id])).get(channel.id)?.unread ?? 0
    return { readSeq, unread, mentions }
  }

  /**
   * Moves the actor's position forward to where it has read over another protocol: outside of threads, in one thread, or
   * in all of the channel.
   * @throws the access errors of reading
   */
  async advance(
    actor: Person,
    { slug }: Channel,
    { upTo, of }: { readonly upTo: Seq; readonly of: Place },
  ): Promise<void> {
    const { directory, log, mentionCounts } = this.deps
    const { channel } = await directory.retryUntilLoaded(() => this.judge(actor, slug))
    const { id: accountId } = actor.account
    const wanted = Math.min(upTo, log.head)
    const root = typeof of === 'number' ? of : null
    if (root !== null) await this.noteSeen(accountId, channel.id, { of: root, after: 0, upTo: wanted })
    else await this.move(actor, slug, channel, { wanted, rewind: false, isTold: false, of })
    // What is left in threads is older than the former position.
    const isLeft = of === 'everything' && ((await mentionCounts.of(actor)).get(channel.id) ?? 0) > 0
    if (isLeft) await this.noteSeen(accountId, channel.id, { of, after: 0, upTo: wanted })
    await this.announce(actor, channel, root === null ? [] : [root, wanted])
  }

  /** Tells the account's connections of its position. Returns the items of the channel that it has not seen. */
  private async announce(actor: Person, channel: Channel, inThread: readonly number[]): Promise<number> {
    const { frames, mentionCounts } = this.deps
    const mentions = (await mentionCounts.of(actor)).get(channel.id) ?? 0
    frames.announce('read.position', actor.account.id, channel.id, mentions, ...inThread)
    return mentions
  }

  /** Moves the position of the channel. Returns where it is. */
  private async move(
    actor: Person,
    slug: string,
    channel: Channel,
    { wanted, rewind, isTold, of }: Move,
  ): Promise<Seq> {
    const { transactions, rooms } = this.deps
    const { id: accountId } = actor.account
    const { known, readSeq } = await transactions.run(actor, async (tx) => {
      this.judge(actor, slug)
      const known = (await tx.ownMemberships(accountId, [channel.id])).get(channel.id)?.readSeq ?? 0
      const readSeq = rewind ? wanted : Math.max(wanted, known)
      if (readSeq === known) return { known, readSeq }
      await tx.updatePosition(accountId, channel.id, readSeq)
      const mark = { root: null, upTo: readSeq, isRewound: readSeq < known }
      if (isTold) await rooms.markRead(tx, actor.account, channel, mark)
      return { known, readSeq }
    })
    if (readSeq > known) await this.noteSeen(accountId, channel.id, { of, after: known, upTo: readSeq })
    return readSeq
  }

  /** Notes that a thread was read, which moves no position of /v1. Returns up to where. */
  private async readThread(actor: Person, channel: Channel, root: Seq, upTo: Seq): Promise<Seq> {
    const { transactions, rooms } = this.deps
    const { account } = actor
    if (rooms.serverName !== undefined)
      await transactions.run(actor, (tx) =>
        rooms.markRead(tx, account, channel, { root, upTo, isRewound: false }),
      )
    return this.noteSeen(account.id, channel.id, { of: root, after: 0, upTo })
  }

  /**
   * Writes that the account has seen what notified it up to a position: outside of threads, in the thread with this root,
   * or everywhere. Returns the position.
   */
  private async noteSeen(
    accountId: number,
    channelId: number,
    { of, after, upTo }: { readonly of: Place; readonly after: Seq; readonly upTo: Seq },
  ): Promise<Seq> {
    const { reads, receipts } = this.deps
    const range = { after, before: upTo + 1, order: 'desc', limit: MAX_SEEN } as const
    const rows = (await reads.inboxRows(accountId, range)).filter((row) => row.channelId === channelId)
    const messages = await reads.messagesBySeq([...new Set(rows.map(({ messageSeq }) => messageSeq))])
    const isMeant = ({ seq, thread }: Message) => {
      if (of === 'everything') return true
      return of === 'top level' ? thread === null : seq === of || thread?.seq === of
    }
    const meant = new Set(messages.filter(isMeant).map(({ seq }) => seq))
    const seen = rows.filter(({ messageSeq }) => meant.has(messageSeq))
    receipts.seenItems(accountId, seen)
    // Written at once, so that other processes count the same.
    if (seen.length > 0) await receipts.flush()
    return upTo
  }

  /** Returns what a frame says of the position; undefined if the account has left the channel. */
  private async frame(ids: readonly number[]): Promise<FrameBody<'read.position'> | undefined> {
    const { reads, directory } = this.deps
    const [accountId = 0, channelId = 0, mentions = 0, root, upTo] = ids
    const readSeq = upTo ?? (await reads.ownMemberships(accountId, [channelId])).get(channelId)?.readSeq
    if (readSeq == null) return undefined
    const thread = root === undefined ? null : ((await reads.message({ seq: root })) ?? null)
    const unread = (await reads.countUnread(accountId, [channelId])).get(channelId)?.unread ?? 0
    return directory.retryUntilLoaded(() => {
      if (!directory.member(accountId, channelId)) return undefined
      const account = directory.account(accountId)
      const content = { thread, readSeq, unread, mentions }
      return { channel: directory.channel(channelId), account, content }
    })
  }

  private judge(actor: Person, slug: string) {
    const { policy } = this.deps
    const now = policy.current(actor)
    const { channel, member } = policy.read(now, slug)
    if (!member) throw refusal('not_a_member', { gate: 'membership', channel: slug })
    return { channel, hidden: policy.hiddenIn(now, [channel]) }
  }
}
