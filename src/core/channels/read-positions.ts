import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { MentionCounts } from '../inbox/mention-counts'
import type { Receipts } from '../inbox/receipts'
import type { Message } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import type { FrameBody, Frames } from '../log/frames'
import type { Log } from '../log/log'
import { threadRoot } from '../messages/threads'

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
    const { reads, directory, log, frames, mentionCounts } = this.deps
    const { channel, hidden } = await directory.retryUntilLoaded(() => this.judge(actor, slug))
    const { id: accountId } = actor.account
    // `now` is the position after the newest event, which the next message will have.
    const wanted = Math.min(await log.position(cursor, 'cursor', [channel]), log.head)
    const root = thread === null ? null : await threadRoot(reads, thread, new Set([channel.id]), hidden)
    const readSeq =
      root === null
        ? await this.move(actor, slug, channel.id, wanted, rewind)
        : await this.noteSeen(accountId, channel.id, { root, after: 0, upTo: wanted })
    const mentions = (await mentionCounts.of(actor)).get(channel.id) ?? 0
    const inThread = root === null ? [] : [root, readSeq]
    frames.announce('read.position', accountId, channel.id, mentions, ...inThread)
    const unread = (await reads.countUnread(accountId, [channel.id])).get(channel.id)?.unread ?? 0
    return { readSeq, unread, mentions }
  }

  /** Moves the position of the channel. Returns where it is. */
  private async move(
    actor: Person,
    slug: string,
    channelId: number,
    wanted: Seq,
    rewind: boolean,
  ): Promise<Seq> {
    const { id: accountId } = actor.account
    const { known, readSeq } = await this.deps.transactions.run(actor, async (tx) => {
      this.judge(actor, slug)
      const known = (await tx.ownMemberships(accountId, [channelId])).get(channelId)?.readSeq ?? 0
      const readSeq = rewind ? wanted : Math.max(wanted, known)
      if (readSeq !== known) await tx.updatePosition(accountId, channelId, readSeq)
      return { known, readSeq }
    })
    if (readSeq > known)
      await this.noteSeen(accountId, channelId, { root: null, after: known, upTo: readSeq })
    return readSeq
  }

  /**
   * Writes that the account has seen what notified it up to a position: outside of threads, or in the thread with this root.
   * Returns the position.
   */
  private async noteSeen(
    accountId: number,
    channelId: number,
    { root, after, upTo }: { readonly root: Seq | null; readonly after: Seq; readonly upTo: Seq },
  ): Promise<Seq> {
    const { reads, receipts } = this.deps
    const range = { after, before: upTo + 1, order: 'desc', limit: MAX_SEEN } as const
    const rows = (await reads.inboxRows(accountId, range)).filter((row) => row.channelId === channelId)
    const messages = await reads.messagesBySeq([...new Set(rows.map(({ messageSeq }) => messageSeq))])
    const isMeant = ({ seq, thread }: Message) =>
      root === null ? thread === null : seq === root || thread?.seq === root
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
