// What filters leave out of /sync, and in which form events come.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { includesType } from '../../src/core/matrix/sync/filters'
import { KnownFilters } from '../../src/core/matrix/sync/known-filters'
import type { World } from '../support/world'
import { type Acting, acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'
import { handMade } from './rooms-by-hand'
import type { RoomAnswer, SyncAnswer } from './syncing'

setDefaultTimeout(60_000)

const WITHOUT_STATE = { types: [] }

describe('a filter of /sync', () => {
  let w: World
  let act: Acting
  let ada: MatrixClient
  let ben: MatrixClient
  let room: string
  beforeAll(async () => {
    w = await homeserver()
    act = acting(w)
    ada = await signIn(w, await w.human('ada'))
    ben = await signIn(w, await w.human('ben'))
    room = await act.newRoom(ada, { preset: 'public_chat', name: 'Garden' })
    await ben.post(`${roomPath(room)}/join`, {})
  })
  afterAll(() => w[Symbol.asyncDispose]())

  const synced = async (by: MatrixClient, filter: object, since?: string): Promise<SyncAnswer> => {
    const query = `filter=${encodeURIComponent(JSON.stringify(filter))}${since === undefined ? '' : `&since=${since}`}`
    const { status, body, text } = await by.get<SyncAnswer>(`${V3}/sync?timeout=0&${query}`)
    expect(status, text).toBe(200)
    return body
  }
  const answered = async (by: MatrixClient, filter: object, since?: string): Promise<RoomAnswer> => {
    const found = (await synced(by, filter, since)).rooms.join[room]
    if (!found) throw new Error('the room is not in the answer')
    return found
  }
  const bodies = ({ timeline }: RoomAnswer) => timeline.events.map(({ content }) => content['body'])

  test('shows the events of these senders and types alone, with * for the rest of a type', async () => {
    const { next_batch: since } = await synced(ada, {})
    await act.send(ada, room, { msgtype: 'm.text', body: 'by ada' })
    await act.send(ben, room, { msgtype: 'm.text', body: 'by ben' })
    await act.send(ben, room, { body: 'a vote' }, 'org.example.vote')
    const timeline = async (filter: object) =>
      bodies(await answered(ada, { room: { timeline: filter } }, since))
    expect(await timeline({ senders: [id('ben')] })).toEqual(['by ben', 'a vote'])
    expect(await timeline({ not_senders: [id('ben')] })).toEqual(['by ada'])
    expect(await timeline({ types: ['org.example.*'] })).toEqual(['a vote'])
    expect(await timeline({ not_types: ['org.*'] })).toEqual(['by ada', 'by ben'])
    expect(await timeline({ types: ['m.room.message'], not_senders: [id('ada')] })).toEqual(['by ben'])
  })

  test('shows events with or without a file alone', async () => {
    const { next_batch: since } = await synced(ada, {})
    await act.send(ada, room, { msgtype: 'm.text', body: 'words' })
    await act.send(ada, room, { msgtype: 'm.image', body: 'a picture', url: 'mxc://example.org/none' })
    const timeline = async (contains_url: boolean) =>
      bodies(await answered(ada, { room: { timeline: { contains_url } } }, since))
    expect(await timeline(true)).toEqual(['a picture'])
    expect(await timeline(false)).toEqual(['words'])
  })

  test('leaves rooms out', async () => {
    expect(Object.keys((await synced(ada, { room: { rooms: [] } })).rooms.join)).toEqual([])
    expect(Object.keys((await synced(ada, { room: { not_rooms: [room] } })).rooms.join)).not.toContain(room)
    const other = await act.newRoom(ada)
    const both = { room: { rooms: [room, other], not_rooms: [other] } }
    expect(Object.keys((await synced(ada, both)).rooms.join)).toEqual([room])
  })

  test('shows these members of events alone', async () => {
    const { next_batch: since } = await synced(ada, {})
    await act.send(ada, room, { msgtype: 'm.text', body: 'short', 'org.example.more': { x: 1 } })
    const filter = {
      event_fields: ['type', 'content.body', 'content.org\\.example\\.more.x', 'content.none'],
    }
    expect((await answered(ada, filter, since)).timeline.events).toEqual([
      { type: 'm.room.message', content: { body: 'short', 'org.example.more': { x: 1 } } } as never,
    ])
  })

  test('shows events as servers exchange them, redacted ones pruned with their redaction', async () => {
    const { next_batch: since } = await synced(ada, {})
    const kept = await act.send(ada, room, { msgtype: 'm.text', body: 'kept' })
    const gone = await act.send(ada, room, { msgtype: 'm.text', body: 'gone' })
    await act.redact(ada, room, gone)
    const { events } = (await answered(ada, { event_format: 'federation' }, since)).timeline
    expect(events[0]).toMatchObject({
      room_id: room,
      content: { body: 'kept' },
      hashes: { sha256: expect.any(String) },
      auth_events: expect.any(Array),
      prev_events: expect.any(Array),
      depth: expect.any(Number),
    })
    expect(events[0]).not.toHaveProperty('event_id')
    expect(events[1]).toMatchObject({
      content: {},
      prev_events: [kept],
      unsigned: { redacted_because: { type: 'm.room.redaction', sender: id('ada') } },
    })
    expect(refused(await ada.get(`${V3}/sync?filter={"event_format":"other"}`))).toEqual([400, 'M_BAD_JSON'])
  })

  test('shows rooms that one has left, unless they are forgotten', async () => {
    const left = await act.newRoom(ada, { name: 'Left' })
    const forgotten = await act.newRoom(ada, { name: 'Forgotten' })
    for (const one of [left, forgotten]) await ada.post(`${roomPath(one)}/leave`, {})
    await ada.post(`${roomPath(forgotten)}/forget`, {})
    const { leave } = (await synced(ada, { room: { include_leave: true } })).rooms
    expect(Object.keys(leave)).toEqual([left])
    expect(leave[left]?.timeline.events.at(-1)).toMatchObject({
      type: 'm.room.member',
      state_key: id('ada'),
      content: { membership: 'leave' },
    })
    expect((await synced(ada, {})).rooms.leave).toEqual({})
  })

  test('with lazy members sends each member once to a device, and again where it asks for it', async () => {
    const lazy = (more: object = {}) => ({ room: { state: { lazy_load_members: true, ...more } } })
    const membersIn = ({ state }: RoomAnswer) =>
      (state?.events ?? []).flatMap(({ type, state_key }) =>
        type === 'm.room.member' ? (state_key ?? []) : [],
      )
    const device = await signIn(w, { handle: 'ada' })
    const first = await synced(device, { room: { ...lazy().room, timeline: { limit: 1 } } })
    await act.send(ben, room, { msgtype: 'm.text', body: 'one' })
    const second = await synced(device, lazy(), first.next_batch)
    await act.send(ben, room, { msgtype: 'm.text', body: 'two' })
    const third = await synced(device, lazy(), second.next_batch)
    const told = [first, second, third].map(({ rooms }) => membersIn(rooms.join[room] as RoomAnswer))
    expect(told.flat().filter((user) => user === id('ben'))).toHaveLength(1)
    expect(told[0]).toContain(id('ada'))
    await act.send(ben, room, { msgtype: 'm.text', body: 'three' })
    const again = await answered(device, lazy({ include_redundant_members: true }), third.next_batch)
    expect(membersIn(again)).toContain(id('ben'))
  })

  test('in a gap tells every change of members, also lazily', async () => {
    const device = await signIn(w, { handle: 'ada' })
    const filter = { room: { state: { lazy_load_members: true }, timeline: { limit: 2 } } }
    const { next_batch: since } = await synced(device, filter)
    const newcomer = await signIn(w, await w.human('cleo'))
    await newcomer.post(`${roomPath(room)}/join`, {})
    for (let n = 0; n < 4; n++) await act.send(ada, room, { msgtype: 'm.text', body: `message ${n}` })
    const { timeline, state } = await answered(device, filter, since)
    expect(timeline.limited).toBe(true)
    expect(bodies({ timeline } as RoomAnswer)).toEqual(['message 2', 'message 3'])
    expect((state?.events ?? []).map(({ state_key }) => state_key)).toContain(id('cleo'))
  })

  test('without state shows none', async () => {
    const { state } = await answered(ada, { room: { state: WITHOUT_STATE } })
    expect(state?.events).toEqual([])
  })
})

test('a filter is kept while it is short, and has few patterns', async () => {
  await using hand = await handMade('sqlite', ['ada'])
  const filters = new KnownFilters(hand.core)
  const { id } = hand.actor('ada').account
  const given = (types: readonly string[]) => JSON.stringify({ room: { timeline: { types } } })
  const types = (count: number, end = '') => Array.from({ length: count }, (_, i) => `type.${i}${end}`)
  const of = (json: string) => filters.of(id, json)
  const isKept = async (json: string) => {
    const first = await of(json)
    return first === (await of(json))
  }
  expect(await isKept(given(types(3)))).toBe(true)
  expect(await isKept(given(types(5_000)))).toBe(false)
  const { timeline } = await of(given([...types(100, '.*'), 'm.*']).replace('type.0.*', 'm.x'))
  for (const [type, isShown] of [
    ...([
      ['m.x', true],
      ['m.room.message', true],
      ['type.7.x', true],
    ] as const),
    ...([
      ['type.7', false],
      ['other', false],
    ] as const),
  ] as const)
    expect([type, includesType(timeline, type)]).toEqual([type, isShown])
  const refusal = await of(given(types(101, '.*'))).catch((error) => error)
  expect(refusal.reason).toBe('m_bad_json')
})
