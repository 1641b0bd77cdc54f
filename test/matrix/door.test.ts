// Who is let in at each endpoint of the homeserver, and by which paths.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Caller, World } from '../support/world'
import { matrixEndpoints, pathWith } from './endpoints'
import { homeserver, refused, SERVER_NAME, signIn, V3 } from './homeserver'

const endpoints = matrixEndpoints()
const anyValue: Readonly<Record<string, string>> = {
  user: `@ada:${SERVER_NAME}`,
  room: `!unknown:${SERVER_NAME}`,
  event: '$unknown',
}
const pathOf = (path: string) => pathWith(path, (name) => anyValue[name] ?? 'x')

let w: World
beforeAll(async () => {
  w = await homeserver()
})
afterAll(() => w[Symbol.asyncDispose]())

const open = [
  'GET /.well-known/matrix/client',
  'GET /.well-known/matrix/server',
  'GET /.well-known/matrix/support',
  'GET /_matrix/client/v1/register/m.login.registration_token/validity',
  'GET /_matrix/client/v3/directory/list/room/:room',
  'GET /_matrix/client/v3/directory/room/:alias',
  'GET /_matrix/client/v3/login',
  'GET /_matrix/client/v3/profile/:user',
  'GET /_matrix/client/v3/profile/:user/:key',
  'GET /_matrix/client/v3/publicRooms',
  'GET /_matrix/client/v3/register/available',
  'GET /_matrix/client/versions',
  'GET /_matrix/federation/v1/openid/userinfo',
  'GET /_matrix/federation/v1/version',
  'GET /_matrix/key/v2/server',
  'GET /_matrix/media/r0/download/:server/:media',
  'GET /_matrix/media/r0/download/:server/:media/:name',
  'GET /_matrix/media/v1/download/:server/:media',
  'GET /_matrix/media/v1/download/:server/:media/:name',
  'GET /_matrix/media/v3/download/:server/:media',
  'GET /_matrix/media/v3/download/:server/:media/:name',
  ...['r0', 'v1', 'v3'].map((version) => `GET /_matrix/media/${version}/thumbnail/:server/:media`),
  'GET /_synapse/admin/v1/register',
  'GET /_synapse/admin/v1/server_version',
  'GET /_synapse/server_version',
  'GET /_tuwunel/server_version',
  'POST /_matrix/client/v3/account/3pid/email/requestToken',
  'POST /_matrix/client/v3/account/3pid/msisdn/requestToken',
  'POST /_matrix/client/v3/account/password/email/requestToken',
  'POST /_matrix/client/v3/account/password/msisdn/requestToken',
  'POST /_matrix/client/v3/login',
  'POST /_matrix/client/v3/refresh',
  'POST /_matrix/client/v3/register',
  'POST /_matrix/client/v3/register/email/requestToken',
  'POST /_matrix/client/v3/register/msisdn/requestToken',
  'POST /_synapse/admin/v1/register',
]

test('only the endpoints of this list are open to everybody', () => {
  const found = endpoints
    .filter(({ who, path }) => who === 'anyone' && !path.startsWith('/_matrix/client/r0/'))
    .map(({ method, path }) => `${method} ${path}`)
  expect(found.toSorted()).toEqual(open.toSorted())
})

describe('every other endpoint', () => {
  const closed = endpoints.filter(({ who }) => who !== 'anyone')
  const refusals = async (caller: Caller, expected: readonly [number, string]) => {
    const wrong: string[] = []
    for (const { method, path } of closed) {
      const answer = await caller.request(method, pathOf(path), method === 'GET' ? undefined : {})
      const [status, errcode] = refused({ status: answer.status, body: answer.body ?? {} })
      if (status !== expected[0] || errcode !== expected[1])
        wrong.push(`${method} ${path}: ${status} ${errcode}`)
    }
    expect(wrong).toEqual([])
  }

  test('requires an access token', () => refusals(w.guest, [401, 'M_MISSING_TOKEN']))

  test('refuses one that is unknown', () => refusals(w.bearer('mxt_unknown'), [401, 'M_UNKNOWN_TOKEN']))

  test('refuses the token of an archived account', async () => {
    const gone = await w.human('gone')
    const client = await signIn(w, gone)
    await w.operator.post(`/v1/admin/accounts/${gone.id}/archive`)
    await refusals(client, [401, 'M_UNKNOWN_TOKEN'])
  })

  test('refuses a token that is for the snapshot store alone', async () => {
    const agent = await w.agent('syncer', { scopes: ['configsync:sync'] })
    await refusals(w.bearer(agent.secret), [403, 'M_FORBIDDEN'])
  })
})

