// What administrators do to users and their devices, to registration tokens, and to the keys of the homeserver.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { undeployedEndpoints } from '../../scripts/offline-endpoints'
import { systemClock } from '../../src/platform'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { until } from '../support/sockets'
import { MINUTE, PASSWORD, type World, world } from '../support/world'
import { acting, id, roomPath } from './acting'
import { homeserver, type Login, type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'

const ADMIN = '/v1/admin/matrix'
const endpoints = undeployedEndpoints().filter(({ tag }) => tag === 'Matrix administration')
const filled = (path: string) => path.replace(/:\w+/g, 'x')

let w: World
beforeAll(async () => {
  w = await homeserver()
})
afterAll(() => w[Symbol.asyncDispose]())

describe('every endpoint', () => {
  test('is for administrators alone', async () => {
    const admin = await w.human('root')
    await w.operator.patch(`/v1/admin/accounts/${admin.id}`, { is_admin: true })
    const someone = await w.human('nobody')
    const agent = await w.agent('worker')
    const found: string[] = []
    for (const { method, path } of endpoints)
      for (const [name, caller, status] of [
        ['guest', w.guest, 401],
        ['person', someone, 403],
        ['agent', agent, 403],
      ] as const) {
        const answer = await caller.request(method, filled(path), method === 'GET' ? undefined : {})
        if (answer.status !== status) found.push(`${method} ${path} by ${name}: ${answer.status}`)
      }
    expect(found).toEqual([])
    expect((await admin.get(ADMIN)).status).toBe(200)
  })

  test('does not exist on a server that is no homeserver', async () => {
    await using other = await world()
    const found: string[] = []
    for (const { method, path } of endpoints) {
      const { status } = await other.operator.request(method, filled(path), method === 'GET' ? undefined : {})
      if (status !== 404) found.push(`${method} ${path}: ${status}`)
    }
    expect(found).toEqual([])
    expect(endpoints.length).toBeGreaterThan(20)
  })
})

test('the status names the homeserver and counts what it has', async () => {
  await using own = await homeserver()
  await own.channel('town', { kind: 'public' })
  await signIn(own, await own.human('ada', { channels: { town: 'member' } }))
  await own.operator.get(`${ADMIN}/rooms/town`)
  const { status, body } = await own.operator.get(ADMIN)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    server_name: SERVER_NAME,
    registration: 'closed',
    room_version: '11',
    key_id: expect.stringMatching(/^ed25519:a_[0-9a-f]{4}$/),
    rooms: 1,
    devices: 1,
    media: { files: 0, bytes: 0 },
    projector: { lag: expect.any(Number), refused: 0 },
  } as never)
})

