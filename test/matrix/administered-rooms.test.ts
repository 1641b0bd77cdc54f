// What administrators do to rooms: blocked, deleted and rebuilt ones, their admins and aliases, on both stores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

const ADMIN = '/v1/admin/matrix'
/** More than one transaction lets leave. */
const MANY = 55

let w: World
let ada: MatrixClient
let ben: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  ada = await signIn(w, await w.human('ada'))
  ben = await signIn(w, await w.human('ben'))
})
afterAll(() => w[Symbol.asyncDispose]())

const path = (...words: string[]) => [ADMIN, ...words.map((word) => encodeURIComponent(word))].join('/')
const join = (by: MatrixClient, room: string) => by.post(`${roomPath(room)}/join`)

describe('a blocked room', () => {
  test('lets nobody in, by whatever way, and keeps its members', async () => {
    const { newRoom, send, channelOf } = acting(w)
    const room = await newRoom(ada, { preset: 'public_chat' })
    await w.operator.patch(path('rooms', room), { blocked: true })
    expect(refused(await join(ben, room))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await ada.post(`${roomPath(room)}/invite`, { user_id: id('ben') }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
    const added = await w.operator.post('/v1/admin/memberships', {
      account_handle: 'ben',
      channel_slug: (await channelOf(room)).slug,
    })
    expect(added.status).toBe(409)
    // Who is in it goes on, and may change its name there.
    await send(ada, room, { msgtype: 'm.text', body: 'still here' })
    const member = `${roomPath(room)}/state/m.room.member/${encodeURIComponent(ada.userId)}`
    expect((await ada.put(member, { membership: 'join', displayname: 'Ada L.' })).status).toBe(200)
    await w.operator.patch(path('rooms', room), { blocked: false })
    expect((await join(ben, room)).status).toBe(200)
  })

  test('is one that was made over Matrix: a channel is archived instead', async () => {
    await w.channel('street', { kind: 'public' })
    for (const answer of [
      await w.operator.patch(path('rooms', 'street'), { blocked: true }),
      await w.operator.delete(path('rooms', 'street')),
    ])
      expect([answer.status, answer.body.code]).toEqual([400, 'room_of_channel'])
  })
})

describe('a deleted room', () => {
  test('has no members, aliases or new events, and its history stays on v1 until it is purged', async () => {
    const { newRoom, send, channelOf } = acting(w)
    const room = await newRoom(ada, { preset: 'public_chat', room_alias_name: 'fair', visibility: 'public' })
    await send(ada, room, { msgtype: 'm.text', body: 'the fair is over' })
    const { slug } = await channelOf(room)
    for (let n = 0; n < MANY; n++) {
      const guest = await w.agent(`guest-${n}`, { scopes: ['channel:*:read', 'channel:*:post'] })
      expect((await join(w.bearer(guest.secret) as MatrixClient, room)).status).toBe(200)
    }
    const gone = await w.operator.delete(path('rooms', room))
    expect([gone.status, gone.body.removed, gone.body.blocked, gone.body.published]).toEqual([
      200,
      MANY + 1,
      true,
      false,
    ])
    expect(gone.body.archived_at).toBeString()
    const left = await w.operator.get<{ membership: string }[]>(`${path('rooms', room)}/members`)
    expect(new Set(left.body.map(({ membership }) => membership))).toEqual(new Set(['leave']))
    expect(
      (await w.guest.get(`${V3}/directory/room/${encodeURIComponent('#fair:example.org')}`)).status,
    ).toBe(404)
    expect((await ada.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)).body.joined_rooms).not.toContain(
      room,
    )
    expect(refused(await join(ada, room))).toEqual([403, 'M_FORBIDDEN'])
    const rows = await w.sql<{ n: number }>(
      'SELECT count(*) AS n FROM messages m JOIN channels c ON c.id = m.channel_id WHERE c.slug = ?',
      slug,
    )
    expect(Number(rows[0]?.n)).toBe(1)
    expect((await w.operator.delete(path('rooms', room))).body.removed).toBe(0)
  })
})

describe('an admin of a room', () => {
  test('is made by the member with the most power, also of a user who is no member', async () => {
    const { newRoom, rolesIn, eventsIn } = acting(w)
    const room = await newRoom(ada)
    expect((await w.operator.put(path('rooms', room, 'admins', id('ben')), {})).status).toBe(200)
    expect(await rolesIn(room)).toEqual({ ada: 'admin', ben: 'admin' })
    const levels = (await eventsIn(room)).filter(({ type }) => type === 'm.room.power_levels').at(-1)
    expect([levels?.sender, levels?.content.users]).toEqual([
      ada.userId,
      { [ada.userId]: 100, [ben.userId]: 100 },
    ])
  })

  test('is not made where nobody here has the power', async () => {
    const { newRoom } = acting(w)
    const room = await newRoom(ada)
    const type = `${roomPath(room)}/state/m.room.power_levels`
    expect((await ada.put(type, { users: {}, state_default: 50, users_default: 0 })).status).toBe(200)
    const answer = await w.operator.put(path('rooms', room, 'admins', id('ben')), {})
    expect([answer.status, answer.body.code]).toEqual([409, 'matrix_no_power'])
  })
})

test('an alias that is taken away goes from the canonical alias of its room, too', async () => {
  const { newRoom, eventsIn } = acting(w)
  const room = await newRoom(ada, { room_alias_name: 'pier' })
  const alias = '#pier:example.org'
  expect((await w.operator.put(path('aliases', '#quay:example.org'), { room })).status).toBe(201)
  expect((await w.operator.delete(path('aliases', alias))).status).toBe(204)
  const canonical = (await eventsIn(room)).filter(({ type }) => type === 'm.room.canonical_alias').at(-1)
  expect([canonical?.sender, canonical?.content]).toEqual([ada.userId, {}])
  const shown = await w.operator.get<{ aliases: string[] }>(path('rooms', room))
  expect(shown.body.aliases).toEqual(['#quay:example.org'])
  await w.channel('harbour', { kind: 'public' })
  expect((await w.operator.get(path('rooms', 'harbour'))).status).toBe(200)
  const fixed = await w.operator.delete(path('aliases', '#harbour:example.org'))
  expect([fixed.status, fixed.body.code]).toEqual([403, 'alias_of_channel'])
})

test('the room of a channel is made again from the log with the same events', async () => {
  const town = await w.channel('town', { kind: 'public' })
  const bot = await w.agent('bot', { channels: { town: 'member' } })
  const first = await bot.posts(town, 'hello')
  await bot.posts(town, 'a reply', { reply_to: first.id })
  await bot.patch(`/v1/messages/${first.id}`, { body: 'hello again' })
  await w.operator.get(path('rooms', 'town'))
  const events = () =>
    w.sql<{ event_id: string; pos: unknown; type: string }>(
      "SELECT event_id, pos, type FROM matrix_events e JOIN channels c ON c.id = e.channel_id WHERE c.slug = 'town' ORDER BY pos",
    )
  const before = await events()
  expect(before.length).toBeGreaterThan(8)
  const rebuilt = await w.operator.put(`${ADMIN}/projector/rebuild`, { channel: 'town' })
  expect([rebuilt.status, rebuilt.text]).toEqual([200, expect.stringContaining('"channel":"town"')])
  await w.operator.get(path('rooms', 'town'))
  const after = await events()
  expect(after.slice(0, before.length)).toEqual(before)
  // The last one says that the channel was kept out meanwhile.
  expect(after.slice(before.length).map(({ type }) => type)).toEqual(['dev.synapse.v1.kept_out'])
  // It goes on where it ended.
  await bot.posts(town, 'after')
  await w.operator.get(path('rooms', 'town'))
  expect((await events()).length).toBe(after.length + 1)
  // Nobody's history changes under it: members with devices keep it from being made again.
  await signIn(w, await w.human('eve', { channels: { town: 'member' } }))
  const kept = await w.operator.put(`${ADMIN}/projector/rebuild`, { channel: 'town' })
  expect([kept.status, kept.body.code]).toEqual([409, 'room_has_readers'])
  const { newRoom, channelOf } = acting(w)
  const { slug } = await channelOf(await newRoom(ada))
  const born = await w.operator.put(`${ADMIN}/projector/rebuild`, { channel: slug })
  expect([born.status, born.body.code]).toEqual([400, 'room_of_matrix'])
})
