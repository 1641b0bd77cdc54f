// What v1 does to channels whose rooms were made over Matrix: it happens in the room, or is refused.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Caller, World } from '../support/world'
import { type Acting, acting, id, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn } from './homeserver'

let w: World
let here: Acting
let ada: MatrixClient
let ben: MatrixClient
/** Ada and ben in browsers, and a system admin. */
let browser: Caller
let benBrowser: Caller
let chief: Caller
beforeAll(async () => {
  w = await homeserver()
  here = acting(w)
  for (const name of ['ada', 'ben', 'cleo']) await w.human(name)
  ada = await signIn(w, { handle: 'ada' })
  ben = await signIn(w, { handle: 'ben' })
  const inBrowser = async (handle: string) =>
    w.caller({ cookie: `synapse_session=${await w.session(handle)}` })
  browser = await inBrowser('ada')
  benBrowser = await inBrowser('ben')
  chief = await w.human('chief', { isAdmin: true })
})
afterAll(() => w[Symbol.asyncDispose]())

const code = ({ status, body }: { status: number; body: object }) => [
  status,
  (body as { code?: string }).code,
]

async function newest(room: string, type: string, key?: string) {
  const events = await here.eventsIn(room)
  return events.findLast((event) => event.type === type && (key === undefined || event.state_key === key))
}

describe('a channel made over Matrix', () => {
  test('gets its members, roles, properties and its end on v1, each in the name of who did it', async () => {
    const room = await here.newRoom(ada, { room_alias_name: 'crafted', name: 'Crafted' })
    const members = '/v1/channels/crafted/members'
    const added = await browser.post(members, { handle: 'ben', role: 'read_only' })
    expect(added.status, added.text).toBe(201)
    expect(await newest(room, 'm.room.member', id('ben'))).toMatchObject({ content: { membership: 'join' } })
    expect((await newest(room, 'm.room.power_levels'))?.content).toMatchObject({ users: { [id('ben')]: -1 } })
    const raised = await browser.patch(`${members}/ben`, { role: 'admin' })
    expect(raised.status, raised.text).toBe(200)
    expect(await newest(room, 'm.room.power_levels')).toMatchObject({
      ...{ sender: id('ada'), content: { users: { [id('ada')]: 100, [id('ben')]: 100 } } },
    })
    expect((await browser.patch('/v1/channels/crafted', { description: 'What it is' })).status).toBe(200)
    expect(await newest(room, 'm.room.topic')).toMatchObject({
      ...{ sender: id('ada'), content: { topic: 'What it is' } },
    })
    expect(await newest(room, 'm.room.name')).toMatchObject({ content: { name: 'Crafted' } })
    expect((await browser.patch('/v1/channels/crafted', { archived: true })).status).toBe(200)
    expect((await newest(room, 'm.room.power_levels'))?.content).toMatchObject({ events_default: 100 })
    expect((await browser.patch('/v1/channels/crafted', { archived: false })).status).toBe(200)
    expect((await newest(room, 'm.room.power_levels'))?.content).toMatchObject({ events_default: 0 })
    expect((await benBrowser.delete(`${members}/ben`)).status).toBe(204)
    expect(await newest(room, 'm.room.member', id('ben'))).toMatchObject({ sender: id('ben') })
  })

  test('is not changed where its power levels let nobody', async () => {
    const room = await here.newRoom(ada, {
      room_alias_name: 'strict',
      power_level_content_override: {
        users: { [id('ada')]: 100 },
        events: { 'm.room.name': 101, 'm.room.power_levels': 100 },
        invite: 0,
      },
    })
    const before = await here.eventsIn(room)
    expect(code(await browser.patch('/v1/channels/strict', { name: 'Other' }))).toEqual([
      409,
      'matrix_no_power',
    ])
    expect(await here.channelOf(room)).toMatchObject({ name: 'strict' })
    expect(await here.eventsIn(room)).toEqual(before)
    // Equal levels cannot be taken from each other.
    await browser.post('/v1/channels/strict/members', { handle: 'ben', role: 'admin' })
    expect(code(await browser.delete('/v1/channels/strict/members/ben'))).toEqual([409, 'matrix_no_power'])
    expect(await here.rolesIn(room)).toEqual({ ada: 'admin', ben: 'admin' })
  })

  test('is administered by a system admin through its member with the most power, which the audit names', async () => {
    const room = await here.newRoom(ada, { room_alias_name: 'helped' })
    const changed = await chief.patch('/v1/channels/helped', { name: 'Helped' })
    expect(changed.status, changed.text).toBe(200)
    expect(await newest(room, 'm.room.name')).toMatchObject({
      sender: id('ada'),
      content: { name: 'Helped' },
    })
    const entries = await w.sql<{ n: number }>(
      `SELECT count(*) AS n FROM audit WHERE action = 'impersonate' AND target_type = 'account'`,
    )
    expect(Number(entries[0]?.n)).toBe(1)
  })

  test('is joined on v1 by who was invited over Matrix', async () => {
    const room = await here.newRoom(ada, { room_alias_name: 'guests' })
    expect(code(await benBrowser.post('/v1/channels/guests/join', {}))).toEqual([404, 'channel_not_found'])
    expect((await ada.post(`${roomPath(room)}/invite`, { user_id: ben.userId })).status).toBe(200)
    const listed = await benBrowser.get<{ channels: { slug: string }[] }>('/v1/channels?include=discoverable')
    const found = (slug: string) => listed.body.channels.find((channel) => channel.slug === slug)
    expect(found('guests')).toMatchObject({ role: null, invited: true, access: { read: false, post: false } })
    const own = await benBrowser.get<{ channels: { slug: string }[] }>('/v1/channels')
    expect(own.body.channels.map(({ slug }) => slug)).not.toContain('guests')
    const joined = await benBrowser.post('/v1/channels/guests/join', {})
    expect(joined.status, joined.text).toBe(200)
    expect(await here.rolesIn(room)).toEqual({ ada: 'admin', ben: 'member' })
    expect(await newest(room, 'm.room.member', id('ben'))).toMatchObject({
      ...{ sender: id('ben'), content: { membership: 'join' } },
    })
  })
})
