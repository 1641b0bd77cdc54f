import { describe, expect, test } from 'bun:test'
import type { Message } from '../../src/core/kernel/entities'
import { parseUuid, type Uuid } from '../../src/core/kernel/ids'
import type { MessageFilter, MessageStretch } from '../../src/core/kernel/ports'
import { later, toMicros } from '../../src/core/kernel/time'
import { engines, openEngine } from './engines'
import { annAndHerRooms, makeAccount, post } from './scene'

describe.each(engines)('messages on %s', (name) => {
  /** Forty messages by ann and bob in turn, in two channels, with a thread, mentions and deleted ones. */
  const scene = async () => {
    const engine = await openEngine(name)
    const { store, sql } = engine
    const { ann, plans, lunch } = await annAndHerRooms(store)
    const bob = await store.transact((tx) => makeAccount(tx, 'bob'))
    const root = await post(store, { sender: ann, channel: plans, body: 'root' })
    const all = [root]
    for (let i = 1; i < 40; i++)
      all.push(
        await post(store, {
          sender: i % 2 ? bob : ann,
          channel: i % 3 ? plans : lunch,
          body: `${i}`,
          ...(i % 6 === 1 ? { replyTo: root.uuid } : {}),
          message: {
            ...(i % 5 === 0
              ? {
                  mentions: {
                    listed: [ann.id],
                    unlisted: [],
                    broadcast: false,
                    truncated: false,
                    dormant: [],
                  },
                }
              : {}),
            ...(i % 7 === 0 ? { kind: 'approval' as const } : {}),
          },
        }),
      )
    for (const i of [4, 11]) await sql(`UPDATE messages SET deleted_at = at WHERE seq = ${all[i]?.seq}`)
    const look = async (stretch: Partial<MessageStretch>) => {
      const of = { channelIds: [plans.id, lunch.id] }
      const whole = { of, after: 0, before: 1e9, order: 'asc', limit: 100 } as const
      return (await store.reads.messagePositions({ ...whole, ...stretch })).map(({ seq }) => seq)
    }
    const read = async (filter: MessageFilter, stretch: Partial<MessageStretch> = {}) => {
      const found = await store.reads.messagesBySeq(await look(stretch), filter)
      return found.map(({ seq }) => seq).toSorted((one, other) => one - other)
    }
    /** Seqs of the matching messages that are not deleted. */
    const where = (matches: (message: (typeof all)[number], i: number) => boolean) =>
      all.filter((message, i) => i !== 4 && i !== 11 && matches(message, i)).map(({ seq }) => seq)
    return { ...engine, ann, bob, plans, lunch, root, all, look, read, where }
  }

  test('messages are found in both orders, in one channel, several or all', async () => {
    await using s = await scene()
    const both = s.all.map(({ seq }) => seq)
    const plans = s.all.filter(({ channelId }) => channelId === s.plans.id).map(({ seq }) => seq)
    const many = [s.plans.id, ...Array.from({ length: 49 }, (_, i) => 5000 + i)]
    const rows: [MessageStretch['of'], number[]][] = [
      [{ channelIds: [s.plans.id, s.lunch.id] }, both],
      ['everything', both],
      [{ channelIds: [s.plans.id] }, plans],
      [{ channelIds: [s.plans.id, 4711, 4712] }, plans],
      [{ channelIds: many }, plans],
      [{ channelIds: [] }, []],
      [{ channelIds: [4711] }, []],
    ]
    for (const [of, expected] of rows) {
      expect(await s.look({ of })).toEqual(expected)
      expect(await s.look({ of, order: 'desc' })).toEqual(expected.toReversed())
    }
  })

  test.each([1, 2, 7, 100])('pages of %d contain the same messages from either end', async (limit) => {
    await using s = await scene()
    const thread = { threadRoot: s.root.seq }
    const both = { channelIds: [s.plans.id, s.lunch.id] }
    for (const of of [{ channelIds: [s.plans.id] }, both, thread, 'everything'] as const) {
      const [up, down]: [number[], number[]] = [[], []]
      for (let page = await s.look({ of, limit }); page.length > 0 && up.length < 100; ) {
        up.push(...page)
        page = await s.look({ of, limit, after: page.at(-1) ?? 0 })
      }
      for (let page = await s.look({ of, limit, order: 'desc' }); page.length > 0 && down.length < 100; ) {
        down.push(...page)
        page = await s.look({ of, limit, order: 'desc', before: page.at(-1) ?? 0 })
      }
      expect(up).toEqual(await s.look({ of }))
      expect(down).toEqual(up.toReversed())
    }
  })

  test('a range excludes its two ends', async () => {
    await using s = await scene()
    const [after, before] = [s.all[5]?.seq ?? 0, s.all[9]?.seq ?? 0]
    const between = s.all.map(({ seq }) => seq).filter((seq) => after < seq && seq < before)
    for (const of of [{ channelIds: [s.plans.id, s.lunch.id] }, 'everything'] as const)
      for (const order of ['asc', 'desc'] as const)
        expect((await s.look({ of, after, before, order })).toSorted((a, b) => a - b)).toEqual(between)
  })

  test('messages are filtered by sender, kind and mentions, alone and combined', async () => {
    await using s = await scene()
    const { ann, bob, root } = s
    expect(await s.read({ senderId: bob.id })).toEqual(s.where((m) => m.senderId === bob.id))
    expect(await s.read({ notSenderId: bob.id })).toEqual(s.where((m) => m.senderId === ann.id))
    expect(await s.read({ kind: 'approval' })).toEqual(s.where((m) => m.kind === 'approval'))
    expect(await s.read({ kind: 'message' })).toEqual(s.where((m) => m.kind === 'message'))
    expect(await s.read({ withMentions: true })).toEqual(s.where((m) => m.mentions.listed.length > 0))
    expect(await s.read({ senderId: bob.id, kind: 'approval', withMentions: true })).toEqual(
      s.where((m) => m.senderId === bob.id && m.kind === 'approval' && m.mentions.listed.length > 0),
    )
    expect(await s.read({}, { of: { threadRoot: root.seq } })).toEqual(
      s.where((m) => m.seq === root.seq || m.thread?.seq === root.seq),
    )
  })

  test('deleted messages are left out unless requested', async () => {
    await using s = await scene()
    expect(await s.read({})).toEqual(s.where(() => true))
    expect(await s.read({ includeDeleted: true })).toEqual(s.all.map(({ seq }) => seq))
  })

  test('each channel with messages has a newest one', async () => {
    await using s = await scene()
    const newest = await s.store.reads.newestIn([s.plans.id, s.lunch.id, 4711])
    const last = (id: number) => s.all.findLast(({ channelId }) => channelId === id)
    expect(newest).toEqual(
      new Map(
        [s.plans.id, s.lunch.id].map((id) => [
          id,
          { seq: last(id)?.seq ?? 0, at: last(id)?.createdAt ?? toMicros(0) },
        ]),
      ),
    )
  })
})

