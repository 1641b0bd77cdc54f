// What is unread in a room, as /sync says it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { type Acting, acting, nextTransaction, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'
import * as talk from './unread'
import { inThread, naming, receipt, synced, unread, unreadApart } from './unread'

let w: World
let rooms: Acting
beforeAll(async () => {
  w = await homeserver()
  rooms = acting(w)
})
afterAll(() => w[Symbol.asyncDispose]())

const pair = () => talk.pair(w, rooms)
const say = (by: MatrixClient, room: string, body?: string, more?: object) =>
  talk.say(rooms, by, room, body, more)

test('messages of others notify, mentions highlight, own messages and notices do not', async () => {
  const { ada, bob, room } = await pair()
  expect(await unread(ada, room)).toEqual([0, 0])
  await say(bob, room)
  await say(bob, room, 'look', naming(ada))
  await rooms.send(bob, room, { msgtype: 'm.notice', body: 'a notice' })
  expect(await unread(ada, room)).toEqual([2, 1])
  expect(await unread(bob, room)).toEqual([0, 0])
})

test('the counts are in the answer that has the event', async () => {
  const { ada, bob, room } = await pair()
  let { next_batch: since } = await synced(ada)
  for (let count = 1; count <= 3; count++) {
    const waiting = synced(ada, `timeout=30000&since=${since}`)
    const event = await say(bob, room)
    const { next_batch, rooms: found } = await waiting
    expect(found.join?.[room]?.timeline.events.map(({ event_id }) => event_id)).toEqual([event])
    expect(found.join?.[room]?.unread_notifications.notification_count).toBe(count)
    since = next_batch
  }
})

test('a message over /v1 counts like one over Matrix', async () => {
  await w.channel('family')
  const eve = await w.human('eve', { channels: { family: 'member' } })
  const ada = await signIn(w, await w.human('ada-in-family', { channels: { family: 'member' } }))
  const [room = ''] = Object.keys((await synced(ada)).rooms.join ?? {})
  expect(await unread(ada, room)).toEqual([0, 0])
  await eve.post('/v1/messages', { channel: 'family', body: 'hello @ada-in-family' })
  expect(await unread(ada, room)).toEqual([1, 1])
})

describe('a receipt', () => {
  test.each(['m.read', 'm.read.private'])('%s sends new counts to all devices', async (type) => {
    const { ada, bob, room } = await pair()
    const events = [await say(bob, room), await say(bob, room), await say(bob, room)]
    const { next_batch, rooms: before } = await synced(ada)
    expect(before.join?.[room]?.unread_notifications.notification_count).toBe(3)
    const filter = encodeURIComponent(JSON.stringify({ room: { ephemeral: { types: [] } } }))
    const waiting = synced(ada, `timeout=30000&since=${next_batch}&filter=${filter}`)
    await receipt(ada, room, events[1] ?? '', type)
    const { rooms: after } = await waiting
    expect(after.join?.[room]?.unread_notifications).toEqual({ notification_count: 1, highlight_count: 0 })
    expect(await unread(ada, room)).toEqual([1, 0])
  })

  test('that is only a marker changes no count', async () => {
    const { ada, bob, room } = await pair()
    const event = await say(bob, room)
    await receipt(ada, room, event, 'm.fully_read')
    expect(await unread(ada, room)).toEqual([1, 0])
  })

  test('of a thread or of the main timeline counts for that alone', async () => {
    const { ada, bob, room } = await pair()
    const root = await say(bob, room, 'root')
    const other = await say(bob, room, 'another root')
    for (const thread of [root, root, other]) await say(bob, room, 'reply', inThread(thread))
    const last = await say(bob, room, 'look', { ...inThread(other), ...naming(ada) })
    expect(await unreadApart(ada, room)).toEqual({
      main: [2, 0],
      threads: { [root]: [2, 0], [other]: [2, 1] },
    })
    expect(await unread(ada, room)).toEqual([6, 1])
    await receipt(ada, room, last, 'm.read', other)
    expect(await unreadApart(ada, room)).toEqual({ main: [2, 0], threads: { [root]: [2, 0] } })
    await receipt(ada, room, other, 'm.read', 'main')
    expect(await unreadApart(ada, room)).toEqual({ main: [0, 0], threads: { [root]: [2, 0] } })
    await receipt(ada, room, last)
    expect(await unreadApart(ada, room)).toEqual({ main: [0, 0], threads: {} })
  })
})

