import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, type Caller, type Person, type World, world } from '../support/world'

/** Who may read an answer from another page: operating.md §7, a row of its table a test. */
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

describe('without an origin, and to our own pages, no such header is sent', () => {
  const rows: [string, () => Record<string, string>][] = [
    ['no origin', () => ({})],
    ['scheme and host', () => ({ origin: w.url })],
    ['the public origin', () => ({ origin: 'https://chat.example.org' })],
  ]
  test.each(rows)('%s', async (_, headers) => {
    const answers = [await ann.get('/v1/auth/me', headers()), await w.guest.get('/v1/auth/me', headers())]
    expect(answers.map(({ status }) => status)).toEqual([200, 401])
    for (const answer of answers) expect(corsOf(answer)).toEqual({})
  })
})

describe('a page of a listed origin may read every answer:', () => {
  const rows: [string, number, () => Promise<Answer>][] = [
    ['what it asked for', 200, () => ann.get('/v1/auth/me', { origin: LISTED })],
    [
      'what it wrote',
      201,
      () => ann.post('/v1/messages', { channel: 'general', body: 'x' }, { origin: LISTED }),
    ],
    ['a credential that is missing', 401, () => w.guest.get('/v1/auth/me', { origin: LISTED })],
    ['a refusal', 404, () => ann.get('/v1/messages?channel=never', { origin: LISTED })],
    ['a wrong shape', 422, () => ann.post('/v1/messages', {}, { origin: LISTED })],
    ['another method', 405, () => ann.put('/v1/messages', {}, { origin: LISTED })],
    ['what is nowhere', 404, () => w.guest.get('/nothing', { origin: LISTED })],
    ['a path with a slash', 307, () => w.guest.get('/v1/messages/', { origin: LISTED })],
    ['what is public', 200, () => w.guest.get('/openapi.json', { origin: LISTED })],
    ['a head', 200, () => w.guest.request('HEAD', '/healthz', undefined, { origin: LISTED })],
    [
      'the options of a path, which are no preflight',
      405,
      () => w.guest.request('OPTIONS', '/v1/messages', undefined, { origin: LISTED }),
    ],
  ]
  test.each(rows)('%s', async (_, status, ask) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': LISTED,
      'access-control-expose-headers': EXPOSED,
      vary: 'Origin',
    })
  })

  test('a stream', async () => {
    const response = await ann.open('/v1/events', {
      headers: { accept: 'text/event-stream', origin: LISTED },
    })
    expect([response.status, corsOf(response)]).toMatchObject([
      200,
      { 'access-control-allow-origin': LISTED },
    ])
    await response.body?.cancel()
  })

  test('but never with credentials of the browser', async () => {
    const answer = await bob.get('/v1/auth/me', { origin: LISTED, 'sec-fetch-site': 'cross-site' })
    expect(answer.headers.has('access-control-allow-credentials')).toBeFalse()
  })
})

test('what a server says of itself is for pages of every origin, listed or not', async () => {
  for (const origin of [LISTED, FOREIGN, 'null', w.url]) {
    const answer = await w.guest.get('/.well-known/synapse', { origin })
    expect([answer.status, corsOf(answer)]).toEqual([200, { 'access-control-allow-origin': '*' }])
  }
})

describe('a browser that asks beforehand', () => {
  const allowed = {
    'access-control-allow-origin': LISTED,
    'access-control-expose-headers': EXPOSED,
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, last-event-id, idempotency-key, x-synapse-actor',
    'access-control-max-age': '600',
    vary: 'Origin',
  }

  test('is told what a listed origin may send, without a credential and wherever it asks', async () => {
    for (const path of ['/v1/messages', '/v1/config/x', '/nothing']) {
      const answer = await preflight(w.guest, LISTED, {}, path)
      expect([answer.status, answer.text, corsOf(answer)]).toEqual([204, '', allowed])
      expect(answer.headers.get('x-request-id')).toMatch(/./)
    }
  })

  test('is told that a listed origin may reach into a private network, if it asks', async () => {
    const answer = await preflight(w.guest, LISTED, { 'access-control-request-private-network': 'true' })
    expect(corsOf(answer)).toEqual({ ...allowed, 'access-control-allow-private-network': 'true' })
  })

  test.each([
    FOREIGN,
    'null',
    'https://friend.example.evil.example',
    'http://friend.example',
    'https://friend.example:8443',
  ])('is told nothing of %s', async (origin) => {
    const answer = await preflight(w.guest, origin, { 'access-control-request-private-network': 'true' })
    expect([answer.status, answer.text, corsOf(answer)]).toEqual([204, '', {}])
  })

  test('for our own page is told nothing, for it need not ask', async () => {
    expect(corsOf(await preflight(w.guest, w.url))).toEqual({})
  })
})

test('a page of another origin reads nothing, whatever the answer is', async () => {
  for (const origin of [FOREIGN, 'null']) {
    const answers = [
      await ann.get('/v1/auth/me', { origin }),
      await w.guest.get('/v1/auth/me', { origin }),
      await bob.get('/v1/auth/me', { origin }),
    ]
    for (const answer of answers) expect(corsOf(answer)).toEqual({})
  }
})

test('a page of another origin writes nothing with a session, and may not read why', async () => {
  const headers = { origin: FOREIGN, 'sec-fetch-site': 'cross-site' }
  const answer = await bob.post('/v1/messages', { channel: 'general', body: 'x' }, headers)
  expect([answer.status, answer.body.code, corsOf(answer)]).toEqual([403, 'origin_not_allowed', {}])
})

describe('a WebSocket', () => {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'c3luYXBzZS12MS10ZXN0IQ==',
  }
  const rows: [string, () => Caller, string, number][] = [
    ['of a foreign page, with a session, is refused', () => bob, FOREIGN, 403],
    ['of a page without an origin of its own, with a session, is refused', () => bob, 'null', 403],
    ['of a listed page opens', () => bob, LISTED, 101],
    ['of our own page opens', () => bob, 'https://chat.example.org', 101],
    ['with a token opens wherever the page comes from', () => ann, FOREIGN, 101],
  ]
  test.each(rows)('%s', async (_, who, origin, status) => {
    for (const path of ['/v1/ws', ...(who() === bob ? ['/v1/ws?channel=general'] : [])])
      expect(await upgrade(path, { ...handshake, ...who().credential, origin })).toBe(status)
  })
})

/** The status that a handshake is answered with. */
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

test('the list is live: what is set counts for the next answer', async () => {
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

test('a server without a list sends no such header to anybody', async () => {
  await using other = await world()
  for (const origin of [LISTED, 'null', '*'])
    expect(corsOf(await other.guest.get('/healthz', { origin }))).toEqual({})
})
