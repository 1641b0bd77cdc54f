// Finding rooms: the directory, summaries, the tree of a space, and shared rooms.
import { describe, expect, test } from 'bun:test'
import { type Caller, SECOND, type World } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

const V1 = '/_matrix/client/v1'

interface Listed {
  readonly room_id: string
  readonly name?: string
  readonly num_joined_members: number
  readonly room_type?: string
}

interface Page {
  readonly chunk: readonly Listed[]
  readonly next_batch?: string
  readonly prev_batch?: string
  readonly total_room_count_estimate: number
}

interface Tree {
  readonly rooms: readonly (Listed & { readonly children_state: readonly { readonly state_key: string }[] })[]
  readonly next_batch?: string
}

const names = (rooms: readonly Listed[]) => rooms.map(({ name = '' }) => name)

async function people(w: World, ...handles: string[]): Promise<MatrixClient[]> {
  const clients: MatrixClient[] = []
  for (const handle of handles) clients.push(await signIn(w, await w.human(handle)))
  return clients
}

const list = (by: Caller, body: object = {}) => by.post<Page>(`${V3}/publicRooms`, body)
const lists = (by: MatrixClient, room: string, visibility: string) =>
  by.put(`${V3}/directory/list/room/${encodeURIComponent(room)}`, { visibility })
const sets = (by: MatrixClient, room: string, type: string, key: string, content: object) =>
  by.put(`${roomPath(room)}/state/${type}/${encodeURIComponent(key)}`, content)

