// What counts of unread events ask of the store.
import { expect, test } from 'bun:test'
import { Counts } from '../../src/core/matrix/push/counts'
import { ReadPositions } from '../../src/core/matrix/push/read-positions'
import { ReaderRules } from '../../src/core/matrix/push/reader-rules'
import { RoomTails } from '../../src/core/matrix/push/tails'
import { RecentEvents } from '../../src/core/matrix/reading/recent'
import { type HandMade, type HandMadeRoom, handMade, idOf } from './rooms-by-hand'

const READERS = Array.from({ length: 20 }, (_, i) => `reader${i}`)

/** Counts over a store whose every question is noted. */
function noting({ core, store }: HandMade) {
  const asked: string[] = []
  const matrix = new Proxy(core.reads.matrix(), {
    get(reads, name, receiver) {
      const found: unknown = Reflect.get(reads, name, receiver)
      if (typeof found !== 'function') return found
      return (...given: unknown[]) => {
        asked.push(String(name))
        return Reflect.apply(found, reads, given)
      }
    },
  })
  const reads = new Proxy(core.reads, {
    get: (all, name, receiver) => (name === 'matrix' ? () => matrix : Reflect.get(all, name, receiver)),
  })
  const watched = { reads, pace: core.pace }
  const recent = new RecentEvents(watched, store)
  const tails = new RoomTails(watched, recent)
  const rules = new ReaderRules(watched, tails)
  const counts = new Counts({ core: watched, store, tails, rules, read: new ReadPositions(watched) })
  return { asked, counts, recent }
}

async function scene(hand: HandMade): Promise<HandMadeRoom> {
  const room = await hand.room('ada')
  await room.sets('ada', 'm.room.join_rules', { join_rule: 'public' })
  for (const name of READERS) await room.member(name, 'join')
  return room
}

test('ask nothing for a new message that is in memory, however many read it', async () => {
  await using hand = await handMade('sqlite', ['ada', ...READERS])
  const room = await scene(hand)
  const { asked, counts, recent } = noting(hand)
  const readers = READERS.map((name) => ({
    accountId: hand.actor(name).account.id,
    userId: idOf(name),
    ignored: new Set<string>(),
  }))
  const all = async () => {
    const { projected, mx } = await hand.core.reads.matrix().position()
    await recent.reach(projected)
    asked.length = 0
    const now = { end: (projected + 1) * 64, mx }
    const found = []
    for (const reader of readers)
      found.push((await counts.of(reader, [room.channel.id], now)).get(room.channel.id)?.notifications)
    return found
  }
  expect(await all()).toEqual(READERS.map(() => 0))
  await room.says('ada', 'first')
  expect(await all()).toEqual(READERS.map(() => 1))
  // Whether a rule for rooms of two holds needs the number of members, once for the room.
  expect(asked).toEqual(['countMembersOf'])
  await room.says('ada', 'all of you', { 'm.mentions': { room: true } })
  expect(await all()).toEqual(READERS.map(() => 2))
  // The levels at that event, once for all readers.
  expect(asked).toEqual(['room', 'stateAt'])
  for (const count of [3, 4]) {
    await room.says('ada', 'next')
    expect(await all()).toEqual(READERS.map(() => count))
    expect(asked).toEqual([])
  }
  const [reader] = readers
  await hand.store.transact(async (tx) => {
    const matrix = tx.matrix()
    const { end } = { end: ((await hand.core.reads.matrix().position()).projected + 1) * 64 }
    const mx = await matrix.nextMx(`a${reader?.accountId ?? 0}`)
    await matrix.putReceipt({
      ...{ channelId: room.channel.id, accountId: reader?.accountId ?? 0, kind: 'm.read', thread: '' },
      ...{ pos: end - 1, ts: 0, mx },
    })
  })
  expect(await all()).toEqual([0, ...READERS.slice(1).map(() => 4)])
  // The one that has read, and its rules, which it may have changed.
  expect(asked).toEqual([
    'accountDatum',
    'channelsWithReceiptsOf',
    'readReceipts',
    'membershipsIn',
    'newestEvents',
  ])
})
