// Profiles, account data, tags, filters, keys of devices and default push rules.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Person, World } from '../support/world'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

let w: World
let ada: Person
let client: MatrixClient
let bob: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  await w.channel('family')
  await w.channel('other')
  ada = await w.human('ada', { displayName: 'Ada', channels: { family: 'admin' } })
  client = await signIn(w, ada, { device_id: 'ADA' })
  bob = await signIn(w, await w.human('bob', { channels: { family: 'member' } }), { device_id: 'BOB' })
})
afterAll(() => w[Symbol.asyncDispose]())

const profile = (user: string, key = '') => `${V3}/profile/${encodeURIComponent(user)}${key && `/${key}`}`
const own = (path: string, user = client.userId) => `${V3}/user/${encodeURIComponent(user)}/${path}`

async function roomOf(slug: string): Promise<string> {
  // A read waits for the events of all rooms.
  await client.get(`${V3}/sync`)
  const [row] = await w.sql<{ room_id: string }>(
    'SELECT room_id FROM matrix_rooms JOIN channels ON channels.id = channel_id WHERE slug = ?',
    slug,
  )
  return row?.room_id ?? ''
}

describe('a profile', () => {
  test('is that of the account, readable by everybody', async () => {
    expect((await w.guest.get(profile(client.userId))).body).toEqual({ displayname: 'Ada' })
    for (const user of [`@nobody:${SERVER_NAME}`, '@ada:other.example', 'ada'])
      expect(refused(await w.guest.get(profile(user)))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('has the display name of /v1, in both directions', async () => {
    expect((await client.put(profile(client.userId, 'displayname'), { displayname: 'Ada L.' })).body).toEqual(
      {},
    )
    expect((await ada.get('/v1/auth/me')).body.display_name).toBe('Ada L.')
    await ada.patch('/v1/me', { display_name: 'Countess' })
    expect((await w.guest.get(profile(client.userId, 'displayname'))).body).toEqual({
      displayname: 'Countess',
    })
    const long = 'x'.repeat(200)
    await client.put(profile(client.userId, 'displayname'), { displayname: long })
    expect((await w.guest.get(profile(client.userId))).body).toEqual({ displayname: long })
    expect((await ada.get('/v1/auth/me')).body.display_name).toBe('x'.repeat(128))
    await client.delete(profile(client.userId, 'displayname'))
    expect((await w.guest.get(profile(client.userId))).body).toEqual({ displayname: 'ada' })
  })

  test('has an avatar, which the rooms of the user show', async () => {
    const avatar_url = 'mxc://example.org/abc'
    await client.put(profile(client.userId, 'avatar_url'), { avatar_url })
    expect((await w.guest.get(profile(client.userId, 'avatar_url'))).body).toEqual({ avatar_url })
    const room = encodeURIComponent(await roomOf('family'))
    const member = await bob.get(
      `${V3}/rooms/${room}/state/m.room.member/${encodeURIComponent(client.userId)}`,
    )
    expect(member.body).toMatchObject({ membership: 'join', avatar_url })
    await client.put(profile(client.userId, 'avatar_url'), { avatar_url: '' })
    expect(refused(await w.guest.get(profile(client.userId, 'avatar_url')))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('has fields that clients choose, within limits', async () => {
    const key = 'org.example.mood'
    await client.put(profile(client.userId, key), { [key]: { is: ['good'] } })
    expect((await w.guest.get(profile(client.userId, key))).body).toEqual({ [key]: { is: ['good'] } })
    await client.delete(profile(client.userId, key))
    expect(refused(await w.guest.get(profile(client.userId, key)))).toEqual([404, 'M_NOT_FOUND'])
    const table: readonly (readonly [string, unknown, string])[] = [
      ['displayname', { displayname: 1 }, 'M_BAD_JSON'],
      ['displayname', { displayname: 'x'.repeat(257) }, 'M_INVALID_PARAM'],
      ['displayname', { displayname: 'two\nlines' }, 'M_INVALID_PARAM'],
      ['displayname', {}, 'M_MISSING_PARAM'],
      ['avatar_url', { avatar_url: 'https://example.org/a.png' }, 'M_INVALID_PARAM'],
      [key, { [key]: 'x'.repeat(65_536) }, 'M_PROFILE_TOO_LARGE'],
      ['k'.repeat(256), { ['k'.repeat(256)]: 1 }, 'M_KEY_TOO_LARGE'],
    ]
    for (const [field, body, errcode] of table)
      expect(refused(await client.put(profile(client.userId, field), body))).toEqual([400, errcode])
  })

  test('is changed by its user alone', async () => {
    const changed = await bob.put(profile(client.userId, 'displayname'), { displayname: 'Eve' })
    expect(refused(changed)).toEqual([403, 'M_FORBIDDEN'])
  })

  test('needs a token while matrix.profiles_need_token is on', async () => {
    await w.operator.put('/v1/config/matrix.profiles_need_token', { value: true })
    expect(refused(await w.guest.get(profile(client.userId)))).toEqual([401, 'M_MISSING_TOKEN'])
    expect((await bob.get(profile(client.userId))).status).toBe(200)
    await w.operator.delete('/v1/config/matrix.profiles_need_token')
  })
})

describe('account data', () => {
  test('are kept for the account, and come with /sync', async () => {
    const path = own('account_data/org.example.x')
    expect(refused(await client.get(path))).toEqual([404, 'M_NOT_FOUND'])
    const { body: before } = await client.get<{ next_batch: string }>(`${V3}/sync`)
    expect((await client.put(path, { a: 1 })).body).toEqual({})
    await client.put(path, { a: 2 })
    expect((await client.get(path)).body).toEqual({ a: 2 })
    const { body } = await client.get<{ account_data: { events: unknown } }>(
      `${V3}/sync?since=${before.next_batch}`,
    )
    expect(body.account_data.events).toEqual([{ type: 'org.example.x', content: { a: 2 } }])
  })

  test('wake a sync that waits', async () => {
    const { body: before } = await client.get<{ next_batch: string }>(`${V3}/sync`)
    const waiting = client.get<{ account_data: { events: unknown } }>(
      `${V3}/sync?since=${before.next_batch}&timeout=30000`,
    )
    await client.put(own('account_data/org.example.wake'), { on: true })
    expect((await waiting).body.account_data.events).toEqual([
      { type: 'org.example.wake', content: { on: true } },
    ])
  })

  test('are kept for a room of the user, with its tags', async () => {
    const room = encodeURIComponent(await roomOf('family'))
    const path = own(`rooms/${room}/account_data/org.example.x`)
    await client.put(path, { b: 1 })
    expect((await client.get(path)).body).toEqual({ b: 1 })
    const tags = own(`rooms/${room}/tags`)
    expect((await client.get(tags)).body).toEqual({ tags: {} })
    await client.put(`${tags}/m.favourite`, { order: 0.5 })
    await client.put(`${tags}/u.work`, {})
    expect((await client.get(tags)).body).toEqual({ tags: { 'm.favourite': { order: 0.5 }, 'u.work': {} } })
    await client.delete(`${tags}/u.work`)
    expect((await client.get(tags)).body).toEqual({ tags: { 'm.favourite': { order: 0.5 } } })
    const data = await client.get(own(`rooms/${room}/account_data/m.tag`))
    expect(data.body).toEqual({ tags: { 'm.favourite': { order: 0.5 } } })
    expect(refused(await client.put(`${tags}/x`, { order: 'first' }))).toEqual([400, 'M_BAD_JSON'])
  })

  test('of rooms that the user is not in, or of others, are refused', async () => {
    for (const room of [await roomOf('other'), '!unknown:example.org']) {
      const path = own(`rooms/${encodeURIComponent(room)}`)
      expect(refused(await client.put(`${path}/account_data/x`, {}))).toEqual([403, 'M_FORBIDDEN'])
      expect(refused(await client.get(`${path}/tags`))).toEqual([403, 'M_FORBIDDEN'])
    }
    expect(refused(await bob.get(own('account_data/org.example.x')))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await bob.put(own('account_data/org.example.x'), {}))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('that other requests set are refused', async () => {
    for (const type of ['m.push_rules', 'm.fully_read'])
      expect(refused(await client.put(own(`account_data/${type}`), {}))).toEqual([405, 'M_BAD_JSON'])
  })
})

describe('a marker', () => {
  test('up to which a room was read is shown to its owner as account data', async () => {
    const room = encodeURIComponent(await roomOf('family'))
    const path = own(`rooms/${room}/account_data/m.fully_read`)
    expect(refused(await client.get(path))).toEqual([404, 'M_NOT_FOUND'])
    const { body } = await client.put<{ event_id: string }>(`${V3}/rooms/${room}/send/m.room.message/read`, {
      msgtype: 'm.text',
      body: 'up to here',
    })
    const markers = { 'm.fully_read': body.event_id }
    expect((await client.post(`${V3}/rooms/${room}/read_markers`, markers)).body).toEqual({})
    expect((await client.get(path)).body).toEqual({ event_id: body.event_id })
    const ofBob = `${V3}/user/${encodeURIComponent(bob.userId)}/rooms/${room}/account_data/m.fully_read`
    expect(refused(await bob.get(ofBob))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('for a thread that is none is refused', async () => {
    const room = encodeURIComponent(await roomOf('family'))
    const path = `${V3}/rooms/${room}/receipt/m.read/${encodeURIComponent('$x')}`
    for (const [thread_id, errcode] of [
      ['', 'M_INVALID_PARAM'],
      ['thread', 'M_INVALID_PARAM'],
      [`$${'x'.repeat(255)}`, 'M_INVALID_PARAM'],
      [1, 'M_BAD_JSON'],
    ] as const)
      expect(refused(await client.post(path, { thread_id }))).toEqual([400, errcode])
  })
})

describe('a filter', () => {
  test('is stored once, and shown to its owner', async () => {
    const filter = { room: { timeline: { limit: 5 }, state: { lazy_load_members: true } } }
    const { body } = await client.post<{ filter_id: string }>(own('filter'), filter)
    expect((await client.post(own('filter'), filter)).body).toEqual(body)
    expect((await client.post<typeof body>(own('filter'), {})).body.filter_id).not.toBe(body.filter_id)
    expect((await client.get(own(`filter/${body.filter_id}`))).body).toEqual(filter)
    expect((await client.get(`${V3}/sync?filter=${body.filter_id}`)).status).toBe(200)
    for (const id of ['999', 'x'])
      expect(refused(await client.get(own(`filter/${id}`)))).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await bob.get(own(`filter/${body.filter_id}`)))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('that is none is refused', async () => {
    for (const filter of [
      { room: 1 },
      { room: { state: { lazy_load_members: 'yes' } } },
      { event_format: 'other' },
      { room: { timeline: { senders: [1] } } },
    ])
      expect(refused(await client.post(own('filter'), filter))).toEqual([400, 'M_BAD_JSON'])
  })
})

describe('keys', () => {
  const upload = (body: object) => client.post(`${V3}/keys/upload`, body)
  const identity = {
    user_id: `@ada:${SERVER_NAME}`,
    device_id: 'ADA',
    algorithms: ['m.olm.v1.curve25519-aes-sha2'],
    keys: { 'curve25519:ADA': 'a', 'ed25519:ADA': 'b' },
    signatures: {},
  }

  test('are counted, shown and handed out once each, in the order of their upload', async () => {
    expect((await upload({})).body).toEqual({ one_time_key_counts: { signed_curve25519: 0 } })
    const first = { 'signed_curve25519:Z': { key: 'z' }, 'signed_curve25519:A': { key: 'a' } }
    const fallback_keys = { 'signed_curve25519:F': { key: 'f', fallback: true } }
    const sent = await upload({ device_keys: identity, one_time_keys: first, fallback_keys })
    expect(sent.body).toEqual({ one_time_key_counts: { signed_curve25519: 2 } })
    expect((await upload({ one_time_keys: first })).body).toEqual(sent.body)
    expect(refused(await upload({ one_time_keys: { 'signed_curve25519:A': { key: 'other' } } }))).toEqual([
      400,
      'M_INVALID_PARAM',
    ])
    const synced = await client.get(`${V3}/sync`)
    expect(synced.body).toMatchObject({
      device_one_time_keys_count: { signed_curve25519: 2 },
      device_unused_fallback_key_types: ['signed_curve25519'],
    })
    const query = await bob.post(`${V3}/keys/query`, {
      device_keys: { [client.userId]: [], [`@nobody:${SERVER_NAME}`]: [], '@x:other.example': [] },
    })
    expect(query.body).toEqual({
      device_keys: {
        [client.userId]: { ADA: { ...identity, unsigned: {} } },
        [`@nobody:${SERVER_NAME}`]: {},
      },
      failures: { 'other.example': {} },
    })
    const claim = async () => {
      const one_time_keys = { [client.userId]: { ADA: 'signed_curve25519', NONE: 'signed_curve25519' } }
      return (await bob.post(`${V3}/keys/claim`, { one_time_keys })).body
    }
    const handed = (name: string, key: object) => ({
      one_time_keys: { [client.userId]: { ADA: { [`signed_curve25519:${name}`]: key } } },
      failures: {},
    })
    expect(await claim()).toEqual(handed('Z', { key: 'z' }))
    expect(await claim()).toEqual(handed('A', { key: 'a' }))
    for (const _ of [1, 2]) expect(await claim()).toEqual(handed('F', { key: 'f', fallback: true }))
    expect((await client.get(`${V3}/sync`)).body).toMatchObject({
      device_one_time_keys_count: { signed_curve25519: 0 },
      device_unused_fallback_key_types: [],
    })
  })

  test('claimed by many at once are each handed out once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `K${i}`)
    await upload({ one_time_keys: Object.fromEntries(names.map((name) => [`curve25519:${name}`, name])) })
    const one_time_keys = { [client.userId]: { ADA: 'curve25519' } }
    const answers = await Promise.all(names.map(() => bob.post(`${V3}/keys/claim`, { one_time_keys })))
    const handed = answers.map(({ text }) => /curve25519:(K\d+)/.exec(text)?.[1])
    expect(handed.sort()).toEqual(names.sort())
  })

  test('that are malformed or of another device are refused', async () => {
    const table: readonly (readonly [object, string])[] = [
      [{ device_keys: { ...identity, device_id: 'OTHER' } }, 'M_INVALID_PARAM'],
      [{ device_keys: { ...identity, user_id: bob.userId } }, 'M_INVALID_PARAM'],
      [{ device_keys: [] }, 'M_BAD_JSON'],
      [{ one_time_keys: { nocolon: 'x' } }, 'M_INVALID_PARAM'],
      [{ one_time_keys: { 'a:b': 1 } }, 'M_BAD_JSON'],
      [
        { one_time_keys: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a:${i}`, 'x'])) },
        'M_INVALID_PARAM',
      ],
      [
        { fallback_keys: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}:F`, 'x'])) },
        'M_INVALID_PARAM',
      ],
    ]
    for (const [body, errcode] of table) expect(refused(await upload(body))).toEqual([400, errcode])
    expect(refused(await bob.post(`${V3}/keys/query`, {}))).toEqual([400, 'M_MISSING_PARAM'])
    expect(refused(await bob.post(`${V3}/keys/query`, { device_keys: { '@a:b': 'x' } }))).toEqual([
      400,
      'M_BAD_JSON',
    ])
    expect(refused(await bob.post(`${V3}/keys/claim`, { one_time_keys: { '@a:b': { D: 1 } } }))).toEqual([
      400,
      'M_BAD_JSON',
    ])
  })

  test('end with their device', async () => {
    const gone = await signIn(w, ada, { device_id: 'GONE' })
    await gone.post(`${V3}/keys/upload`, {
      device_keys: { ...identity, device_id: 'GONE' },
      one_time_keys: { 'a:1': 'x' },
    })
    await gone.post(`${V3}/logout`)
    const { body } = await bob.post(`${V3}/keys/query`, { device_keys: { [client.userId]: ['GONE'] } })
    expect(body.device_keys).toEqual({ [client.userId]: {} })
  })

  test('of rooms have no backup, and messages to devices are dropped', async () => {
    expect(refused(await client.get(`${V3}/room_keys/version`))).toEqual([404, 'M_NOT_FOUND'])
    const sent = await client.put(`${V3}/sendToDevice/m.room_key_request/1`, { messages: {} })
    expect([sent.status, sent.body]).toEqual([200, {}])
  })
})

test('the default push rules are those of the specification', async () => {
  interface Rule {
    readonly rule_id: string
    readonly enabled: boolean
  }
  const { body } = await client.get<{ global: Record<string, Rule[]> }>(`${V3}/pushrules/`)
  expect(Object.keys(body.global)).toEqual(['override', 'content', 'room', 'sender', 'underride'])
  expect(Object.values(body.global).map((rules) => rules.length)).toEqual([10, 0, 0, 0, 5])
  expect((await client.get(`${V3}/pushrules/global/`)).body).toEqual(body.global)
  const one = `${V3}/pushrules/global/override/.m.rule.invite_for_me`
  expect((await client.get(one)).body).toEqual({
    rule_id: '.m.rule.invite_for_me',
    default: true,
    enabled: true,
    conditions: [
      { kind: 'event_match', key: 'type', pattern: 'm.room.member' },
      { kind: 'event_match', key: 'content.membership', pattern: 'invite' },
      { kind: 'event_match', key: 'state_key', pattern: client.userId },
    ],
    actions: ['notify', { set_tweak: 'sound', value: 'default' }],
  })
  expect((await client.get(`${one}/enabled`)).body).toEqual({ enabled: true })
  expect((await client.get(`${one}/actions`)).body).toEqual({
    actions: ['notify', { set_tweak: 'sound', value: 'default' }],
  })
  expect(refused(await client.get(`${V3}/pushrules/global/override/none`))).toEqual([404, 'M_NOT_FOUND'])
  expect(refused(await client.get(`${V3}/pushrules`))).toEqual([404, 'M_UNRECOGNIZED'])
})
