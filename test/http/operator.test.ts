import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { until } from '../support/sockets'
import { Caller, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'

/** The local operator: the user who can open the Unix socket, or who runs the program on the data itself. */
let w: World
let ann: Person
let socket: Caller

beforeAll(async () => {
  w = await world()
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  const unix = w.running.socket ?? ''
  socket = new Caller((path, init) => fetch(`http://synapse${path}`, { ...init, unix }))
})
afterAll(() => w[Symbol.asyncDispose]())

test('only the user of the server can open the socket, which is removed when the server stops', async () => {
  const path = w.running.socket ?? ''
  expect(statSync(path).isSocket()).toBeTrue()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(`${path}/..`.replace(/[^/]+\/\.\.$/, '')).mode & 0o077).toBe(0)
  await using other = await world()
  const gone = other.running.socket ?? ''
  expect(existsSync(gone)).toBeTrue()
  await other.stop()
  expect(existsSync(gone)).toBeFalse()
})

test('the operator can use admin endpoints without a token', async () => {
  for (const caller of [socket, w.operator]) {
    expect((await caller.get('/v1/admin/accounts')).status).toBe(200)
    expect((await caller.get('/v1/health')).body).toHaveProperty('last_seq')
    expect((await caller.get('/v1/server')).status).toBe(200)
  }
  expect((await socket.post('/v1/admin/channels', { slug: 'by-socket', name: 'x' })).body).toMatchObject({
    member_count: 0,
  })
  expect(issuesOf(await socket.post('/v1/admin/channels', {}))).toEqual([
    'missing body.slug',
    'missing body.name',
  ])
})

test('events caused by the operator name no actor', async () => {
  const boss = await w.human('boss', { isAdmin: true })
  const { cursor } = await ann.posts('general', 'hi')
  const { body: cat } = await socket.post<{ id: string }>('/v1/admin/accounts', {
    kind: 'agent',
    handle: 'cat',
  })
  await boss.patch(`/v1/admin/accounts/${cat.id}`, { about: 'purrs' })
  const { body } = await boss.get(`/v1/events?since=${cursor}`)
  expect(body).toMatchObject({
    events: [
      { type: 'account.created', actor: null, account: { handle: 'cat' } },
      { type: 'account.updated', actor: { handle: 'boss', kind: 'human' }, changed: ['about'] },
    ],
  })
})

test('the operator has no account and can neither read nor post messages', async () => {
  const refused = {
    code: 'operator_has_no_account',
    detail:
      'The local operator can administer but has no account; name one with X-Synapse-Actor, or use its token',
  }
  for (const caller of [socket, w.operator])
    for (const answer of [
      await caller.get('/v1/auth/me'),
      await caller.get('/v1/channels'),
      await caller.get('/v1/messages?channel=general'),
      await caller.get('/v1/events'),
      await caller.get('/v1/me/access?channel=general'),
      await caller.post('/v1/messages', { channel: 'general', body: 'hi' }),
      await caller.post('/v1/auth/logout'),
    ])
      expectRefusal(answer, 403, refused)
})

test('a request over the socket with a token acts as the account of the token', async () => {
  expect((await socket.get('/v1/auth/me', ann.credential)).body).toMatchObject({ handle: 'ann' })
  expect((await socket.get('/v1/admin/accounts', ann.credential)).status).toBe(403)
  expect((await socket.get('/v1/admin/accounts', { authorization: 'Bearer nonsense' })).status).toBe(401)
})

describe('requests of a proxy or a browser over the socket', () => {
  test.each([
    'Origin',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
  ])('the socket refuses a request with the header %s', async (name) => {
    for (const path of ['/v1/admin/accounts', '/healthz', '/v1/nothing'])
      expectRefusal(await socket.get(path, { [name]: 'x' }), 403, {
        code: 'socket_is_local_only',
        detail: `The local socket takes no requests of proxies or pages (${name.toLowerCase()})`,
      })
  })

  test('the refusal is logged with the id of the request', async () => {
    const request_id = 'a-request-that-is-refused'
    const answer = await socket.get('/healthz', {
      origin: 'https://evil.example',
      'x-request-id': request_id,
    })
    expect([answer.status, answer.headers.get('x-request-id'), answer.body.request_id]).toEqual([
      403,
      request_id,
      request_id,
    ])
    const line = await until('the line', () =>
      w.log.split('\n').find((text) => text.includes(`"request_id":"${request_id}"`)),
    )
    expect(JSON.parse(line)).toMatchObject({ level: 'info', account_id: null, route: 'refused', status: 403 })
  })

  test('the socket refuses a WebSocket', async () => {
    const answer = await upgrade(w.running.socket ?? '', `authorization: ${ann.credential.authorization}`)
    expect(answer).toStartWith('HTTP/1.1 426 ')
    expect(answer).toContain('"code":"socket_no_websocket"')
    expect(await upgrade(w.running.socket ?? '', 'x: y')).toContain('"code":"socket_no_websocket"')
    expect(await upgrade(w.running.socket ?? '', 'x: y', '/v1/ws?channel=general')).toStartWith(
      'HTTP/1.1 426 ',
    )
  })
})

test('a request over TCP never has the rights of the operator', async () => {
  for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }, { 'x-synapse-actor': 'ann' }])
    expect((await w.guest.get('/v1/admin/accounts', headers)).status).toBe(401)
})

/** The answer of the socket to a handshake; fetch would not send one. */
async function upgrade(unix: string, header: string, path = '/v1/ws'): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const connection = await Bun.connect({ unix, socket: { data: (_, data) => resolve(data.toString()) } })
  connection.write(
    [
      `GET ${path} HTTP/1.1`,
      'host: synapse',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      header,
      '',
      '',
    ].join('\r\n'),
  )
  const answer = await promise
  connection.end()
  return answer
}
