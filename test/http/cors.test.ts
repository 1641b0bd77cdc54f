import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, type Caller, type Person, type World, world } from '../support/world'

/** Which pages may read an answer: a test for each row of docs/contract/conventions.md#pages-of-other-origins. */
const LISTED = 'https://friend.example'
const FOREIGN = 'https://evil.example'
const EXPOSED = 'retry-after, x-request-id, idempotent-replayed, synapse-next-cursor'

let w: World
let ann: Person
let bob: Person

beforeAll(async () => {
  w = await world({
    settings: { SYNAPSE_AUTH_CORS_ORIGINS: LISTED, SYNAPSE_BASE_URL: 'https://chat.example.org' },
  })
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  bob = await w.human('bob', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const corsOf = ({ headers }: { headers: Headers }) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'))

const preflight = (
  caller: Caller,
  origin: string,
  more: Record<string, string> = {},
  path = '/v1/messages',
) =>
  caller.fetch(path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', ...more },
  })

describe('requests without a foreign origin', () => {
  const rows: [string, () => Record<string, string>][] = [
    ['that has no origin', () => ({})],
    ['from the origin of the server itself', () => ({ origin: w.url })],
    ['from the public origin', () => ({ origin: 'https://chat.example.org' })],
  ]
  test.each(rows)('an answer to a request %s has no CORS headers', async (_, headers) => {
    const answers = [await ann.get('/v1/auth/me', headers()), await w.guest.get('/v1/auth/me', headers())]
    expect(answers.map(({ status }) => status)).toEqual([200, 401])
    for (const answer of answers) expect(corsOf(answer)).toEqual({})
  })
})

describe('pages of a listed origin', () => {
  const rows: [string, number, () => Promise<Answer>][] = [
    ['a successful read', 200, () => ann.get('/v1/auth/me', { origin: LISTED })],
    [
      'a successful write',
      201,
      () => ann.post('/v1/messages', { channel: 'general', body: 'x' }, { origin: LISTED }),
    ],
    ['a missing credential', 401, () => w.guest.get('/v1/auth/me', { origin: LISTED })],
    ['a refusal', 404, () => ann.get('/v1/messages?channel=never', { origin: LISTED })],
    ['a validation error', 422, () => ann.post('/v1/messages', {}, { origin: LISTED })],
    ['a wrong method', 405, () => ann.put('/v1/messages', {}, { origin: LISTED })],
    ['an unknown path', 404, () => w.guest.get('/nothing', { origin: LISTED })],
    ['a redirect of a trailing slash', 307, () => w.guest.get('/v1/messages/', { origin: LISTED })],
    ['a public document', 200, () => w.guest.get('/openapi.json', { origin: LISTED })],
    ['a HEAD request', 200, () => w.guest.request('HEAD', '/healthz', undefined, { origin: LISTED })],
    [
      'an OPTIONS request that is not a preflight',
      405,
      () => w.guest.request('OPTIONS', '/v1/messages', undefined, { origin: LISTED }),
    ],
  ]
  test.each(rows)('a page of a listed origin may read the answer to %s', async (_, status, ask) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': LISTED,
      'access-control-expose-headers': EXPOSED,
      vary: 'Origin',
    })
  })

  test('a page of a listed origin may read a stream', async () => {
    const response = await ann.open('/v1/events', {
      headers: { accept: 'text/event-stream', origin: LISTED },
    })
    expect([response.status, corsOf(response)]).toMatchObject([
      200,
      { 'access-control-allow-origin': LISTED },
    ])
    await response.body?.cancel()
  })

  test('a page of a listed origin may never send cookies', async () => {
    const answer = await bob.get('/v1/auth/me', { origin: LISTED, 'sec-fetch-site': 'cross-site' })
    expect(answer.headers.has('access-control-allow-credentials')).toBeFalse()
  })
})

test('a page of any origin may read /.well-known/synapse', async () => {
  for (const origin of [LISTED, FOREIGN, 'null', w.url]) {
    const answer = await w.guest.get('/.well-known/synapse', { origin })
    expect([answer.status, corsOf(answer)]).toEqual([200, { 'access-control-allow-origin': '*' }])
  }
})

