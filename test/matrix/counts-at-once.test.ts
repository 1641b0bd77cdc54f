// Requests of one account that ask at the same time how much is unread.
import { describe, expect, test } from 'bun:test'
import { type Around, countingReader, countsOver, presentOf, readsAll } from './counting'
import { handMade } from './rooms-by-hand'

/** A room in which ada has not read two messages of bob, and counts whose questions of one name are in somebody's hand. */
async function scene(held: string) {
  const hand = await handMade('sqlite', ['ada', 'bob'])
  const room = await hand.room('ada')
  await room.sets('ada', 'm.room.join_rules', { join_rule: 'public' })
  await room.member('bob', 'join')
  for (const body of ['first', 'second']) await room.says('bob', body)
  const questions: PromiseWithResolvers<void>[] = []
  let isHeld = false
  const around: Around = async (name, ask) => {
    if (!isHeld || name !== held) return ask()
    const question = Promise.withResolvers<void>()
    questions.push(question)
    await question.promise
    return ask()
  }
  const { counts, recent } = countsOver(hand, around)
  const unread = async () => {
    const now = await presentOf(hand)
    await recent.reach(now.projected)
    const found = await counts.of(countingReader(hand, 'ada'), [room.channel.id], now)
    return found.get(room.channel.id)?.notifications
  }
  return {
    unread,
    readsAll: () => readsAll(hand, room, 'ada'),
    hold: () => {
      isHeld = true
    },
    /** Answers what was asked meanwhile, and lets everything through from now on. */
    answer: () => {
      isHeld = false
      for (const { resolve } of questions.splice(0)) resolve()
    },
    fail: () => {
      isHeld = false
      for (const { reject } of questions.splice(0)) reject(new Error('the database is not there'))
    },
    [Symbol.asyncDispose]: () => hand[Symbol.asyncDispose](),
  }
}

describe('requests of one account at the same time', () => {
  test('are all told that it has read a room', async () => {
    await using ada = await scene('channelsWithReceiptsOf')
    expect(await ada.unread()).toBe(2)
    ada.hold()
    await ada.readsAll()
    const [phone, desktop] = [ada.unread(), ada.unread()]
    await Bun.sleep(20)
    ada.answer()
    expect(await Promise.all([phone, desktop])).toEqual([0, 0])
  })

  test('are all answered when the account begins', async () => {
    await using ada = await scene('accountDatum')
    ada.hold()
    const [phone, desktop] = [ada.unread(), ada.unread()]
    await Bun.sleep(20)
    ada.answer()
    expect(await Promise.all([phone, desktop])).toEqual([2, 2])
  })

  test.each(['accountDatum', 'channelsWithReceiptsOf'])(
    'ask again for %s after it has failed',
    async (name) => {
      await using ada = await scene(name)
      if (name !== 'accountDatum') expect(await ada.unread()).toBe(2)
      ada.hold()
      await ada.readsAll()
      const failing = ada.unread()
      await Bun.sleep(20)
      ada.fail()
      expect(failing).rejects.toThrow('the database is not there')
      expect(await ada.unread()).toBe(0)
    },
  )
})

test('a number of members that was read before somebody came counts no longer', async () => {
  await using hand = await handMade('sqlite', ['ada', 'bob'])
  const room = await hand.room('ada')
  await room.sets('ada', 'm.room.join_rules', { join_rule: 'public' })
  const answered = Promise.withResolvers<void>()
  let isHeld = true
  const { tails } = countsOver(hand, async (name, ask) => {
    const found = await ask()
    if (isHeld && name === 'countMembersOf') await answered.promise
    return found
  })
  const channelId = room.channel.id
  const tail = await tails.at(channelId, (await presentOf(hand)).end)
  const counting = tails.loadMembers(tail)
  await Bun.sleep(20)
  await room.member('bob', 'join')
  await tails.at(channelId, (await presentOf(hand)).end)
  isHeld = false
  answered.resolve()
  await counting
  expect(tail.members).toBe(2)
})
