// The rows of rooms and events, on both databases.
import { describe, expect, test } from 'bun:test'
import type { StoredEvent } from '../../src/core/matrix/event-ports'
import type { MatrixRoom } from '../../src/core/matrix/room-ports'
import { engines, openEngine } from '../store/engines'

const ROOM = 7

function event(pos: number, rest: Partial<StoredEvent> = {}): StoredEvent {
  return {
    ...{ pos, channelId: ROOM, eventId: `$event-${pos}`, type: 'm.room.message', stateKey: null },
    ...{
      sender: '@ada:example.org',
      ts: 1_795_235_400_000,
      depth: pos,
      flags: 0,
      json: `{"n":"\\u0000 ${pos}"}`,
    },
    ...{ relPos: null, relType: null, relKey: null, threadPos: null, redactedBy: null, sentAs: null },
    ...rest,
  }
}

const state = (pos: number, type: string, stateKey: string) => event(pos, { type, stateKey })
const keyed = ({ channelId, type, stateKey, pos }: StoredEvent) => ({
  channelId,
  type,
  stateKey: stateKey ?? '',
  pos,
})
const positions = (events: readonly StoredEvent[]) =>
  events.map(({ pos }) => pos).sort((one, other) => one - other)

const room: MatrixRoom = {
  ...{ channelId: ROOM, roomId: '!room:example.org', version: '11', born: 'channel' },
  ...{ federate: false, published: true, blocked: false, tipEvent: '$event-64', depth: 1 },
}

