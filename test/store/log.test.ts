import { describe, expect, test } from 'bun:test'
import { ULID_PATTERN } from '../../src/core/kernel/ids'
import { later, MICROS_PER_DAY, MICROS_PER_SECOND } from '../../src/core/kernel/time'
import { accountEvent, type LogEvent, toRecord } from '../../src/core/log/events'
import { SKIPPED_IDS } from '../../src/store/client-ids'
import { DAWN, DAY } from '../support/fake-clock'
import { engines, openEngine } from './engines'
import { annAndHerRooms, announcements, messageOf, planOf, post } from './scene'

describe.each(engines)('the log on %s', (name) => {
  test('events are numbered in the order of their commits, without a gap', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans, lunch } = await annAndHerRooms(store)
    const announced = announcements(store)
    const works: Promise<unknown>[] = []
    for (let i = 0; i < 60; i++) {
      works.push(store.post(planOf({ sender: ann, channel: i % 2 ? plans : lunch, body: `${i}` })))
      if (i % 7 === 0) works.push(store.transact(async () => Promise.reject(new Error('refused'))))
      if (i % 11 === 0)
        works.push(store.transact((tx) => tx.append(accountEvent('account.token_revoked', ann), null)))
      if (i % 13 === 0)
        works.push(
          store.transact(async (tx) => {
            await tx.append(accountEvent('account.updated', ann), null)
            throw new Error('failed')
          }),
        )
    }
    await Promise.allSettled(works)
    const events = announced.flat()
    const first = 6
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 66 }, (_, i) => first + i))
    const stored = await store.reads.events(0, 1000)
    expect(stored.slice(first - 1)).toEqual(events.map(toRecord))
    expect(await store.reads.head()).toBe(first + 65)
    const bodies = await engine.sql<{ body: string }>('SELECT body FROM messages ORDER BY seq')
    expect(bodies.map(({ body }) => body)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
  })

  test('the numbers continue after a restart', async () => {
    await using engine = await openEngine(name)
    const { ann, plans } = await annAndHerRooms(engine.store)
    const { seq } = await post(engine.store, { sender: ann, channel: plans, body: 'one' })
    const again = await engine.reopen()
    expect((await post(again, { sender: ann, channel: plans, body: 'two' })).seq).toBe(seq + 1)
  })

  test('every event is later than the one before, even when the clock stands still or goes back', async () => {
    await using engine = await openEngine(name)
    const { store, clock } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const times: number[] = []
    const write = async () =>
      times.push((await post(store, { sender: ann, channel: plans, body: 'x' })).createdAt)
    await write()
    await write()
    clock.set(later(DAWN, -MICROS_PER_DAY))
    await write()
    await store.transact(async (tx) =>
      times.push((await tx.append(accountEvent('account.updated', ann), null)).at),
    )
    clock.set(later(DAWN, MICROS_PER_SECOND))
    await write()
    const again = await engine.reopen()
    clock.set(later(DAWN, -MICROS_PER_DAY))
    times.push((await post(again, { sender: ann, channel: plans, body: 'x' })).createdAt)
    expect(times.toSorted((a, b) => a - b)).toEqual(times)
    expect(new Set(times).size).toBe(times.length)
    // As long as the clock is right, it is used.
    expect(times[4]).toBe(later(DAWN, MICROS_PER_SECOND))
  })

  test('an event is committed before it is announced, and announced before its request is answered', async () => {
    await using engine = await openEngine(name)
    const { store, sql } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const seen: unknown[] = []
    let announced = 0
    store.onCommit((events) => {
      announced += events.length
      for (const { seq } of events) {
        seen.push(sql(`SELECT body FROM messages WHERE seq = ${seq}`))
        seen.push(store.reads.message({ seq }))
        seen.push(store.reads.head())
      }
    })
    const { seq } = await post(store, { sender: ann, channel: plans, body: 'one' })
    expect(announced).toBe(1)
    expect(await Promise.all(seen)).toEqual([
      [{ body: 'one' }],
      expect.objectContaining({ seq, body: 'one' }),
      seq,
    ])
  })

  test('listeners are called in the order of registration, and a failing listener does not fail the commit', async () => {
    await using engine = await openEngine(name)
    const { store, faults } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const told: string[] = []
    const fault = new Error('a listener with a bug')
    const listener = (word: string) => (events: readonly LogEvent[]) => told.push(`${word} ${events.length}`)
    store.onCommit(listener('first'))
    store.onCommit(() => {
      throw fault
    })
    store.onCommit(listener('last'))
    const outcome = await store.post(planOf({ sender: ann, channel: plans, body: 'one' }))
    expect(messageOf(outcome).body).toBe('one')
    expect(told).toEqual(['first 1', 'last 1'])
    expect(faults).toEqual([fault])
  })

  test('the log is read in pages, each starting after the position before', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans } = await annAndHerRooms(store)
    for (let i = 0; i < 5; i++) await post(store, { sender: ann, channel: plans, body: `${i}` })
    const seqs = async (after: number, limit: number) =>
      (await store.reads.events(after, limit)).map(({ seq }) => seq)
    expect(await seqs(0, 3)).toEqual([1, 2, 3])
    expect(await seqs(3, 3)).toEqual([4, 5, 6])
    expect(await seqs(6, 100)).toEqual([7, 8, 9, 10])
    expect(await seqs(10, 100)).toEqual([])
  })
})

