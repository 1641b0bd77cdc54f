// What is done over Matrix, as the rows of v1 and the events of rooms.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { type Acting, acting, id } from './acting'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
let ada: MatrixClient
let ben: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  await w.human('ada')
  await w.human('ben')
  ada = await signIn(w, { handle: 'ada' })
  ben = await signIn(w, { handle: 'ben' })
  ;({ newRoom, send, channelOf, eventsIn } = acting(w))
})
afterAll(() => w[Symbol.asyncDispose]())

let newRoom: Acting['newRoom']
let send: Acting['send']
let channelOf: Acting['channelOf']
let eventsIn: Acting['eventsIn']
let transactions = 0

describe('a room made over Matrix', () => {
  test('is a channel with its name, topic and creator', async () => {
    const room = await newRoom(ada, {
      name: 'Lounge',
      topic: 'Rest',
      room_alias_name: 'lounge',
      visibility: 'public',
    })
    expect(await channelOf(room)).toEqual({ slug: 'lounge', kind: 'public', name: 'Lounge' })
    expect((await eventsIn(room)).map(({ type }) => type)).toEqual([
      'm.room.create',
      'm.room.member',
      'm.room.power_levels',
      'm.room.canonical_alias',
      'm.room.join_rules',
      'm.room.history_visibility',
      'm.room.guest_access',
      'm.room.name',
      'm.room.topic',
    ])
    expect((await ada.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)).body.joined_rooms).toContain(
      room,
    )
  })

  test('takes members by alias, by invite, and not without', async () => {
    const open = await newRoom(ada, { preset: 'public_chat', room_alias_name: 'open-house' })
    const joined = await ben.post(`${V3}/join/${encodeURIComponent(`#open-house:${SERVER_NAME}`)}`, {})
    expect(joined).toMatchObject({ status: 200, body: { room_id: open } })
    const closed = await newRoom(ada)
    const join = () => ben.post(`${V3}/rooms/${encodeURIComponent(closed)}/join`, {})
    expect(refused(await join())).toEqual([403, 'M_FORBIDDEN'])
    const invited = await ada.post(`${V3}/rooms/${encodeURIComponent(closed)}/invite`, { user_id: id('ben') })
    expect(invited.status).toBe(200)
    expect((await join()).status).toBe(200)
    const members = await w.sql<{ role: string }>(
      `SELECT m.role FROM memberships m JOIN matrix_rooms r ON r.channel_id = m.channel_id WHERE r.room_id = ? ORDER BY m.account_id`,
      closed,
    )
    expect(members.map(({ role }) => role)).toEqual(['admin', 'member'])
  })

  test('lets agents join at once when they are invited', async () => {
    await w.agent('bot')
    const room = await newRoom(ada, { invite: [id('bot')] })
    const members = (await eventsIn(room)).filter(({ state_key }) => state_key === id('bot'))
    expect(members.map(({ content }) => content['membership'])).toEqual(['invite', 'join'])
  })

  test('of version 12 has an id of its own, also if another one began alike in the same millisecond', async () => {
    const made = [1, 2, 3].map((n) => newRoom(ada, { room_version: '12', room_alias_name: `alike-${n}` }))
    expect(new Set(await Promise.all(made)).size).toBe(3)
  })

  test('of version 12 has the hash of its create event as its id', async () => {
    const room = await newRoom(ada, { room_version: '12' })
    const [create] = await eventsIn(room)
    expect(room).toBe(`!${create?.id.slice(1)}`)
    await send(ada, room, { msgtype: 'm.text', body: 'hi' })
  })

  test('is refused for a version that is unknown, and for an alias that is taken', async () => {
    expect(refused(await ada.post(`${V3}/createRoom`, { room_version: '99' }))).toEqual([
      400,
      'M_UNSUPPORTED_ROOM_VERSION',
    ])
    expect(refused(await ada.post(`${V3}/createRoom`, { room_version: 7 }))).toEqual([400, 'M_BAD_JSON'])
    await newRoom(ada, { room_alias_name: 'once' })
    expect(refused(await ada.post(`${V3}/createRoom`, { room_alias_name: 'once' }))).toEqual([
      400,
      'M_ROOM_IN_USE',
    ])
  })
})

