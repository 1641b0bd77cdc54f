// Replacing rooms by rooms of another version: what goes over, what stays, and who may do it.
import { expect, test } from 'bun:test'
import type { World } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

interface Event {
  readonly type: string
  readonly state_key: string
  readonly sender: string
  readonly event_id: string
  readonly content: Readonly<Record<string, unknown>>
}

async function people(w: World, ...handles: string[]): Promise<MatrixClient[]> {
  const clients: MatrixClient[] = []
  for (const handle of handles) clients.push(await signIn(w, await w.human(handle)))
  return clients
}

const upgrade = (by: MatrixClient, room: string, body: object) =>
  by.post<{ replacement_room: string }>(`${roomPath(room)}/upgrade`, body)

async function stateOf(by: MatrixClient, room: string) {
  const { status, body, text } = await by.get<Event[]>(`${roomPath(room)}/state`)
  if (status !== 200) throw new Error(text)
  return (type: string, key = '') => body.find((one) => one.type === type && one.state_key === key)
}

const sets = (by: MatrixClient, room: string, type: string, key: string, content: object) =>
  by.put(`${roomPath(room)}/state/${type}/${encodeURIComponent(key)}`, content)

const STATE = {
  'm.room.join_rules': { join_rule: 'knock' },
  'm.room.history_visibility': { history_visibility: 'joined' },
  'm.room.guest_access': { guest_access: 'forbidden' },
  'm.room.name': { name: 'Garden' },
  'm.room.topic': { topic: 'What grows' },
  'm.room.avatar': { url: 'mxc://example.org/abc' },
  'm.room.server_acl': { allow: ['*'], allow_ip_literals: false },
} as const

test('a new room has what the old one had, and the old one says so', async () => {
  await using w = await homeserver()
  const [ada, ben, eve] = (await people(w, 'ada', 'ben', 'eve')) as [MatrixClient, MatrixClient, MatrixClient]
  const s = acting(w)
  const old = await s.newRoom(ada, {
    ...{ room_version: '10', preset: 'public_chat', visibility: 'public', room_alias_name: 'garden' },
    creation_content: { 'm.federate': false },
    power_level_content_override: { users: { [ada.userId]: 100, [ben.userId]: 60 }, kick: 70 },
    initial_state: [{ type: 'org.example.own', content: { stays: true } }],
  })
  await ben.post(`${roomPath(old)}/join`, {})
  await ada.post(`${roomPath(old)}/ban`, { user_id: eve.userId, reason: 'loud' })
  const other = encodeURIComponent('#beds:example.org')
  await ada.put(`${V3}/directory/room/${other}`, { room_id: old })
  for (const [type, content] of Object.entries(STATE))
    expect((await sets(ada, old, type, '', content)).status).toBe(200)
  const before = await stateOf(ada, old)

  const { status, body } = await upgrade(ada, old, { new_version: '11' })
  expect(status).toBe(200)
  const room = body.replacement_room
  const [then, now] = [await stateOf(ada, old), await stateOf(ada, room)]
  const tombstone = then('m.room.tombstone')
  expect(tombstone?.content).toMatchObject({ replacement_room: room })
  expect(now('m.room.create')?.content).toEqual({
    ...{ room_version: '11', 'm.federate': false },
    predecessor: { room_id: old, event_id: tombstone?.event_id },
  })
  for (const [type, content] of Object.entries(STATE)) expect(now(type)?.content).toEqual(content)
  expect(now('m.room.power_levels')?.content).toEqual(before('m.room.power_levels')?.content ?? {})
  expect(now('m.room.member', eve.userId)?.content).toEqual({ membership: 'ban', reason: 'loud' })
  expect(now('m.room.member', ben.userId)).toBeUndefined()
  expect(now('org.example.own')).toBeUndefined()

  // The aliases lead to the new room, and the directory has it alone.
  expect(now('m.room.canonical_alias')?.content).toEqual({ alias: '#garden:example.org' })
  expect(then('m.room.canonical_alias')?.content).toEqual({})
  for (const alias of ['#garden:example.org', '#beds:example.org'])
    expect((await ben.get(`${V3}/directory/room/${encodeURIComponent(alias)}`)).body).toMatchObject({
      room_id: room,
    })
  const { body: listed } = await ben.get<{ chunk: { room_id: string }[] }>(`${V3}/publicRooms`)
  expect(listed.chunk.map(({ room_id }) => room_id)).toEqual([room])

  // Hardly anybody writes in the old one.
  expect(then('m.room.power_levels')?.content).toMatchObject({ events_default: 50, invite: 50, kick: 70 })
  expect(await s.rolesIn(old)).toEqual({ ada: 'admin', ben: 'member' })
  expect(await s.rolesIn(room)).toEqual({ ada: 'admin' })
  const [channel] = await w.sql<{ settings: unknown }>(
    'SELECT c.settings FROM channels c JOIN matrix_rooms r ON r.channel_id = c.id WHERE r.room_id = ?',
    room,
  )
  expect(JSON.stringify(channel?.settings)).toContain('joined')
  expect(await s.channelOf(room)).toMatchObject({ name: 'Garden', kind: 'private' })
  // The new room works.
  await s.send(ada, room, { msgtype: 'm.text', body: 'here we are' })
})