describe.each(engines)('on %s', (engine) => {
  test('a room keeps its id and version while its tip moves on', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const other = { ...room, channelId: 8, roomId: '!other:example.org' }
    await store.transact((tx) => tx.matrix().writeRooms([room, other]))
    const moved = { ...room, tipEvent: '$event-128', depth: 2, published: false }
    await store.transact((tx) => tx.matrix().writeRooms([{ ...moved, version: '12' }]))
    expect(await store.reads.matrix().room({ channelId: ROOM })).toEqual(moved)
    expect(await store.reads.matrix().room({ roomId: '!other:example.org' })).toEqual(other)
    expect(await store.reads.matrix().roomsOfChannels([ROOM, 9])).toEqual([moved])
  })

  test('events are found by id, by position, by log row and in either order', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const all = [event(64), event(65), event(128), event(200, { relPos: 64, relType: 'm.thread' })]
    await store.transact(async (tx) => {
      await tx.matrix().insertEvents(all)
      await tx.matrix().insertEvents([event(129, { channelId: 8 })])
    })
    const reads = store.reads.matrix()
    expect(await reads.event({ eventId: '$event-65' })).toEqual(event(65))
    expect(await reads.event({ channelId: ROOM, pos: 129 })).toBeUndefined()
    expect(positions(await reads.eventsByIds(['$event-64', '$event-129', '$none']))).toEqual([64, 129])
    expect(positions(await reads.eventsAtPositions(ROOM, [65, 128, 129]))).toEqual([65, 128])
    const page = { after: 64, before: 200, limit: 10 } as const
    expect((await reads.eventsBetween(ROOM, { ...page, order: 'desc' })).map(({ pos }) => pos)).toEqual([
      128, 65,
    ])
    expect(
      (await reads.eventsBetween(ROOM, { ...page, order: 'asc', limit: 1 })).map(({ pos }) => pos),
    ).toEqual([65])
    const all64 = { after: 0, before: 1000, limit: 10, order: 'asc' } as const
    expect(positions(await reads.eventsRelatedTo(64, { ...all64, relType: 'm.thread' }))).toEqual([200])
    expect(await reads.eventsRelatedTo(64, { ...all64, relType: 'm.annotation' })).toEqual([])
    const owned = await reads.eventsOwnedBy([
      { channelId: ROOM, seq: 1 },
      { channelId: ROOM, seq: 2 },
    ])
    expect(owned).toEqual(all.slice(0, 3))
  })

  test('the state at a position is the newest change of each key at or below it', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const name = state(64, 'm.room.name', '')
    const ada = state(65, 'm.room.member', '@ada:example.org')
    const renamed = state(128, 'm.room.name', '')
    await store.transact(async (tx) => {
      await tx.matrix().insertEvents([name, ada, renamed])
      await tx.matrix().setState([name, ada].map(keyed))
      await tx.matrix().setState([renamed].map(keyed))
    })
    const reads = store.reads.matrix()
    expect(positions(await reads.stateNow(ROOM))).toEqual([65, 128])
    expect(positions(await reads.stateNow(ROOM, { notTypes: ['m.room.member'] }))).toEqual([128])
    expect(positions(await reads.stateAt(ROOM, 127))).toEqual([64, 65])
    expect(positions(await reads.stateAt(ROOM, 64))).toEqual([64])
    expect(positions(await reads.stateAt(ROOM, 128, { types: ['m.room.name'] }))).toEqual([128])
    const keys = { types: ['m.room.member'], stateKeys: ['@ada:example.org', '@bob:example.org'] }
    expect(await reads.stateAt(ROOM, 128, keys)).toEqual([ada])
    const changes = await reads.stateChanges(ROOM, { after: 64, before: 1000 })
    expect(changes.map(({ pos, eventPos }) => [pos, eventPos])).toEqual([
      [65, 65],
      [128, 128],
    ])
  })

  test('one batch may change a key of the state and a membership twice', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const invited = state(64, 'm.room.member', '@ada:example.org')
    const joined = state(65, 'm.room.member', '@ada:example.org')
    await store.transact(async (tx) => {
      const matrix = tx.matrix()
      await matrix.insertEvents([invited, joined])
      await matrix.setState([invited, joined].map(keyed))
      const ada = { userId: '@ada:example.org', channelId: ROOM }
      await matrix.setMembers([
        { ...ada, membership: 'invite', pos: 64 },
        { ...ada, membership: 'join', pos: 65 },
      ])
    })
    const reads = store.reads.matrix()
    expect(positions(await reads.stateNow(ROOM))).toEqual([65])
    expect(await reads.memberEvents([{ channelId: ROOM, userId: '@ada:example.org' }])).toEqual([joined])
    expect(await reads.countMembersOf(ROOM)).toEqual({ join: 1 })
    expect(await reads.newestPositions([ROOM, 8])).toEqual(new Map([[ROOM, 65]]))
  })

  test('a forgotten room is remembered again with the next membership', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const ada = { userId: '@ada:example.org', channelId: ROOM } as const
    const set = (membership: 'join' | 'leave', pos: number) =>
      store.transact((tx) => tx.matrix().setMembers([{ ...ada, membership, pos }]))
    await set('leave', 64)
    await store.transact((tx) => tx.matrix().forgetRoom(ada.userId, ROOM))
    const reads = store.reads.matrix()
    expect(await reads.roomsOf(ada.userId, ['leave'])).toEqual([
      { ...ada, membership: 'leave', pos: 64, forgotten: true },
    ])
    await set('join', 128)
    expect(await reads.member(ada.userId, ROOM)).toEqual({
      ...ada,
      membership: 'join',
      pos: 128,
      forgotten: false,
    })
    expect(await reads.membersOf(ROOM, { memberships: ['join'], after: '', limit: 10 })).toHaveLength(1)
    expect(await reads.membersOf(ROOM, { memberships: ['join'], after: ada.userId, limit: 10 })).toEqual([])
  })

  test('redacting replaces an event; events whose log rows are gone are deleted, except state', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    await store.transact(async (tx) => {
      const matrix = tx.matrix()
      await matrix.insertEvents([event(64), state(65, 'm.room.name', ''), event(128)])
      await matrix.redactEvents([{ channelId: ROOM, pos: 128, json: '{}', redactedBy: 200 }])
      await matrix.deleteOrphans(ROOM, 128)
    })
    const left = await store.reads
      .matrix()
      .eventsBetween(ROOM, { after: 0, before: 999, order: 'asc', limit: 9 })
    expect(left.map(({ pos, json, redactedBy }) => [pos, json, redactedBy])).toEqual([
      [65, state(65, 'm.room.name', '').json, null],
      [128, '{}', 200],
    ])
  })

  test('an alias belongs to one room', async () => {
    await using opened = await openEngine(engine)
    const { store } = opened
    const alias = { alias: '#family:example.org', channelId: ROOM, creatorId: null }
    await store.transact((tx) => tx.matrix().insertAlias(alias))
    expect(await store.reads.matrix().alias(alias.alias)).toEqual(alias)
    expect(await store.reads.matrix().aliasesOfRoom(ROOM)).toEqual([alias])
    await store.transact((tx) => tx.matrix().deleteAlias(alias.alias))
    expect(await store.reads.matrix().alias(alias.alias)).toBeUndefined()
  })
})