describe('what is sent over Matrix', () => {
  test('is a message of the channel, with its thread, edit and reaction', async () => {
    const room = await newRoom(ada, { room_alias_name: 'talk', invite: [id('ben')] })
    await ben.post(`${V3}/rooms/${encodeURIComponent(room)}/join`, {})
    const first = await send(ada, room, {
      msgtype: 'm.text',
      body: 'hello @ben',
      'm.mentions': { user_ids: [id('ben')] },
    })
    await send(ben, room, {
      msgtype: 'm.text',
      body: 'in a thread',
      'm.relates_to': { rel_type: 'm.thread', event_id: first },
    })
    await send(
      ben,
      room,
      { 'm.relates_to': { rel_type: 'm.annotation', event_id: first, key: '👍' } },
      'm.reaction',
    )
    await send(ada, room, {
      msgtype: 'm.text',
      body: '* hello again',
      'm.new_content': { msgtype: 'm.text', body: 'hello again' },
      'm.relates_to': { rel_type: 'm.replace', event_id: first },
    })
    const session = w.caller({ cookie: `synapse_session=${await w.session('ada')}` })
    const { body } = await session.get<{ messages: Record<string, unknown>[] }>('/v1/messages?channel=talk')
    expect(body.messages).toMatchObject([
      {
        body: 'hello again',
        via: 'session',
        metadata: { matrix: { event_id: first } },
        reply_count: 1,
        reactions: [{ emoji: '👍', count: 1 }],
      },
      { body: 'in a thread', thread_id: body.messages[0]?.['id'] },
    ])
    const types = (await eventsIn(room)).map(({ type }) => type)
    expect(types.slice(-4)).toEqual(['m.room.message', 'm.room.message', 'm.reaction', 'm.room.message'])
  })

  test('is sent once for each transaction id of a device', async () => {
    const room = await newRoom(ada)
    const path = `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.message/same`
    const one = await ada.put<{ event_id: string }>(path, { msgtype: 'm.text', body: 'once' })
    const two = await ada.put<{ event_id: string }>(path, { msgtype: 'm.text', body: 'other' })
    expect(two.body).toEqual(one.body)
    expect((await eventsIn(room)).filter(({ type }) => type === 'm.room.message')).toHaveLength(1)
  })

  test('is deleted by its redaction, and a reaction is taken back', async () => {
    const room = await newRoom(ada, { room_alias_name: 'gone' })
    const event = await send(ada, room, { msgtype: 'm.text', body: 'oops' })
    const reaction = await send(
      ada,
      room,
      { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key: 'x' } },
      'm.reaction',
    )
    const redact = (target: string) =>
      ada.put(
        `${V3}/rooms/${encodeURIComponent(room)}/redact/${encodeURIComponent(target)}/${transactions++}`,
        { reason: 'wrong' },
      )
    expect((await redact(reaction)).status).toBe(200)
    expect((await redact(event)).status).toBe(200)
    const [row] = await w.sql<{ body: string; deleted_at: unknown }>(
      `SELECT m.body, m.deleted_at FROM messages m JOIN matrix_rooms r ON r.channel_id = m.channel_id WHERE r.room_id = ?`,
      room,
    )
    expect(row).toMatchObject({ body: '', deleted_at: expect.anything() })
    const redacted = (await eventsIn(room)).filter(({ isRedacted }) => isRedacted)
    expect(redacted.map(({ id: one }) => one).sort()).toEqual([event, reaction].sort())
    expect(redacted.every(({ content }) => Object.keys(content).length === 0)).toBe(true)
  })

  test('is refused twice for the same reaction, and to who is not in the room', async () => {
    const room = await newRoom(ada)
    const event = await send(ada, room, { msgtype: 'm.text', body: 'hi' })
    const content = { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key: 'x' } }
    const react = (by: MatrixClient) =>
      by.put(`${V3}/rooms/${encodeURIComponent(room)}/send/m.reaction/${transactions++}`, content)
    expect((await react(ada)).status).toBe(200)
    expect(refused(await react(ada))).toEqual([400, 'M_DUPLICATE_ANNOTATION'])
    expect(refused(await react(ben))).toEqual([403, 'M_FORBIDDEN'])
    const path = `${V3}/rooms/${encodeURIComponent(`!nowhere:${SERVER_NAME}`)}/send/m.room.message/1`
    expect(refused(await ben.put(path, { msgtype: 'm.text', body: 'hi' }))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('of a type that v1 has no word for is an event alone', async () => {
    const room = await newRoom(ada)
    await send(ada, room, { any: 'thing' }, 'org.example.custom')
    expect((await eventsIn(room)).at(-1)).toMatchObject({
      type: 'org.example.custom',
      content: { any: 'thing' },
    })
  })
})

describe('state set over Matrix', () => {
  const put = (by: MatrixClient, room: string, type: string, content: object, key = '') =>
    by.put<{ event_id: string }>(
      `${V3}/rooms/${encodeURIComponent(room)}/state/${type}${key === '' ? '' : `/${encodeURIComponent(key)}`}`,
      content,
    )

  test('changes the channel, and equal content changes nothing', async () => {
    const room = await newRoom(ada)
    const first = await put(ada, room, 'm.room.name', { name: 'New name' })
    expect(first.status).toBe(200)
    expect(await channelOf(room)).toMatchObject({ name: 'New name' })
    expect((await put(ada, room, 'm.room.name', { name: 'New name' })).body).toEqual(first.body)
  })

  test('gives roles by power levels', async () => {
    const room = await newRoom(ada, { preset: 'trusted_private_chat', invite: [id('ben')] })
    await ben.post(`${V3}/rooms/${encodeURIComponent(room)}/join`, {})
    const roles = async () =>
      (
        await w.sql<{ role: string }>(
          `SELECT m.role FROM memberships m JOIN matrix_rooms r ON r.channel_id = m.channel_id WHERE r.room_id = ? ORDER BY m.account_id`,
          room,
        )
      ).map(({ role }) => role)
    expect(await roles()).toEqual(['admin', 'admin'])
    const levels = (await eventsIn(room)).find(({ type }) => type === 'm.room.power_levels')?.content ?? {}
    const lower = { ...levels, users: { [id('ada')]: 100, [id('ben')]: -1 } }
    // Nobody lowers another one of the same level.
    expect(refused(await put(ada, room, 'm.room.power_levels', lower))).toEqual([403, 'M_FORBIDDEN'])
    expect((await put(ben, room, 'm.room.power_levels', lower)).status).toBe(200)
    expect(await roles()).toEqual(['admin', 'read_only'])
  })

  test('needs the power, and no state key of others', async () => {
    const room = await newRoom(ada, { preset: 'public_chat' })
    await ben.post(`${V3}/rooms/${encodeURIComponent(room)}/join`, {})
    expect(refused(await put(ben, room, 'm.room.name', { name: 'x' }))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await put(ada, room, 'org.example', {}, id('ben')))).toEqual([403, 'M_FORBIDDEN'])
  })
})