describe.each(engines)('positions of cursors of the earlier server on %s', (name) => {
  const unknown = 'ffffffff-ffff-4fff-bfff-ffffffffffff' as Uuid
  const lowest = '00000000-0000-4000-8000-000000000000' as Uuid

  const scene = async () => {
    const engine = await openEngine(name)
    const { store } = engine
    const { ann, plans, lunch } = await annAndHerRooms(store)
    const all: Message[] = []
    for (let i = 0; i < 9; i++) {
      engine.clock.advance(1000)
      all.push(await post(store, { sender: ann, channel: i % 2 ? plans : lunch, body: `${i}` }))
      // The log has other events between the messages.
      await store.transact((tx) => makeAccount(tx, `a${i}`))
    }
    const nth = (i: number) => {
      const message = all[i]
      if (!message) throw new Error(`there is no message ${i}`)
      return message
    }
    return { ...engine, ann, plans, nth, seqOf: store.reads.seqOfMoment }
  }

  test('a cursor means the message that it names, whatever its time is', async () => {
    await using s = await scene()
    for (const i of [0, 4, 8]) {
      const { createdAt, uuid, seq } = s.nth(i)
      expect(await s.seqOf(createdAt, uuid)).toBe(seq)
      expect(await s.seqOf(toMicros(0), uuid)).toBe(seq)
    }
  })

  test('a cursor with an unknown message means the last message that is not later', async () => {
    await using s = await scene()
    for (let i = 0; i < 9; i++) {
      const { createdAt, seq } = s.nth(i)
      expect(await s.seqOf(createdAt, unknown)).toBe(seq)
      expect(await s.seqOf(later(createdAt, 1), lowest)).toBe(seq)
      expect(await s.seqOf(later(createdAt, -1), unknown)).toBe(i === 0 ? 0 : s.nth(i - 1).seq)
      expect(await s.seqOf(createdAt, lowest)).toBe(i === 0 ? 0 : s.nth(i - 1).seq)
    }
  })

  test('a cursor before the first message means the beginning, and one after the last means the end', async () => {
    await using s = await scene()
    expect(await s.seqOf(toMicros(0), unknown)).toBe(0)
    expect(await s.seqOf(later(s.nth(8).createdAt, 1e12), lowest)).toBe(s.nth(8).seq)
  })

  test('among messages of one instant the id decides', async () => {
    await using s = await scene()
    const { createdAt } = s.nth(3)
    for (const i of [4, 5])
      await s.sql(`UPDATE messages SET at = ${s.instant(createdAt)} WHERE seq = ${s.nth(i).seq}`)
    // An unused id directly after the id of a message.
    const after = (uuid: Uuid) => {
      const next = BigInt(`0x${uuid.replaceAll('-', '')}`) + 1n
      return parseUuid(next.toString(16).padStart(32, '0')) ?? unknown
    }
    expect(await s.seqOf(createdAt, lowest)).toBe(s.nth(2).seq)
    for (const i of [3, 4, 5]) expect(await s.seqOf(createdAt, after(s.nth(i).uuid))).toBe(s.nth(i).seq)
    expect(await s.seqOf(createdAt, unknown)).toBe(s.nth(5).seq)
  })

  test('in a log without messages every cursor means the beginning', async () => {
    await using engine = await openEngine(name)
    expect(await engine.store.reads.seqOfMoment(toMicros(1), unknown)).toBe(0)
  })
})
