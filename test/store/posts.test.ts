import { describe, expect, test } from 'bun:test'
import type { Uuid } from '../../src/core/kernel/ids'
import { later, MICROS_PER_SECOND } from '../../src/core/kernel/time'
import { rejectionOf } from '../home/temporary'
import { DAWN, HOUR } from '../support/fake-clock'
import { engines, openEngine } from './engines'
import { annAndHerRooms, announcements, makeAccount, messageOf, planOf, post } from './scene'

describe.each(engines)('posts on %s', (name) => {
  test('every field of a post is read as it was written', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const root = await post(store, { sender: ann, channel: plans, body: 'root' })
    const written = await post(store, {
      sender: ann,
      channel: plans,
      body: '  kept as it is: 😀 \u0001 "\n ',
      replyTo: root.uuid,
      message: {
        format: 'plaintext',
        kind: 'approval',
        priority: 'urgent',
        via: 'bridge',
        mentions: { listed: [3, 1], unlisted: [2], broadcast: true, truncated: true, dormant: [4] },
        metadata: { a: [1, { b: null }], __proto__: { c: 'x' } },
        clientMessageId: 'id-1',
      },
    })
    expect(await store.reads.message({ seq: written.seq })).toEqual(written)
    expect(await store.reads.message({ uuid: written.uuid })).toEqual(written)
    expect(await store.reads.messagesBySeq([written.seq])).toEqual([written])
  })

  test.each(['normal', 'urgent', 'fyi'] as const)('the priority %s is stored', async (priority) => {
    await using engine = await openEngine(name)
    const { ann, plans } = await annAndHerRooms(engine.store)
    const { seq } = await post(engine.store, {
      sender: ann,
      channel: plans,
      body: 'x',
      message: { priority },
    })
    expect(await engine.store.reads.message({ seq })).toMatchObject({ priority })
  })

  test('a reply joins its thread, whose root shows the number of replies', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const root = await post(store, { sender: ann, channel: plans, body: 'root' })
    expect(await store.reads.message({ seq: root.seq })).toMatchObject({ replyCount: 0, lastReplyAt: null })
    const one = await post(store, { sender: ann, channel: plans, body: 'one', replyTo: root.uuid })
    const two = await post(store, { sender: ann, channel: plans, body: 'two', threadId: one.uuid })
    expect(one.thread).toEqual({ seq: root.seq, uuid: root.uuid })
    expect(two.thread).toEqual({ seq: root.seq, uuid: root.uuid })
    expect(await store.reads.message({ seq: root.seq })).toMatchObject({
      replyCount: 2,
      lastReplyAt: two.createdAt,
    })
    expect(await store.reads.message({ seq: one.seq })).toMatchObject({ replyCount: 0, lastReplyAt: null })
  })

  test('a reply finds a target queued with it, and shares a commit with the posts after it', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const commits = announcements(store)
    const uuid = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b' as Uuid
    const [root, reply] = await Promise.all([
      post(store, { sender: ann, channel: plans, body: 'root', uuid }),
      post(store, { sender: ann, channel: plans, body: 'reply', replyTo: uuid }),
      post(store, { sender: ann, channel: plans, body: 'in its thread', threadId: uuid }),
    ])
    expect(commits.map((events) => events.length)).toEqual([1, 2])
    expect(reply?.replyTo).toEqual({ seq: root?.seq ?? 0, uuid })
    expect(await store.reads.message({ uuid })).toMatchObject({ replyCount: 2 })
  })

  test('a plan receives what the messages that it refers to are, and who has a part in their thread', async () => {
    await using engine = await openEngine(name)
    const { store, sql } = engine
    const { ann, plans, lunch } = await annAndHerRooms(store)
    const root = await post(store, { sender: ann, channel: plans, body: 'root' })
    const reply = await post(store, { sender: ann, channel: plans, body: 'reply', replyTo: root.uuid })
    await sql(`UPDATE messages SET deleted_at = at WHERE seq = ${root.seq}`)
    const plan = planOf({ sender: ann, channel: lunch, body: 'x', threadId: reply.uuid, replyTo: root.uuid })
    let found: unknown
    const look: typeof plan = {
      ...plan,
      decide: (lookups) => {
        found = lookups
        return plan.decide(lookups)
      },
    }
    await store.post(look)
    const rootRef = { seq: root.seq, uuid: root.uuid }
    const by = { channelId: plans.id, senderId: ann.id, kind: 'message' }
    expect(found).toEqual({
      earlier: expect.any(Array),
      attachments: [],
      // As the author of the root, and by the last reply.
      inThread: {
        reset: { seq: 0, storedSeq: 0, times: 1 },
        followers: expect.arrayContaining([
          { accountId: ann.id, follow: null, postedAt: root.createdAt, spent: null },
          { accountId: ann.id, follow: null, postedAt: reply.createdAt, spent: null },
        ]),
      },
      target: { ...rootRef, ...by, thread: null, deleted: true },
      thread: { seq: reply.seq, uuid: reply.uuid, ...by, thread: rootRef, deleted: false },
    })
  })
})

