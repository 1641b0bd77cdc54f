// What counts unread events, over a store whose every question a test can note or delay.
import { Counts } from '../../src/core/matrix/push/counts'
import { ReadPositions } from '../../src/core/matrix/push/read-positions'
import { ReaderRules } from '../../src/core/matrix/push/reader-rules'
import { RoomTails } from '../../src/core/matrix/push/tails'
import { RecentEvents } from '../../src/core/matrix/reading/recent'
import { type HandMade, type HandMadeRoom, idOf } from './rooms-by-hand'

/** Does something around a question to the store, which has this name. */
export type Around = (name: string, ask: () => unknown, given: readonly unknown[]) => unknown

/** Counts over a store; `around` is called for each of their questions. */
export function countsOver({ core, store }: HandMade, around: Around) {
  const matrix = new Proxy(core.reads.matrix(), {
    get(reads, name, receiver) {
      const found: unknown = Reflect.get(reads, name, receiver)
      if (typeof found !== 'function') return found
      return (...given: unknown[]) => around(String(name), () => Reflect.apply(found, reads, given), given)
    },
  })
  const reads = new Proxy(core.reads, {
    get: (all, name, receiver) => (name === 'matrix' ? () => matrix : Reflect.get(all, name, receiver)),
  })
  const watched = { reads, pace: core.pace }
  const recent = new RecentEvents(watched, store)
  const tails = new RoomTails(watched, recent)
  const rules = new ReaderRules(watched, tails)
  const read = new ReadPositions(watched)
  const counts = new Counts({ core: watched, store, tails, rules, read })
  return { core: watched, counts, recent, tails, rules, read }
}

export function countingReader(hand: HandMade, name: string) {
  return { accountId: hand.actor(name).account.id, userId: idOf(name), ignored: new Set<string>() }
}

/** The present end of the log and of the companion stream. */
export async function presentOf({ core }: HandMade) {
  const { projected, mx } = await core.reads.matrix().position()
  return { projected, end: (projected + 1) * 64, mx }
}

/** Notes that somebody has read all of a room. */
export async function readsAll(hand: HandMade, { channel }: HandMadeRoom, name: string): Promise<void> {
  const accountId = hand.actor(name).account.id
  const { end } = await presentOf(hand)
  await hand.store.transact(async (tx) => {
    const mx = await tx.matrix().nextMx(`a${accountId}`)
    await tx
      .matrix()
      .putReceipt({ channelId: channel.id, accountId, kind: 'm.read', thread: '', pos: end - 1, ts: 0, mx })
  })
}
