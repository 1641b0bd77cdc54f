// What counts of unread events ask of the store.
import { expect, test } from 'bun:test'
import { countingReader, countsOver, presentOf, readsAll } from './counting'
import { type HandMade, type HandMadeRoom, handMade } from './rooms-by-hand'

const READERS = Array.from({ length: 20 }, (_, i) => `reader${i}`)

async function scene(hand: HandMade): Promise<HandMadeRoom> {
  const room = await hand.room('ada')
  await room.sets('ada', 'm.room.join_rules', { join_rule: 'public' })
  for (const name of READERS) await room.member(name, 'join')
  return room
}

test('ask nothing for a new message that is in memory, however many read it', async () => {
  await using hand = await handMade('sqlite', ['ada', ...READERS])
  const room = await scene(hand)
  const asked: string[] = []
  const { counts, recent } = countsOver(hand, (name, ask) => {
    asked.push(name)
    return ask()
  })
  const readers = READERS.map((name) => countingReader(hand, name))
  const all = async () => {
    const now = await presentOf(hand)
    await recent.reach(now.projected)
    asked.length = 0
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
  await readsAll(hand, room, READERS[0] ?? '')
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