describe.each(engines)('retry keys on %s', (name) => {
  const scene = async () => {
    const engine = await openEngine(name)
    const { ann, plans } = await annAndHerRooms(engine.store)
    const write = (body: string, key: string, more = {}) =>
      engine.store.post(planOf({ sender: ann, channel: plans, body, key, ...more }))
    return { ...engine, ann, plans, write }
  }

  test('twenty simultaneous posts with one key make one message', async () => {
    await using s = await scene()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => s.write('once', 'k')))
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
    const seqs = outcomes.map((outcome) => (outcome.replayed ? outcome.seq : messageOf(outcome).seq))
    expect(new Set(seqs).size).toBe(1)
    expect(await s.sql('SELECT 1 FROM messages')).toHaveLength(1)
  })

  test('a repeated post in a later commit is answered with the first message', async () => {
    await using s = await scene()
    const { seq } = messageOf(await s.write('once', 'k'))
    expect(await s.write('once', 'k')).toEqual({ replayed: true, seq })
    const again = await s.reopen()
    expect(await again.post(planOf({ sender: s.ann, channel: s.plans, body: 'once', key: 'k' }))).toEqual({
      replayed: true,
      seq,
    })
  })

  test('a key refuses another request and repeats the same one, even when they are queued together', async () => {
    await using s = await scene()
    const [first, second, third, other] = await Promise.allSettled([
      s.write('one', 'k'),
      s.write('two', 'k'),
      s.write('one', 'k'),
      s.write('other', 'another'),
    ])
    if (first.status === 'rejected') throw first.reason
    expect(second).toMatchObject({ status: 'rejected', reason: { reason: 'idempotency_conflict' } })
    const { seq } = messageOf(first.value)
    expect(third).toEqual({ status: 'fulfilled', value: { replayed: true, seq } })
    expect(other).toMatchObject({ status: 'fulfilled', value: { replayed: false, event: { seq: seq + 1 } } })
  })

  test('a retry key belongs to its account', async () => {
    await using s = await scene()
    const bob = await s.store.transact((tx) => makeAccount(tx, 'bob'))
    expect((await s.write('one', 'k')).replayed).toBeFalse()
    expect((await s.write('two', 'k', { sender: bob })).replayed).toBeFalse()
  })

  test('a key is looked up only after the sender was admitted', async () => {
    await using s = await scene()
    await s.write('one', 'k')
    const refused = s.write('one', 'k', {
      admit: () => {
        throw new Error('out')
      },
    })
    expect(await rejectionOf(refused)).toMatchObject({ message: 'out' })
  })

  test('old keys are deleted oldest first, in slices', async () => {
    await using s = await scene()
    for (let i = 0; i < 5; i++) await s.write(`${i}`, `k${i}`)
    s.clock.advance(HOUR)
    await s.write('new', 'new')
    const before = later(DAWN, MICROS_PER_SECOND)
    const forget = (limit: number) => s.store.transact((tx) => tx.forgetKeys(before, limit))
    expect(await forget(2)).toBe(2)
    expect((await s.write('0', 'k0')).replayed).toBeFalse()
    expect((await s.write('2', 'k2')).replayed).toBeTrue()
    expect(await forget(100)).toBe(3)
    expect(await forget(100)).toBe(0)
    expect((await s.write('new', 'new')).replayed).toBeTrue()
  })
})
