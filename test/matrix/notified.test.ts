// GET /notifications: how far back it looks, and that other requests go on meanwhile.
import { describe, expect, test } from 'bun:test'
import { Notifications } from '../../src/core/matrix/push/notifications'
import { countingReader, countsOver, presentOf } from './counting'
import { type HandMade, handMade } from './rooms-by-hand'

/** Lists notifications; the log has ended so many rows later. */
function notificationsOf(hand: HandMade, rows: number) {
  const { core, ...counting } = countsOver(hand, (_, ask) => ask())
  const { readers, rendering, positions } = hand.reading
  return new Notifications({
    ...{ core, readers, rendering, ...counting },
    positions: {
      now: async () => {
        const now = await positions.now()
        return { ...now, projected: now.projected + rows, end: now.end + rows * 64 }
      },
    },
  })
}

interface Page {
  readonly notifications: readonly { readonly event: { readonly content: { readonly body: string } } }[]
  readonly next_token?: string
}

test('a page of notifications looks 20,000 rows back, and the next one goes on from there', async () => {
  await using hand = await handMade('sqlite', ['ada', 'bob'])
  const room = await hand.room('ada')
  await room.sets('ada', 'm.room.join_rules', { join_rule: 'public' })
  await room.member('bob', 'join')
  await room.says('bob', 'long ago')
  const { projected } = await presentOf(hand)
  const pagesAfter = async (rows: number) => {
    const notifications = notificationsOf(hand, rows)
    const pages: string[][] = []
    for (let from: string | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
      const page = (await notifications.list(hand.actor('ada'), {
        ...{ from, limit: undefined, onlyHighlights: false },
      })) as unknown as Page
      pages.push(page.notifications.map(({ event }) => event.content.body))
      from = page.next_token
    }
    return pages
  }
  expect(await pagesAfter(20_000 - projected)).toEqual([['long ago']])
  // Its row is the last one that the page looks at, and the others are before it.
  expect(await pagesAfter(19_999)).toEqual([['long ago'], []])
  expect(await pagesAfter(20_000)).toEqual([[], ['long ago']])
  expect(await pagesAfter(41_000)).toEqual([[], [], ['long ago']])
})

/** Ada in many rooms with a message of Bob each. */
async function manyRooms() {
  const hand = await handMade('sqlite', ['ada', 'bob'])
  const channelIds: number[] = []
  for (let i = 0; i < 100; i++) {
    const room = await hand.room('bob', [
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    ])
    await room.member('ada', 'join')
    await room.says('bob', 'hello')
    channelIds.push(room.channel.id)
  }
  return { hand, channelIds, [Symbol.asyncDispose]: () => hand[Symbol.asyncDispose]() }
}

/** How many others had their turn during some work. */
async function othersDuring(work: Promise<unknown>): Promise<number> {
  let others = 0
  const timer = setInterval(() => {
    others++
  }, 0)
  await work
  clearInterval(timer)
  return others
}

describe('work on many rooms lets other requests through', () => {
  test('a list of notifications', async () => {
    await using scene = await manyRooms()
    const { hand } = scene
    const query = { from: undefined, limit: 500, onlyHighlights: false }
    const listing = notificationsOf(hand, 0).list(hand.actor('ada'), query)
    expect(await othersDuring(listing)).toBeGreaterThan(1)
    expect((await listing)['notifications']).toHaveLength(100)
  })

  test('counts of unread events', async () => {
    await using scene = await manyRooms()
    const { hand, channelIds } = scene
    const { counts } = countsOver(hand, (_, ask) => ask())
    const counting = counts.of(countingReader(hand, 'ada'), channelIds, await presentOf(hand))
    expect(await othersDuring(counting)).toBeGreaterThan(1)
    expect([...(await counting).values()].map(({ notifications }) => notifications)).toEqual(
      channelIds.map(() => 1),
    )
  })
})