test('a receipt names a thread in which its event is', async () => {
  const { ada, bob, room } = await pair()
  const root = await say(bob, room, 'root')
  const other = await say(bob, room, 'no root')
  const reply = await say(bob, room, 'reply', inThread(root))
  const reaction = await rooms.send(
    bob,
    room,
    { 'm.relates_to': { rel_type: 'm.annotation', event_id: reply, key: '+' } },
    'm.reaction',
  )
  const noted = async (event: string, thread: string, kind = 'm.read') => {
    const path = `${roomPath(room)}/receipt/${kind}/${encodeURIComponent(event)}`
    return (await ada.post(path, { thread_id: thread })).status
  }
  for (const event of [root, reply, reaction]) expect(await noted(event, root), event).toBe(200)
  for (const event of [root, other]) expect(await noted(event, 'main'), event).toBe(200)
  const wrong = [
    { event: other, thread: root },
    { event: other, thread: other },
    { event: reply, thread: other },
    { event: root, thread: '$unknown' },
  ]
  for (const { event, thread } of wrong) {
    const status = await noted(event, thread)
    expect([event, thread, status]).toEqual([event, thread, 400])
  }
  expect(await noted(other, 'main', 'm.fully_read')).toBe(400)
})

test('who writes has read what is there, in that thread', async () => {
  const { ada, bob, room } = await pair()
  const root = await say(bob, room)
  await say(bob, room, 'reply', inThread(root))
  await say(ada, room, 'I see')
  expect(await unreadApart(ada, room)).toEqual({ main: [0, 0], threads: { [root]: [1, 0] } })
  await say(ada, room, 'there too', inThread(root))
  expect(await unreadApart(ada, room)).toEqual({ main: [0, 0], threads: {} })
})

test('a redacted message does not count', async () => {
  const { ada, bob, room } = await pair()
  const [first] = [await say(bob, room, 'look', naming(ada)), await say(bob, room)]
  expect(await unread(ada, room)).toEqual([2, 1])
  await rooms.redact(bob, room, first ?? '')
  expect(await unread(ada, room)).toEqual([1, 0])
})

test('messages of ignored users do not count', async () => {
  const { ada, bob, room } = await pair()
  await say(bob, room)
  expect(await unread(ada, room)).toEqual([1, 0])
  const list = `${V3}/user/${encodeURIComponent(ada.userId)}/account_data/m.ignored_user_list`
  await ada.put(list, { ignored_users: { [bob.userId]: {} } })
  expect(await unread(ada, room)).toEqual([0, 0])
  await say(bob, room)
  expect(await unread(ada, room)).toEqual([0, 0])
  await ada.put(list, { ignored_users: {} })
  expect(await unread(ada, room)).toEqual([2, 0])
})

test('a change of rules changes the counts', async () => {
  const { ada, bob, room } = await pair()
  await say(bob, room, 'there is cake')
  expect(await unread(ada, room)).toEqual([1, 0])
  const rule = `${V3}/pushrules/global/content/cake`
  await ada.put(rule, { pattern: 'cake', actions: ['notify', { set_tweak: 'highlight' }] })
  expect(await unread(ada, room)).toEqual([1, 1])
  const muted = `${V3}/pushrules/global/room/${encodeURIComponent(room)}`
  await ada.delete(rule)
  await ada.put(muted, { actions: [] })
  expect(await unread(ada, room)).toEqual([0, 0])
  await ada.put(muted, { actions: ['notify'] })
  // The rule of the room matches also the room's name.
  await bob.put(`${roomPath(room)}/state/org.example.colour`, { colour: 'green' })
  await ada.put(`${roomPath(room)}/send/m.room.message/${nextTransaction()}`, {
    msgtype: 'm.text',
    body: 'x',
  })
  expect(await unread(ada, room)).toEqual([0, 0])
  await say(bob, room)
  expect(await unread(ada, room)).toEqual([1, 0])
})

test('what was said before one came back does not count', async () => {
  const { ada, bob, room } = await pair()
  await say(bob, room)
  await ada.post(`${roomPath(room)}/leave`, {})
  await say(bob, room)
  expect((await synced(ada)).rooms.join?.[room]).toBeUndefined()
  await bob.post(`${roomPath(room)}/invite`, { user_id: ada.userId })
  await ada.post(`${roomPath(room)}/join`, {})
})

test('no more than 500 are counted', async () => {
  await w.channel('loud')
  const bert = await w.agent('loud-bert', { channels: { loud: 'member' } })
  const ada = await signIn(w, await w.human('ada-in-loud', { channels: { loud: 'member' } }))
  const [room = ''] = Object.keys((await synced(ada)).rooms.join ?? {})
  for (let i = 0; i < 505; i++)
    await w.bearer(bert.secret).post('/v1/messages', { channel: 'loud', body: `${i}` })
  expect(await unread(ada, room)).toEqual([500, 0])
  await say(ada, room)
  expect(await unread(ada, room)).toEqual([0, 0])
})

test('@room highlights only if its sender may notify everybody', async () => {
  const { ada, bob, room } = await pair()
  const toAll = { 'm.mentions': { room: true } }
  await say(bob, room, 'everybody', toAll)
  expect(await unread(ada, room)).toEqual([1, 0])
  await say(ada, room, 'everybody', toAll)
  expect(await unread(bob, room)).toEqual([1, 1])
})