describe('preflight requests', () => {
  const allowed = {
    'access-control-allow-origin': LISTED,
    'access-control-expose-headers': EXPOSED,
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, last-event-id, idempotency-key, x-synapse-actor',
    'access-control-max-age': '600',
    vary: 'Origin',
  }

  test('a preflight from a listed origin is answered on every path without a credential', async () => {
    for (const path of ['/v1/messages', '/v1/config/x', '/nothing']) {
      const answer = await preflight(w.guest, LISTED, {}, path)
      expect([answer.status, answer.text, corsOf(answer)]).toEqual([204, '', allowed])
      expect(answer.headers.get('x-request-id')).toMatch(/./)
    }
  })

  test('a preflight from a listed origin may ask for access to a private network', async () => {
    const answer = await preflight(w.guest, LISTED, { 'access-control-request-private-network': 'true' })
    expect(corsOf(answer)).toEqual({ ...allowed, 'access-control-allow-private-network': 'true' })
  })

  test.each([
    FOREIGN,
    'null',
    'https://friend.example.evil.example',
    'http://friend.example',
    'https://friend.example:8443',
  ])('a preflight from %s is answered without CORS headers', async (origin) => {
    const answer = await preflight(w.guest, origin, { 'access-control-request-private-network': 'true' })
    expect([answer.status, answer.text, corsOf(answer)]).toEqual([204, '', {}])
  })

  test('a preflight from the server’s own page is answered without CORS headers', async () => {
    expect(corsOf(await preflight(w.guest, w.url))).toEqual({})
  })
})

test('a page of an unlisted origin can read no answer', async () => {
  for (const origin of [FOREIGN, 'null']) {
    const answers = [
      await ann.get('/v1/auth/me', { origin }),
      await w.guest.get('/v1/auth/me', { origin }),
      await bob.get('/v1/auth/me', { origin }),
    ]
    for (const answer of answers) expect(corsOf(answer)).toEqual({})
  }
})

test('a page of an unlisted origin can write nothing with a session and cannot read the refusal', async () => {
  const headers = { origin: FOREIGN, 'sec-fetch-site': 'cross-site' }
  const answer = await bob.post('/v1/messages', { channel: 'general', body: 'x' }, headers)
  expect([answer.status, answer.body.code, corsOf(answer)]).toEqual([403, 'origin_not_allowed', {}])
})

describe('WebSocket handshakes', () => {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'c3luYXBzZS12MS10ZXN0IQ==',
  }
  const rows: [string, () => Caller, string, number][] = [
    ['from an unlisted origin with a session is refused', () => bob, FOREIGN, 403],
    ['from an opaque origin with a session is refused', () => bob, 'null', 403],
    ['from a listed origin is accepted', () => bob, LISTED, 101],
    ['from the server’s own page is accepted', () => bob, 'https://chat.example.org', 101],
    ['with a token is accepted from any origin', () => ann, FOREIGN, 101],
  ]
  test.each(rows)('a WebSocket %s', async (_, who, origin, status) => {
    for (const path of ['/v1/ws', ...(who() === bob ? ['/v1/ws?channel=general'] : [])])
      expect(await upgrade(path, { ...handshake, ...who().credential, origin })).toBe(status)
  })
})

/** The status of the answer to a handshake. */
async function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(w.url)
  const { promise, resolve } = Promise.withResolvers<string>()
  const lines = Object.entries({ host: `${hostname}:${port}`, ...headers }).map(([k, v]) => `${k}: ${v}\r\n`)
  let text = ''
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => {
        text += bytes.toString()
        if (text.includes('\r\n')) resolve(text)
      },
    },
  })
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const status = Number((await promise).split(' ')[1])
  socket.end()
  return status
}

test('a changed list of origins applies to the next answer', async () => {
  await using other = await world()
  const origin = 'https://new.example'
  const seen = async () =>
    corsOf(await other.guest.get('/healthz', { origin }))['access-control-allow-origin']
  expect(await seen()).toBeUndefined()
  await other.operator.put('/v1/config/auth.cors_origins', { value: [origin] })
  expect(await seen()).toBe(origin)
  await other.operator.delete('/v1/config/auth.cors_origins')
  expect(await seen()).toBeUndefined()
})

test('a server without a list of origins sends no CORS headers', async () => {
  await using other = await world()
  for (const origin of [LISTED, 'null', '*'])
    expect(corsOf(await other.guest.get('/healthz', { origin }))).toEqual({})
})