test('members keep their tags, push rules and direct chats', async () => {
  await using w = await homeserver()
  const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
  const s = acting(w)
  const old = await s.newRoom(ada, { preset: 'public_chat' })
  await ben.post(`${roomPath(old)}/join`, {})
  const ofBen = `${V3}/user/${encodeURIComponent(ben.userId)}`
  const path = (room: string) => `${ofBen}/rooms/${encodeURIComponent(room)}/tags`
  await ben.put(`${path(old)}/m.favourite`, { order: 0.25 })
  await ben.put(`${ofBen}/account_data/m.direct`, { [ada.userId]: ['!x:example.org', old], '@c:d': 'odd' })
  const rules = `${V3}/pushrules/global`
  const muted = { actions: [], conditions: [{ kind: 'event_match', key: 'room_id', pattern: old }] }
  expect((await ben.put(`${rules}/room/${encodeURIComponent(old)}`, { actions: ['notify'] })).status).toBe(
    200,
  )
  expect((await ben.put(`${rules}/override/${encodeURIComponent(old)}`, muted)).status).toBe(200)
  expect((await ben.put(`${rules}/override/night`, muted)).status).toBe(200)
  await ben.put(`${rules}/override/other`, { actions: [], conditions: [] })
  const { body: before } = await ben.get<{ next_batch: string }>(`${V3}/sync`)
  const { body } = await upgrade(ada, old, { new_version: '11' })
  const room = body.replacement_room
  const { body: synced } = await ben.get<{ account_data: { events: { type: string }[] } }>(
    `${V3}/sync?since=${before.next_batch}`,
  )
  expect(synced.account_data.events.map(({ type }) => type).sort()).toEqual(['m.direct', 'm.push_rules'])
  await ben.post(`${roomPath(room)}/join`, {})
  expect((await ben.get(path(room))).body).toEqual({ tags: { 'm.favourite': { order: 0.25 } } })
  expect((await ben.get(`${ofBen}/account_data/m.direct`)).body).toEqual({
    ...{ [ada.userId]: ['!x:example.org', old, room], '@c:d': 'odd' },
  })
  const { body: now } = await ben.get<Record<string, { rule_id: string; conditions?: unknown }[]>>(
    `${rules}/`,
  )
  const own = (kind: string) => now[kind]?.filter(({ rule_id }) => !rule_id.startsWith('.')) ?? []
  expect(own('room').map(({ rule_id }) => rule_id)).toEqual([old, room])
  expect(new Set(own('override').map(({ rule_id }) => rule_id))).toEqual(
    new Set([old, room, 'night', `night_${room}`, 'other']),
  )
  const copy = own('override').find(({ rule_id }) => rule_id === room)
  expect(copy?.conditions).toEqual([{ kind: 'event_match', key: 'room_id', pattern: room }])
})

test('creators stand above the levels of version 12, and have a level again where they do not', async () => {
  await using w = await homeserver()
  const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
  const s = acting(w)
  const old = await s.newRoom(ada, { room_version: '11' })
  const { body } = await upgrade(ada, old, { new_version: '12', additional_creators: [ben.userId] })
  const second = body.replacement_room
  expect(second).not.toContain(':')
  const twelve = await stateOf(ada, second)
  expect(twelve('m.room.create')?.content).toEqual({
    ...{ room_version: '12', predecessor: { room_id: old }, additional_creators: [ben.userId] },
  })
  expect(twelve('m.room.power_levels')?.content).toMatchObject({
    users: {},
    events: { 'm.room.tombstone': 150 },
  })
  expect((await stateOf(ada, old))('m.room.tombstone')?.content).toMatchObject({ replacement_room: second })
  const { body: back } = await upgrade(ada, second, { new_version: '11', additional_creators: [ben.userId] })
  const eleven = await stateOf(ada, back.replacement_room)
  expect(eleven('m.room.power_levels')?.content['users']).toEqual({ [ada.userId]: 150, [ben.userId]: 150 })
  expect(eleven('m.room.create')?.content).not.toHaveProperty('additional_creators')
  await s.send(ada, back.replacement_room, { msgtype: 'm.text', body: 'hello' })
})

test('levels written as text in an early version are numbers in a later one', async () => {
  await using w = await homeserver()
  const [ada] = (await people(w, 'ada')) as [MatrixClient]
  const old = await acting(w).newRoom(ada, { room_version: '6' })
  const { body: power } = await ada.get<object>(`${roomPath(old)}/state/m.room.power_levels/`)
  await sets(ada, old, 'm.room.power_levels', '', { ...power, kick: ' 42 ', odd: 'text' })
  const { body } = await upgrade(ada, old, { new_version: '11' })
  const now = (await stateOf(ada, body.replacement_room))('m.room.power_levels')?.content
  expect(now).toMatchObject({ kick: 42, ban: 50 })
  expect(now).not.toHaveProperty('odd')
})