test('every path of version 3 is served as r0 too', () => {
  const routes = new Set(endpoints.map(({ method, path }) => `${method} ${path}`))
  const missing = [...routes].filter(
    (route) => route.includes('/client/v3/') && !routes.has(route.replace('/client/v3/', '/client/r0/')),
  )
  expect(missing).toEqual([])
})

test('no endpoint is in the description of the API of /v1', () => {
  expect(endpoints.filter(({ documentation }) => documentation !== 'none')).toEqual([])
})

test('a retry key has no meaning', async () => {
  const client = await signIn(w, await w.human('kim'))
  const path = `${V3}/user/${encodeURIComponent(client.userId)}/filter`
  const headers = { 'idempotency-key': 'k'.repeat(200) }
  const { status, headers: answered } = await client.post(path, {}, headers)
  expect([status, answered.get('idempotent-replayed')]).toEqual([200, null])
})

test('parts of a path are decoded once', async () => {
  const leo = await w.human('leo')
  const id = 'a/b %2F#é'
  const client = await signIn(w, leo, { device_id: id })
  const { body } = await client.get(`${V3}/devices/${encodeURIComponent(id)}`)
  expect(body.device_id).toBe(id)
  expect(refused(await client.get(`${V3}/devices/a%00b`))).toEqual([400, 'M_INVALID_PARAM'])
  expect(refused(await client.get(`${V3}/devices/a%ZZ`))).toEqual([400, 'M_INVALID_PARAM'])
})

test('writes wait for the end of a drain, while signing in does not', async () => {
  await using other = await homeserver()
  const mia = await other.human('mia')
  const client = await signIn(other, mia)
  await other.operator.put('/v1/config/drain', { value: true })
  const { status, body, headers } = await client.post(
    `${V3}/user/${encodeURIComponent(client.userId)}/filter`,
    {},
  )
  expect([status, body.errcode, headers.has('retry-after')]).toEqual([503, 'M_UNKNOWN', true])
  const again = await signIn(other, mia)
  expect((await again.post(`${V3}/logout`)).status).toBe(200)
})

test('an agent that has to wait for a person is refused with the reason, and is not told to repeat', async () => {
  await w.channel('talk')
  const agent = await w.agent('nora', { channels: { talk: 'member' } })
  const client = w.bearer(agent.secret)
  await client.get(`${V3}/sync`)
  const { body } = await client.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)
  const send = `${V3}/rooms/${encodeURIComponent(body.joined_rooms[0] ?? '')}/send/m.room.message`
  expect((await client.put(`${send}/1`, { msgtype: 'm.text', body: 'hello' })).status).toBe(200)
  const paused = await w.operator.post('/v1/pauses', { account: 'nora' })
  expect(paused.status).toBeLessThan(300)
  const answer = await client.put(`${send}/2`, { msgtype: 'm.text', body: 'again' })
  expect([answer.status, answer.body.errcode, answer.body['dev.synapse.code']]).toEqual([
    403,
    'M_FORBIDDEN',
    'paused',
  ])
  expect(answer.headers.has('retry-after')).toBe(false)
})

test('documents by which the homeserver is found are served under every host name', async () => {
  for (const host of ['example.org', 'matrix.example.org:8448', 'anything'])
    for (const path of [
      '/.well-known/matrix/client',
      '/.well-known/matrix/server',
      '/_matrix/client/versions',
    ])
      expect((await w.guest.get(path, { host })).status).toBe(200)
})