describe('the directory', () => {
  test('lists published rooms, those with most members first, in pages in both directions', async () => {
    await using w = await homeserver()
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const { newRoom } = acting(w)
    const rooms: string[] = []
    for (const name of ['one', 'two', 'three', 'four', 'five'])
      rooms.push(await newRoom(ada, { name, preset: 'public_chat', visibility: 'public' }))
    await newRoom(ada, { name: 'not listed', preset: 'public_chat' })
    await ben.post(`${roomPath(rooms[2] ?? '')}/join`, {})
    const { body: all } = await list(ben)
    expect(names(all.chunk)).toEqual(['three', 'one', 'two', 'four', 'five'])
    expect(all.chunk[0]).toMatchObject({ num_joined_members: 2, join_rule: 'public', world_readable: false })
    expect([all.total_room_count_estimate, all.next_batch, all.prev_batch]).toEqual([5, undefined, undefined])

    const { body: first } = await list(ben, { limit: 2 })
    expect([names(first.chunk), first.prev_batch]).toEqual([['three', 'one'], undefined])
    const { body: second } = await list(ben, { limit: 2, since: first.next_batch })
    expect(names(second.chunk)).toEqual(['two', 'four'])
    const { body: third } = await list(ben, { limit: 2, since: second.next_batch })
    expect([names(third.chunk), third.next_batch]).toEqual([['five'], undefined])
    const { body: back } = await list(ben, { limit: 2, since: third.prev_batch })
    expect(names(back.chunk)).toEqual(['two', 'four'])
    const { body: begin } = await list(ben, { limit: 2, since: back.prev_batch })
    expect([names(begin.chunk), begin.prev_batch]).toEqual([['three', 'one'], undefined])
    expect(names((await list(ben, { limit: 2, since: begin.next_batch })).body.chunk)).toEqual([
      'two',
      'four',
    ])
    expect((await ben.get<Page>(`${V3}/publicRooms?limit=1`)).body.chunk).toHaveLength(1)
  })

  test('is searched by name, topic and alias, and by the type of rooms', async () => {
    await using w = await homeserver()
    const [ada] = (await people(w, 'ada')) as [MatrixClient]
    const { newRoom } = acting(w)
    const shown = { preset: 'public_chat', visibility: 'public' }
    await newRoom(ada, { ...shown, name: 'Gärten', topic: 'What GROWS' })
    await newRoom(ada, { ...shown, name: 'Kitchen', room_alias_name: 'cooking' })
    await newRoom(ada, { ...shown, name: 'House', creation_content: { type: 'm.space' } })
    const found = async (filter: object) => names((await list(ada, { filter })).body.chunk)
    expect(await found({ generic_search_term: 'gÄrt' })).toEqual(['Gärten'])
    expect(await found({ generic_search_term: 'grows' })).toEqual(['Gärten'])
    expect(await found({ generic_search_term: '#cook' })).toEqual(['Kitchen'])
    expect(await found({ generic_search_term: '%' })).toEqual([])
    expect(await found({ room_types: ['m.space'] })).toEqual(['House'])
    expect(await found({ room_types: [null] })).toEqual(['Gärten', 'Kitchen'])
    expect(await found({ room_types: [] })).toEqual([])
    const { body } = await list(ada, { limit: 1, filter: { room_types: [null] } })
    const next = await list(ada, { limit: 1, filter: { room_types: [null] }, since: body.next_batch })
    expect(names(next.body.chunk)).toEqual(['Kitchen'])
    expect((await list(ada, { third_party_instance_id: 'irc' })).body.chunk).toEqual([])
  })

  test('is changed by who may name the room, and the channel follows', async () => {
    await using w = await homeserver()
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const { newRoom, channelOf } = acting(w)
    const room = await newRoom(ada, { preset: 'public_chat', name: 'Yard' })
    await ben.post(`${roomPath(room)}/join`, {})
    expect(refused(await lists(ben, room, 'public'))).toEqual([403, 'M_FORBIDDEN'])
    expect((await channelOf(room)).kind).toBe('private')
    expect((await lists(ada, room, 'public')).status).toBe(200)
    expect((await channelOf(room)).kind).toBe('public')
    const path = `${V3}/directory/list/room/${encodeURIComponent(room)}`
    expect((await ben.get(path)).body).toEqual({ visibility: 'public' })
    expect((await lists(ada, room, 'public')).status).toBe(200)
    expect((await lists(ada, room, 'private')).status).toBe(200)
    expect((await channelOf(room)).kind).toBe('private')
    expect((await list(ben)).body.chunk).toEqual([])
    expect(refused(await lists(ada, '!none:example.org', 'public'))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await ada.get(`${V3}/directory/list/room/!none%3Aexample.org`))).toEqual([
      404,
      'M_NOT_FOUND',
    ])
    expect(refused(await lists(ada, room, 'secret'))).toEqual([400, 'M_BAD_JSON'])
  })

  test('has the public channels of v1, and no archived ones', async () => {
    await using w = await homeserver()
    const [ada] = (await people(w, 'ada')) as [MatrixClient]
    await w.channel('garden')
    await w.channel('secret', { kind: 'private' })
    await w.channel('past')
    expect((await list(ada)).body.chunk.map(({ name }) => name)).toEqual(['garden', 'past'])
    const admin = await w.human('root', { isAdmin: true })
    expect((await admin.patch('/v1/channels/past', { archived: true })).status).toBe(200)
    expect((await list(ada)).body.chunk.map(({ name }) => name)).toEqual(['garden'])
  })

  test('has no room that an administrator has blocked', async () => {
    await using w = await homeserver()
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const room = await acting(w).newRoom(ada, { preset: 'public_chat', visibility: 'public' })
    await w.sql('UPDATE matrix_rooms SET blocked = true WHERE room_id = ?', room)
    expect((await list(ben)).body.chunk).toEqual([])
    const summary = `${V1}/room_summary/${encodeURIComponent(room)}`
    expect([(await ben.get(summary)).status, (await ada.get(summary)).status]).toEqual([404, 200])
  })

  test('is not changed by the token of an agent that only reads', async () => {
    await using w = await homeserver()
    await w.channel('family')
    const bert = await w.agent('bert', { scopes: ['channel:*:read'], channels: { family: 'admin' } })
    const by = w.bearer(bert.secret)
    const { body } = await by.get<{ room_id: string }>(
      `${V3}/directory/room/${encodeURIComponent('#family:example.org')}`,
    )
    const path = `${V3}/directory/list/room/${encodeURIComponent(body.room_id)}`
    expect(refused(await by.put(path, { visibility: 'private' }))).toEqual([403, 'M_FORBIDDEN'])
    expect((await by.get(path)).body).toEqual({ visibility: 'public' })
  })

  test('needs a token, unless it is public', async () => {
    await using w = await homeserver()
    const listed = `${V3}/directory/list/room/!none%3Aexample.org`
    expect(refused(await w.guest.get(`${V3}/publicRooms`))).toEqual([401, 'M_MISSING_TOKEN'])
    expect(refused(await w.guest.get(listed))).toEqual([401, 'M_MISSING_TOKEN'])
    await using open = await homeserver({ SYNAPSE_MATRIX_PUBLIC_DIRECTORY: 'on' })
    expect((await open.guest.get(`${V3}/publicRooms`)).status).toBe(200)
    expect(refused(await open.guest.get(listed))).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await list(open.guest))).toEqual([401, 'M_MISSING_TOKEN'])
  })

  test('refuses what it cannot read', async () => {
    await using w = await homeserver()
    const [ada] = (await people(w, 'ada')) as [MatrixClient]
    for (const since of ['x', 'bnVsbA', 'e30', '[]']) {
      expect(refused(await list(ada, { since }))).toEqual([400, 'M_INVALID_PARAM'])
      expect(refused(await ada.get(`${V3}/publicRooms?since=${since}`))).toEqual([400, 'M_INVALID_PARAM'])
    }
    expect(refused(await list(ada, { limit: 0 }))).toEqual([400, 'M_INVALID_PARAM'])
    expect(refused(await list(ada, { limit: -1 }))).toEqual([400, 'M_BAD_JSON'])
    expect(refused(await ada.get(`${V3}/publicRooms?limit=x`))).toEqual([400, 'M_INVALID_PARAM'])
    expect(refused(await ada.get(`${V3}/publicRooms?server=other.example`))).toEqual([404, 'M_NOT_FOUND'])
    expect((await ada.get(`${V3}/publicRooms?server=example.org`)).status).toBe(200)
  })
})