describe('membership over Matrix', () => {
  const act = (by: MatrixClient, room: string, name: string, body: object = {}) =>
    by.post(`${V3}/rooms/${encodeURIComponent(room)}/${name}`, body)

  test('ends by leaving, kicking and banning', async () => {
    const room = await newRoom(ada, { preset: 'public_chat' })
    const user = { user_id: id('ben') }
    expect((await act(ben, room, 'join')).status).toBe(200)
    expect((await act(ben, room, 'leave')).status).toBe(200)
    expect((await act(ben, room, 'join')).status).toBe(200)
    expect((await act(ada, room, 'kick', user)).status).toBe(200)
    expect(refused(await act(ada, room, 'kick', user))).toEqual([403, 'M_FORBIDDEN'])
    expect((await act(ada, room, 'ban', user)).status).toBe(200)
    expect(refused(await act(ben, room, 'join'))).toEqual([403, 'M_FORBIDDEN'])
    expect((await act(ada, room, 'unban', user)).status).toBe(200)
    expect((await act(ben, room, 'join')).status).toBe(200)
    expect(refused(await act(ben, room, 'forget'))).toEqual([400, 'M_UNKNOWN'])
    expect((await act(ben, room, 'leave')).status).toBe(200)
    expect((await act(ben, room, 'forget')).status).toBe(200)
  })
})