describe('a user', () => {
  const path = (name: string) => `${ADMIN}/users/${encodeURIComponent(name)}`

  test('is made whatever the settings say, and can sign in', async () => {
    const made = await w.operator.put(path('New.User'), { password: PASSWORD, display_name: 'New' })
    expect([made.status, made.body.user_id, made.body.is_admin]).toEqual([201, id('new.user'), false])
    expect((await signIn(w, { handle: 'new.user' })).userId).toBe(id('new.user'))
    const again = await w.operator.put(path('new.user'), { password: PASSWORD })
    expect([again.status, again.body.code]).toEqual([409, 'handle_exists'])
    const illegal = await w.operator.put(path('a b'), { password: PASSWORD })
    expect([illegal.status, illegal.body.code]).toEqual([400, 'invalid_username'])
    const weak = await w.operator.put(path('other'), { password: 'x' })
    expect([weak.status, weak.body.code]).toEqual([400, 'weak_password'])
    const admin = await w.operator.put(path('boss'), { password: PASSWORD, is_admin: true })
    expect(admin.body.is_admin).toBe(true)
  })

  test('is found by its id, localpart, handle and account', async () => {
    const ivy = await w.human('ivy')
    await signIn(w, ivy, { device_id: 'PHONE', initial_device_display_name: 'Phone' })
    for (const name of ['ivy', id('ivy'), ivy.id]) {
      const { status, body } = await w.operator.get(path(name))
      expect([status, body.user_id]).toEqual([200, id('ivy')])
      expect(body.devices).toEqual([expect.objectContaining({ device_id: 'PHONE', name: 'Phone' })] as never)
    }
    const unknown = await w.operator.get(path('unknown'))
    expect([unknown.status, unknown.body.code]).toEqual([404, 'account_not_found'])
    const first = await w.operator.get<{ user_id: string }[]>(`${ADMIN}/users?limit=1`)
    const cursor = first.headers.get('synapse-next-cursor')
    const rest = await w.operator.get<{ user_id: string }[]>(`${ADMIN}/users?cursor=${cursor}`)
    const listed = [...first.body, ...rest.body].map(({ user_id }) => user_id)
    expect(first.body.length).toBe(1)
    expect(listed).toContain(id('ivy'))
    expect(new Set(listed).size).toBe(listed.length)
  })

  test('that is locked can do nothing but log out, until it is unlocked', async () => {
    const client = await signIn(w, await w.human('lou'))
    const whoami = () => client.get(`${V3}/account/whoami`)
    expect((await whoami()).status).toBe(200)
    expect((await w.operator.patch(path('lou'), { locked: true })).body.locked).toBe(true)
    const locked = await whoami()
    expect([...refused(locked), locked.body.soft_logout]).toEqual([401, 'M_USER_LOCKED', true])
    expect((await w.operator.patch(path('lou'), { locked: false })).body.locked).toBe(false)
    expect((await whoami()).status).toBe(200)
    await w.operator.patch(path('lou'), { locked: true })
    expect((await client.post(`${V3}/logout`)).status).toBe(200)
    expect(refused(await whoami())).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('that is locked while it waits hears nothing more', async () => {
    await using own = await homeserver({ SYNAPSE_METRICS_ENABLED: 'on' })
    const client = await signIn(own, await own.human('may'))
    const { next_batch: since } = (await client.get<{ next_batch: string }>(`${V3}/sync`)).body
    const began = performance.now()
    const waiting = client.get(`${V3}/sync?since=${since}&timeout=60000`)
    await until('the request to wait', async () =>
      (await (await fetch(`${own.url}/metrics`)).text()).includes('synapse_matrix_sync_waiting 1'),
    )
    await own.operator.patch(path('may'), { locked: true })
    expect((await waiting).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(20_000)
    expect((await client.get(`${V3}/sync?since=${since}&timeout=60000`)).status).toBe(401)
  })

  test('that is suspended reads, leaves and redacts its own events, and writes nothing else', async () => {
    const { newRoom, send, redact } = acting(w)
    const sue = await signIn(w, await w.human('sue'))
    const max = await signIn(w, await w.human('max'))
    const room = await newRoom(max, { preset: 'public_chat' })
    await sue.post(`${roomPath(room)}/join`)
    const own = await send(sue, room, { msgtype: 'm.text', body: 'before' })
    const others = await send(max, room, { msgtype: 'm.text', body: 'other' })
    await w.operator.patch(path('sue'), { suspended: true })
    const suspended = [403, 'M_USER_SUSPENDED'] as const
    const message = `${roomPath(room)}/send/m.room.message/s1`
    expect(refused(await sue.put(message, { msgtype: 'm.text', body: 'no' }))).toEqual([...suspended])
    expect(refused(await sue.post(`${V3}/createRoom`, {}))).toEqual([...suspended])
    expect(refused(await sue.post(`${roomPath(room)}/invite`, { user_id: id('max') }))).toEqual([
      ...suspended,
    ])
    const name = `${V3}/profile/${encodeURIComponent(sue.userId)}/displayname`
    expect(refused(await sue.put(name, { displayname: 'No' }))).toEqual([...suspended])
    const typing = `${roomPath(room)}/typing/${encodeURIComponent(sue.userId)}`
    expect(refused(await sue.put(typing, { typing: true }))).toEqual([...suspended])
    expect(refused(await sue.post('/_matrix/media/v3/upload', new Uint8Array(1)))).toEqual([...suspended])
    expect(refused(await sue.post('/_matrix/media/v1/create'))).toEqual([...suspended])
    expect(refused(await redact(sue, room, others))).toEqual([...suspended])
    expect((await redact(sue, room, own)).status).toBe(200)
    expect((await sue.get(`${roomPath(room)}/messages?dir=b`)).status).toBe(200)
    expect((await sue.post(`${roomPath(room)}/leave`)).status).toBe(200)
    expect(refused(await sue.post(`${roomPath(room)}/join`))).toEqual([...suspended])
    await w.operator.patch(path('sue'), { suspended: false })
    expect((await sue.post(`${roomPath(room)}/join`)).status).toBe(200)
  })

  test('is signed out on one device, or on all of them; browsers stay', async () => {
    const kim = await w.human('kim')
    const clients: MatrixClient[] = []
    for (const device_id of ['A', 'B', 'C']) clients.push(await signIn(w, kim, { device_id }))
    expect((await w.operator.delete(`${path('kim')}/devices/A`)).status).toBe(204)
    const again = await w.operator.delete(`${path('kim')}/devices/A`)
    expect([again.status, again.body.code]).toEqual([404, 'device_not_found'])
    const statuses = async () => {
      const answers = []
      for (const client of clients) answers.push((await client.get(`${V3}/account/whoami`)).status)
      return answers
    }
    expect(await statuses()).toEqual([401, 200, 200])
    expect((await w.operator.delete(`${path('kim')}/devices`)).body).toEqual({
      user_id: id('kim'),
      ended: 2,
    } as never)
    expect(await statuses()).toEqual([401, 401, 401])
    const agent = await w.agent('robot')
    const bot = w.bearer(agent.secret)
    const { device_id: device } = (await bot.get<Login>(`${V3}/account/whoami`)).body
    const kept = await w.operator.delete(`${path('robot')}/devices/${device}`)
    expect([kept.status, kept.body.code]).toEqual([409, 'device_of_token'])
  })

  test('that is deactivated is gone for good', async () => {
    const gus = await w.human('gus')
    const client = await signIn(w, gus)
    const { status, body } = await w.operator.delete(path('gus'))
    expect([status, typeof body.deactivated_at, typeof body.archived_at]).toEqual([200, 'string', 'string'])
    expect(refused(await client.get(`${V3}/account/whoami`))).toEqual([401, 'M_UNKNOWN_TOKEN'])
    expect((await w.operator.get(path('gus'))).body.devices).toEqual([])
    expect((await w.operator.delete(path('gus'))).status).toBe(200)
    const locked = await w.operator.patch(path('gus'), { locked: true })
    expect([locked.status, locked.body.code]).toEqual([409, 'account_archived'])
  })
})

describe('registration tokens', () => {
  const path = (token: string) => `${ADMIN}/registration-tokens/${token}`

  test('let as many people register as they say, until they end or are revoked', async () => {
    await using own = await homeserver({ SYNAPSE_MATRIX_REGISTRATION: 'token' })
    const register = async (username: string, token: string) => {
      const auth = { type: 'm.login.registration_token', token }
      return (await own.guest.post(`${V3}/register`, { username, password: PASSWORD, auth })).status
    }
    const made = await own.operator.put(path('once'), { uses_allowed: 1 })
    expect([made.status, made.body]).toEqual([
      201,
      { token: 'once', uses_allowed: 1, pending: 0, completed: 0, expires_at: null },
    ] as never)
    expect(await register('ann', 'once')).toBe(200)
    expect(await register('bob', 'once')).toBe(401)
    const ends = new Date(own.clock.now() / 1000 + MINUTE).toISOString()
    await own.operator.put(path('short'), { expires_at: ends })
    expect(await register('bob', 'short')).toBe(200)
    own.clock.advance(2 * MINUTE)
    expect(await register('cid', 'short')).toBe(401)
    await own.operator.put(path('open'), {})
    expect(await register('cid', 'open')).toBe(200)
    expect((await own.operator.delete(path('open'))).status).toBe(204)
    expect(await register('dan', 'open')).toBe(401)
    const listed = await own.operator.get<{ token: string; completed: number }[]>(
      `${ADMIN}/registration-tokens`,
    )
    expect(listed.body.map(({ token, completed }) => [token, completed])).toEqual([
      ['once', 1],
      ['short', 1],
    ])
  })

  test('are refused with a name that is taken or illegal, or with an end in the past', async () => {
    await w.operator.put(path('taken'), {})
    const codes: unknown[] = []
    for (const [name, body] of [
      ['taken', {}],
      ['a%20b', {}],
      ['past', { expires_at: '2020-01-01T00:00:00Z' }],
      ['never', { expires_at: 'soon' }],
    ] as const) {
      const answer = await w.operator.put(path(name), body)
      codes.push([answer.status, answer.body.code])
    }
    expect(codes).toEqual([
      [409, 'registration_token_exists'],
      [400, 'invalid_registration_token'],
      [400, 'invalid_registration_token'],
      [422, 'validation_error'],
    ])
    expect((await w.operator.delete(path('unknown'))).body.code).toBe('registration_token_not_found')
  })
})

describe('signing keys', () => {
  interface Key {
    readonly key_id: string
    readonly public_key: string
    readonly expired_at: string | null
  }
  const published = async (own: World) => (await own.guest.get('/_matrix/key/v2/server')).body

  test('are rotated; the earlier one is published as old', async () => {
    await using own = await homeserver()
    const [first] = (await own.operator.get<Key[]>(`${ADMIN}/keys`)).body
    const rotated = (await own.operator.put<Key[]>(`${ADMIN}/keys/current`, {})).body
    expect(rotated.map(({ expired_at }) => expired_at === null)).toEqual([true, false])
    const document = await published(own)
    expect(Object.keys(document.verify_keys as object)).toEqual([String(rotated[0]?.key_id)])
    expect(Object.keys(document.old_verify_keys as object)).toEqual([String(first?.key_id)])
    expect(Object.keys((document.signatures as Record<string, object>)[SERVER_NAME] ?? {})).toEqual([
      String(rotated[0]?.key_id),
    ])
  })

  test('are moved to another homeserver by a key file', async () => {
    await using old = await homeserver()
    await using moved = await homeserver()
    const file = (await old.operator.get<{ key: string; key_id: string }>(`${ADMIN}/keys/current`)).body
    expect(file.key).toMatch(/^ed25519 a_[0-9a-f]{4} [A-Za-z0-9+/]{43}\n$/)
    const [now] = (await moved.operator.put<Key[]>(`${ADMIN}/keys/current`, { key: file.key })).body
    expect(now?.key_id).toBe(file.key_id)
    expect((await published(moved)).verify_keys).toEqual((await published(old)).verify_keys)
    const admin = await old.human('root')
    await old.operator.patch(`/v1/admin/accounts/${admin.id}`, { is_admin: true })
    const kept = await admin.get(`${ADMIN}/keys/current`)
    expect([kept.status, kept.body.code]).toEqual([403, 'operator_only'])
    const again = await moved.operator.put(`${ADMIN}/keys/current`, { key: file.key })
    expect([again.status, again.body.code]).toEqual([409, 'key_exists'])
    const broken = await moved.operator.put(`${ADMIN}/keys/current`, { key: 'ed25519 a_1 short' })
    expect([broken.status, broken.body.code]).toEqual([400, 'invalid_key_file'])
  })
})

test('every change is in the audit log, without a secret', async () => {
  const { body } = await w.operator.get<{ items?: { action: string }[] }>('/v1/admin/audit?limit=500')
  const text = JSON.stringify(body)
  for (const action of [
    'matrix.user.lock',
    'matrix.user.suspend',
    'matrix.user.deactivate',
    'matrix.registration_token.create',
    'account.admin',
  ])
    expect(text).toContain(action)
  expect(text).not.toContain('taken')
})

test.skipIf(postgresMissing)(
  'a user that is locked or suspended through one server is so on the other, from the next request on',
  async () => {
    const settings = { ...(await sharedStore()), SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME }
    await using one = await world({ settings, clock: systemClock })
    await using other = await world({ settings, clock: systemClock })
    const ann = await signIn(other, await one.human('ann'))
    const whoami = async () => (await ann.get(`${V3}/account/whoami`)).status
    expect(await whoami()).toBe(200)
    await one.operator.patch(`${ADMIN}/users/ann`, { locked: true })
    expect(await whoami()).toBe(401)
    await one.operator.patch(`${ADMIN}/users/ann`, { locked: false, suspended: true })
    expect(await whoami()).toBe(200)
    expect(refused(await ann.post(`${V3}/createRoom`, {}))).toEqual([403, 'M_USER_SUSPENDED'])
    const document = async () => (await other.guest.get('/_matrix/key/v2/server')).body
    const before = Object.keys((await document()).verify_keys as object)
    await one.operator.put(`${ADMIN}/keys/current`, {})
    expect(Object.keys((await document()).old_verify_keys as object)).toEqual(before)
  },
  60_000,
)
