import type { Core } from '../..'
import { parsedEvent } from '../events'
import type { Reader } from '../reading/readers'
import { ReadUpTo } from './room-unread'

/** Up to where readers have read rooms. */
export class ReadPositions {
  constructor(private readonly core: Pick<Core, 'reads'>) {}

  /** Returns up to where a reader has read rooms that it is in. Rooms that it is not in are left out. */
  async of(
    { accountId, userId }: Pick<Reader, 'accountId' | 'userId'>,
    channelIds: readonly number[],
  ): Promise<ReadonlyMap<number, ReadUpTo>> {
    const reads = this.core.reads.matrix()
    const receipts = Map.groupBy(
      await reads.readReceipts(accountId, channelIds),
      ({ channelId }) => channelId,
    )
    const members = await reads.membershipsIn(userId, channelIds)
    const found = new Map<number, ReadUpTo>()
    for (const { channelId, membership, pos } of members) {
      if (membership !== 'join') continue
      const own = receipts.get(channelId) ?? []
      const unthreaded = Math.max(
        ...own.map((one) => (one.thread === '' ? one.pos : Number.NEGATIVE_INFINITY)),
      )
      const joined = unthreaded >= pos ? unthreaded : await this.joinedAt(channelId, userId)
      const upTo = new ReadUpTo(Math.max(unthreaded, joined))
      for (const { thread, rootPos, pos } of own)
        if (thread === 'main') upTo.note(null, pos)
        else if (rootPos !== null) upTo.note(rootPos, pos)
      found.set(channelId, upTo)
    }
    return found
  }

  /** The position at which a member has come into a room the last time. */
  async joinedAt(channelId: number, userId: string): Promise<number> {
    let joined = Number.NEGATIVE_INFINITY
    let isIn = false
    for (const event of await this.core.reads.matrix().memberEventsOf(channelId, userId)) {
      const isJoin = parsedEvent(event.json).content['membership'] === 'join'
      if (isJoin && !isIn) joined = event.pos
      isIn = isJoin
    }
    return joined
  }
}