describe('the summary of a room', () => {
  const summary = (by: Caller, name: string) => by.get(`${V1}/room_summary/${encodeURIComponent(name)}`)

  test('says what describes the room, by its id and its alias', async () => {
    await using w = await homeserver()
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const { newRoom } = acting(w)
    const room = await newRoom(ada, {
      ...{ preset: 'public_chat', name: 'Yard', topic: 'Talk', room_alias_name: 'yard' },
      initial_state: [
        { type: 'm.room.avatar', content: { url: 'mxc://example.org/abc' } },
        { type: 'm.room.guest_access', content: { guest_access: 'can_join' } },
        { type: 'm.room.history_visibility', content: { history_visibility: 'world_readable' } },
      ],
    })
    const about = {
      ...{ room_id: room, name: 'Yard', topic: 'Talk', canonical_alias: '#yard:example.org' },
      ...{ avatar_url: 'mxc://example.org/abc', join_rule: 'public', num_joined_members: 1 },
      ...{ guest_can_join: true, world_readable: true, room_version: '11' },
    }
    expect((await summary(ada, room)).body).toEqual({ ...about, membership: 'join' })
    expect((await summary(ben, '#yard:example.org')).body).toEqual({ ...about, membership: 'leave' })
    const earlier = `/_matrix/client/unstable/im.nheko.summary/summary/${encodeURIComponent(room)}`
    expect((await ben.get(earlier)).body).toEqual({ ...about, membership: 'leave' })
    expect((await summary(w.guest, room)).status).toBe(401)
  })

  test('is for those who could join or read the room', async () => {
    await using w = await homeserver()
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const { newRoom } = acting(w)
    const status = async (room: string) => (await summary(ben, room)).status
    const hall = await newRoom(ada, { preset: 'public_chat', name: 'Hall' })
    const room = await newRoom(ada, { preset: 'private_chat', name: 'Yard' })
    expect(refused(await summary(ben, room))).toEqual([404, 'M_NOT_FOUND'])
    const rule = (content: object) => sets(ada, room, 'm.room.join_rules', '', content)
    const allow = [{ type: 'm.room_membership', room_id: hall }]
    await rule({ join_rule: 'restricted', allow })
    expect(await status(room)).toBe(404)
    await ben.post(`${roomPath(hall)}/join`, {})
    const { body } = await summary(ben, room)
    expect(body).toMatchObject({ name: 'Yard', join_rule: 'restricted', allowed_room_ids: [hall] })
    await rule({ join_rule: 'invite' })
    expect(await status(room)).toBe(404)
    await rule({ join_rule: 'knock' })
    expect(await status(room)).toBe(200)
    await ada.post(`${roomPath(room)}/ban`, { user_id: ben.userId })
    expect(await status(room)).toBe(404)
    await ada.post(`${roomPath(room)}/unban`, { user_id: ben.userId })
    await rule({ join_rule: 'invite' })
    await ada.post(`${roomPath(room)}/invite`, { user_id: ben.userId })
    expect((await summary(ben, room)).body).toMatchObject({ name: 'Yard', membership: 'invite' })
    expect(refused(await summary(ben, '#none:example.org'))).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await summary(ben, '!none:example.org'))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('of a room that the token of an agent does not reach is refused', async () => {
    await using w = await homeserver()
    const [ada] = (await people(w, 'ada')) as [MatrixClient]
    const room = await acting(w).newRoom(ada, { preset: 'public_chat', name: 'Yard' })
    await w.channel('family')
    const bert = await w.agent('bert', { scopes: ['channel:family:read'], channels: { family: 'member' } })
    expect((await summary(w.bearer(bert.secret), room)).status).toBe(404)
    const free = await w.agent('fred', { channels: { family: 'member' } })
    expect((await summary(w.bearer(free.secret), room)).status).toBe(200)
  })
})

test('the rooms of an agent are those that its token reads', async () => {
  await using w = await homeserver()
  for (const slug of ['family', 'town']) await w.channel(slug)
  const channels = { family: 'member', town: 'member' } as const
  const rooms = async (scopes: string[]) => {
    const agent = await w.agent(`reads-${scopes.length}`, { scopes, channels })
    const path = '/_matrix/client/v3/joined_rooms'
    return (await w.bearer(agent.secret).get<{ joined_rooms: string[] }>(path)).body.joined_rooms
  }
  expect(await rooms(['channel:town:read'])).toHaveLength(1)
  expect(await rooms(['channel:town:read', 'channel:family:read'])).toHaveLength(2)
})

describe('the tree of a space', () => {
  const hierarchy = (by: Caller, room: string, query = '') =>
    by.get<Tree>(`${V1}/rooms/${encodeURIComponent(room)}/hierarchy?${query}`)
  const via = ['example.org']
  const space = { preset: 'public_chat', creation_content: { type: 'm.space' } }

  async function house(w: World) {
    const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
    const { newRoom } = acting(w)
    const root = await newRoom(ada, { ...space, name: 'house' })
    const floor = await newRoom(ada, { ...space, name: 'floor' })
    const room = async (name: string, more: object = { preset: 'public_chat' }) =>
      newRoom(ada, { name, ...more })
    const [kitchen, hall, safe, attic] = [
      await room('kitchen'),
      await room('hall'),
      await room('safe', { preset: 'private_chat' }),
      await room('attic'),
    ]
    const child = (of: string, key: string, content: object) => {
      w.clock.advance(SECOND)
      return sets(ada, of, 'm.space.child', key, content)
    }
    // In this order by time; `order` goes before it.
    await child(root, kitchen, { via })
    await child(root, floor, { via, order: 'b', suggested: true })
    await child(root, safe, { via, order: 'a' })
    await child(root, attic, { via, order: 'not \u0001 valid' })
    await child(root, '!gone:example.org', { via })
    await child(root, hall, { via: [] })
    await child(floor, hall, { via })
    await child(floor, kitchen, { via })
    // A cycle.
    await child(floor, root, { via })
    return { ada, ben, root, floor, kitchen, hall, safe, attic, child }
  }

  test('has each room once, in the order of its children, as far as one could join them', async () => {
    await using w = await homeserver()
    const { ada, ben, root, floor, hall, safe, kitchen, attic } = await house(w)
    const { body } = await hierarchy(ben, root)
    expect(names(body.rooms)).toEqual(['house', 'floor', 'hall', 'kitchen', 'attic'])
    expect(body.rooms[0]).toMatchObject({ room_type: 'm.space', room_version: '11' })
    const children = body.rooms.map(({ children_state }) => children_state.map(({ state_key }) => state_key))
    expect(children).toEqual([
      [safe, floor, kitchen, attic, '!gone:example.org'],
      [hall, kitchen, root],
      ...[[], [], []],
    ])
    expect(names((await hierarchy(ada, root)).body.rooms)).toEqual([
      ...['house', 'safe', 'floor', 'hall', 'kitchen', 'attic'],
    ])
    expect(names((await hierarchy(ben, root, 'suggested_only=true')).body.rooms)).toEqual(['house', 'floor'])
    expect(names((await hierarchy(ben, root, 'max_depth=0')).body.rooms)).toEqual(['house'])
    expect(names((await hierarchy(ben, root, 'max_depth=1')).body.rooms)).toEqual([
      ...['house', 'floor', 'kitchen', 'attic'],
    ])
  })

  test('comes in pages that go on where the last one ended', async () => {
    await using w = await homeserver()
    const { ben, root, child, hall } = await house(w)
    const pages: string[][] = []
    let from = ''
    for (;;) {
      const { body } = await hierarchy(ben, root, `limit=2${from}`)
      pages.push(names(body.rooms))
      if (body.next_batch === undefined) break
      from = `&from=${body.next_batch}`
    }
    expect(pages).toEqual([['house', 'floor'], ['hall', 'kitchen'], ['attic']])
    const { body } = await hierarchy(ben, root, 'limit=3')
    const next = `from=${body.next_batch}`
    for (const changed of ['max_depth=1', 'suggested_only=true'])
      expect(refused(await hierarchy(ben, root, `${next}&${changed}`))).toEqual([400, 'M_INVALID_PARAM'])
    // The room at which the page ended has gone.
    await child((body.rooms[1] as Listed).room_id, hall, {})
    expect(names((await hierarchy(ben, root, next)).body.rooms)).toEqual(['attic'])
    for (const bad of ['from=x', 'limit=0', 'limit=-1', 'max_depth=x', 'suggested_only=1'])
      expect(refused(await hierarchy(ben, root, bad))).toEqual([400, 'M_INVALID_PARAM'])
  })

  test('of a room that one could not join looks like that of none', async () => {
    await using w = await homeserver()
    const { ben, safe } = await house(w)
    expect(refused(await hierarchy(ben, safe))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await hierarchy(ben, '!none:example.org'))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('is no channel that v1 lists', async () => {
    await using w = await homeserver()
    await house(w)
    const cookie = `synapse_session=${await w.session('ada')}`
    const answer = await w.guest.open('/v1/channels?include=discoverable', { headers: { cookie } })
    const body = (await answer.json()) as { channels: { name: string }[] }
    expect(body.channels.map(({ name }) => name).sort()).toEqual(['attic', 'hall', 'kitchen', 'safe'])
  })
})

test('two users find the rooms that both are in', async () => {
  await using w = await homeserver()
  const [ada, ben] = (await people(w, 'ada', 'ben')) as [MatrixClient, MatrixClient]
  const { newRoom } = acting(w)
  const shared = await newRoom(ada, { preset: 'public_chat' })
  await newRoom(ada, {})
  await newRoom(ada, { invite: [ben.userId] })
  await ben.post(`${roomPath(shared)}/join`, {})
  const mutual = (userId: string, more = '') =>
    ada.get(`${V1}/mutual_rooms?user_id=${encodeURIComponent(userId)}${more}`)
  expect((await mutual(ben.userId)).body).toEqual({ joined: [shared], count: 1 })
  expect((await mutual('@nobody:example.org')).body).toEqual({ joined: [], count: 0 })
  expect(refused(await mutual(ada.userId))).toEqual([400, 'M_INVALID_PARAM'])
  expect(refused(await mutual('ben'))).toEqual([400, 'M_INVALID_PARAM'])
  expect(refused(await mutual(ben.userId, '&from=x'))).toEqual([400, 'M_INVALID_PARAM'])
  expect(refused(await ada.get(`${V1}/mutual_rooms`))).toEqual([400, 'M_MISSING_PARAM'])
})

test('an agent finds those rooms with another user that its token reads', async () => {
  await using w = await homeserver()
  for (const slug of ['kitchen', 'attic', 'cellar']) await w.channel(slug, { kind: 'public' })
  const channels = { kitchen: 'member', attic: 'member', cellar: 'member' } as const
  const ben = await signIn(w, await w.human('ben', { channels }))
  const bot = await w.agent('bot', { channels, scopes: ['channel:kitchen:read'] })
  const all = await ben.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)
  expect(all.body.joined_rooms).toHaveLength(3)
  const own = await bot.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)
  const found = await bot.get(`${V1}/mutual_rooms?user_id=${encodeURIComponent(ben.userId)}`)
  expect(found.body).toEqual({ joined: own.body.joined_rooms, count: 1 })
})
