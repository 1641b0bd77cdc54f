import { describe, expect, test } from 'bun:test'
import { UnreadCounts } from '../../src/core/channels/unread-counts'
import { openEngine } from '../store/engines'
import { annAndHerRooms, planOf } from '../store/scene'

const ANN = 1

describe('a number of unread messages', () => {
  test('holds until something happens in its channel, or the position moves', async () => {
    await using engine = await openEngine()
    const { ann, plans, lunch } = await annAndHerRooms(engine.store)
    const head = await engine.store.reads.head()
    const counts = new UnreadCounts(head)
    engine.store.onCommit((events) => {
      for (const event of events) counts.apply(event)
    })
    for (const { id } of [plans, lunch]) counts.keep(ANN, id, { unread: 3, after: 2, asOf: head })
    expect(counts.get(ANN, plans.id, 2)).toBe(3)
    expect(counts.get(ANN, plans.id, 3)).toBeUndefined()
    expect(counts.get(ANN + 1, plans.id, 2)).toBeUndefined()
    await engine.store.post(planOf({ sender: ann, channel: plans, body: 'x' }))
    expect(counts.get(ANN, plans.id, 2)).toBeUndefined()
    expect(counts.get(ANN, lunch.id, 2)).toBe(3)
    // It was counted while the message was written, so it may be without it.
    counts.keep(ANN, plans.id, { unread: 4, after: 2, asOf: head })
    expect(counts.get(ANN, plans.id, 2)).toBeUndefined()
    counts.keep(ANN, plans.id, { unread: 4, after: 2, asOf: head + 1 })
    expect(counts.get(ANN, plans.id, 2)).toBe(4)
  })

  test('is forgotten when events are left out, and one from before that is not kept', async () => {
    const counts = new UnreadCounts(10)
    counts.keep(ANN, 1, { unread: 3, after: 2, asOf: 10 })
    counts.advanceTo(20)
    expect(counts.get(ANN, 1, 2)).toBeUndefined()
    counts.keep(ANN, 1, { unread: 3, after: 2, asOf: 19 })
    expect(counts.get(ANN, 1, 2)).toBeUndefined()
    counts.keep(ANN, 1, { unread: 3, after: 2, asOf: 20 })
    expect(counts.get(ANN, 1, 2)).toBe(3)
  })

  test('is forgotten first for the account that has not asked for longest, beyond 100,000', () => {
    const counts = new UnreadCounts(0)
    const keep = (account: number) => {
      for (let channel = 0; channel < 40_000; channel++)
        counts.keep(account, channel, { unread: 1, after: 0, asOf: 0 })
    }
    for (const account of [1, 2]) keep(account)
    keep(1)
    keep(3)
    expect([1, 2, 3].map((account) => counts.get(account, 39_999, 0))).toEqual([1, undefined, 1])
  })
})