describe.each(engines)('epochs on %s', (name) => {
  test('the first epoch begins with the store, at the first event', async () => {
    await using engine = await openEngine(name)
    const epochs = await engine.store.reads.epochs()
    expect(epochs).toEqual([{ epoch: expect.stringMatching(ULID_PATTERN), firstSeq: 1, mx: 0 }])
    const again = await engine.reopen()
    expect(await again.reads.epochs()).toEqual(epochs)
  })

  test('each new epoch is greater than the one before, even when the clock went back', async () => {
    await using engine = await openEngine(name)
    const { store, clock } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const begin = async () => {
      await store.beginEpoch('test')
      await post(store, { sender: ann, channel: plans, body: 'x' })
    }
    await begin()
    clock.set(later(DAWN, -30 * MICROS_PER_DAY))
    await begin()
    clock.advance(60 * DAY)
    await begin()
    const epochs = await store.reads.epochs()
    expect(epochs.map(({ firstSeq }) => firstSeq)).toEqual([1, 6, 7, 8])
    const words = epochs.map(({ epoch }) => epoch)
    expect(words.toSorted()).toEqual(words)
    expect(new Set(words).size).toBe(4)
  })

  test('an epoch without events is replaced by the next one', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const [first] = await store.reads.epochs()
    await store.beginEpoch('test')
    await store.beginEpoch('test')
    const epochs = await store.reads.epochs()
    expect(epochs).toHaveLength(1)
    expect((epochs[0]?.epoch ?? '') > (first?.epoch ?? '')).toBeTrue()
  })

  test('an epoch that begins at an earlier position includes the events after it', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann, plans } = await annAndHerRooms(store)
    const { seq } = await post(store, { sender: ann, channel: plans, body: 'x' })
    await store.beginEpoch('test')
    await store.beginEpoch('test', seq - 1)
    expect((await store.reads.epochs()).map(({ firstSeq }) => firstSeq)).toEqual([1, seq - 1])
  })

  test('a new epoch leaves out ids of ConfigSync, which clients of a restored store may know', async () => {
    await using engine = await openEngine(name)
    const { store } = engine
    const { ann } = await annAndHerRooms(store)
    // Of a table that has given out an id, and of one that has not.
    const user = await store.transact((tx) => tx.configsync.insertUser(ann.id))
    await store.beginEpoch('test')
    const registered = { machineId: 'aaaa', name: 'a', platform: null, arch: null, clientVersion: null }
    const machine = await store.transact((tx) => tx.configsync.insertMachine(user.id, registered))
    expect([user.id, machine.id]).toEqual([1, SKIPPED_IDS + 1])
    await store.beginEpoch('test')
    const next = { ...registered, machineId: 'bbbb' }
    expect((await store.transact((tx) => tx.configsync.insertMachine(user.id, next))).id).toBe(
      2 * SKIPPED_IDS + 2,
    )
  })
})