test('a space keeps its type and its rooms', async () => {
  await using w = await homeserver()
  const [ada] = (await people(w, 'ada')) as [MatrixClient]
  const s = acting(w)
  const space = await s.newRoom(ada, { creation_content: { type: 'm.space' } })
  await sets(ada, space, 'm.space.child', '!in:example.org', { via: ['example.org'] })
  await sets(ada, space, 'm.space.child', '!out:example.org', {})
  // More state than one row of the log has events.
  const many = Array.from({ length: 70 }, (_, n) => `!room${n}:example.org`)
  for (const room of many) await sets(ada, space, 'm.space.child', room, { via: ['example.org'] })
  const { body } = await upgrade(ada, space, { new_version: '11' })
  const now = await stateOf(ada, body.replacement_room)
  expect(now('m.room.create')?.content['type']).toBe('m.space')
  expect(now('m.space.child', '!in:example.org')?.content).toEqual({ via: ['example.org'] })
  expect(now('m.space.child', '!out:example.org')).toBeUndefined()
  for (const room of many) expect(now('m.space.child', room)?.content).toEqual({ via: ['example.org'] })
  // The levels come last.
  const { body: synced } = await ada.get<{ chunk: Event[] }>(
    `${roomPath(body.replacement_room)}/messages?dir=b&limit=1`,
  )
  expect(synced.chunk.map(({ type }) => type)).toEqual(['m.room.power_levels'])
  const rows = await w.sql<{ hidden: unknown }>('SELECT hidden FROM channels')
  expect(rows.map(({ hidden }) => Boolean(hidden))).toEqual([true, true])
})

test('who has only the power to replace a room makes one with the same levels', async () => {
  await using w = await homeserver()
  const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
  const s = acting(w)
  const old = await s.newRoom(ada, {
    ...{ preset: 'public_chat', name: 'Garden' },
    power_level_content_override: {
      users: { [ada.userId]: 100, [ben.userId]: 10 },
      events: { 'm.room.tombstone': 10, 'm.room.name': 90 },
    },
  })
  await ben.post(`${roomPath(old)}/join`, {})
  const { body } = await upgrade(ben, old, { new_version: '11' })
  const now = await stateOf(ben, body.replacement_room)
  expect(now('m.room.name')?.content).toEqual({ name: 'Garden' })
  expect(now('m.room.power_levels')?.content['users']).toEqual({ [ada.userId]: 100, [ben.userId]: 10 })
  expect(await s.rolesIn(body.replacement_room)).toEqual({ ben: 'member' })
  // What it could not do in the old room was left.
  expect((await stateOf(ada, old))('m.room.power_levels')?.content['events_default']).toBe(0)
})

test('a refused upgrade changes nothing', async () => {
  await using w = await homeserver({ SYNAPSE_MATRIX_ROOMS_MAX: '2' })
  const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
  await w.channel('family')
  await ada.post(`${V3}/join/${encodeURIComponent('#family:example.org')}`, {})
  const s = acting(w)
  const room = await s.newRoom(ada, { preset: 'public_chat' })
  const count = async () => (await w.sql<{ n: number }>('SELECT count(*) AS n FROM matrix_events'))[0]?.n
  const refusal = async (by: MatrixClient, of: string, body: object) => refused(await upgrade(by, of, body))
  const { body: family } = await ada.get<{ room_id: string }>(
    `${V3}/directory/room/${encodeURIComponent('#family:example.org')}`,
  )
  await ben.post(`${roomPath(room)}/join`, {})
  const before = await count()
  expect(await refusal(ada, room, {})).toEqual([400, 'M_MISSING_PARAM'])
  expect(await refusal(ada, room, { new_version: '99' })).toEqual([400, 'M_UNSUPPORTED_ROOM_VERSION'])
  expect(await refusal(ada, room, { new_version: 11 })).toEqual([400, 'M_BAD_JSON'])
  expect(await refusal(ada, room, { new_version: '12', additional_creators: ['x'] })).toEqual([
    400,
    'M_INVALID_PARAM',
  ])
  expect(await refusal(ben, room, { new_version: '11' })).toEqual([403, 'M_FORBIDDEN'])
  expect(await refusal(ada, family.room_id, { new_version: '11' })).toEqual([403, 'M_FORBIDDEN'])
  expect(await refusal(ada, '!none:example.org', { new_version: '11' })).toEqual([403, 'M_FORBIDDEN'])
  expect(await count()).toBe(before)
  await s.newRoom(ben, {})
  const then = await count()
  expect(await refusal(ada, room, { new_version: '11' })).toEqual([403, 'M_RESOURCE_LIMIT_EXCEEDED'])
  expect(await count()).toBe(then)
})
