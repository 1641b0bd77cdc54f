import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { undeployedParts } from '../../scripts/offline-endpoints'
import { surfaces } from '../../src/app/surfaces'
import { type Endpoint, endpoint } from '../../src/http/endpoint'
import { type App, declareSurfaces, type Surface } from '../../src/http/surface'
import { postgresMissing } from '../support/postgres'
import { RawConnection } from '../support/raw-socket'
import { sharedStore } from '../support/replicas'
import { toy } from '../support/toy-surface'
import { toyKey } from '../support/toy-surface/credentials'
import { ECHO_BYTES } from '../support/toy-surface/streams'
import { type Answer, Caller, type Person, READ_AND_POST, type World, world } from '../support/world'

let w: World
let ann: Person
let key: string

beforeAll(async () => {
  // The only line that adds the surface.
  w = await world({ surfaces: [toy] })
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  key = await toyKey(ann.secret)
})
afterAll(() => w[Symbol.asyncDispose]())

/** Ann as a client of the toy, without any header of v1. */
const toyAnn = new Caller((path, init) => fetch(`${w.url}${path}?key=${key}`, init))

/** A body without a declared length. */
function piecewise(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
}

/** Checks an error of the toy, which has neither `code` nor `detail` of v1. */
function expectToyError(answer: Answer<unknown>, status: number, errcode: string): void {
  expect([answer.status, answer.body]).toEqual([
    status,
    { errcode, error: expect.any(String), trace: answer.headers.get('x-request-id') },
  ])
}

test('a post through a surface added with one folder and one line is read like any other message', async () => {
  const said = await toyAnn.post<{ at: number }>('/toy/general/say', { words: 'hello from a toy' })
  expect([said.status, said.body]).toMatchObject([201, { said: 'hello from a toy' }])
  const { body } = await ann.get<{ messages: { body: string; seq: number }[] }>(
    '/v1/messages?channel=general&order=desc&limit=1',
  )
  expect(body.messages).toMatchObject([{ body: 'hello from a toy', seq: said.body.at }])
})

test('the feature and the asset of a surface are public, and its endpoints are not in the documentation', async () => {
  const server = await ann.get<{ features: string[] }>('/v1/server')
  expect(server.body.features).toContain('toy')
  const about = await w.guest.get('/toy/about')
  expect([about.status, about.text, about.headers.get('cache-control')]).toEqual([
    200,
    'A toy.',
    'max-age=60',
  ])
  const { text } = await w.guest.get('/openapi.json')
  expect(text).not.toContain('/toy/general')
  expect((await w.guest.get('/docs')).text).not.toContain('/toy/echo')
})

test('a request to another surface within a request has its caller, its checks and its answers', async () => {
  await w.channel('quiet')
  await ann.posts('general', 'for the toy')
  const heard = await toyAnn.get<{ messages: { via: string }[] }>('/toy/general/words')
  const direct = await ann.get<{ messages: { via: string }[] }>(
    '/v1/messages?channel=general&since=oldest&limit=2',
  )
  expect(heard.body).toEqual(direct.body)
  const refused = await toyAnn.get('/toy/quiet/words')
  expect([refused.status, refused.body]).toMatchObject([403, { code: 'not_a_member' }])
  expect(refused.body.request_id).toBe(refused.headers.get('x-request-id'))
})

test('while a surface is off its paths do not exist, and its feature is not listed', async () => {
  const features = async () => (await ann.get<{ features: string[] }>('/v1/server')).body.features
  await w.operator.put('/v1/config/attachments.enabled', { value: false })
  for (const path of ['/toy/general/words', '/toy/about', '/toy/never/there'])
    expect([path, (await toyAnn.get(path)).status]).toEqual([path, 404])
  expect((await w.guest.post('/toy/general/say', {})).status).toBe(404)
  expect(await features()).not.toContain('toy')
  await w.operator.delete('/v1/config/attachments.enabled')
  expect((await toyAnn.get('/toy/general/words')).status).toBe(200)
  expect(await features()).toContain('toy')
})

describe('routes without a credential', () => {
  const routes = declareSurfaces([toy], undeployedParts).flatMap(({ endpoints }) =>
    endpoints.filter(({ path }) => path !== '/toy/about').map(({ method, path }) => [method, path] as const),
  )
  test('the surface has routes that need a credential', () => expect(routes.length).toBeGreaterThan(3))
  test.each(routes)(
    '%s %s without a credential is refused in the shape of the surface',
    async (method, path) => {
      expectToyError(await w.guest.request(method, path), 401, 'TOY_NO_KEY')
    },
  )
})

describe('refusals of the surface', () => {
  const rows: [string, number, string, () => Promise<Answer<unknown>>][] = [
    [
      'an unknown key',
      401,
      'TOY_BAD_KEY',
      async () => w.guest.post(`/toy/general/say?key=${await toyKey('syn_x')}`),
    ],
    ['an unsigned key', 401, 'TOY_BAD_SIGNATURE', () => w.guest.post(`/toy/general/say?key=${ann.secret}`)],
    ['an error of the core', 404, 'channel_not_found', () => toyAnn.post('/toy/never/say', { words: 'x' })],
    ['an endpoint without access', 403, 'admin_scope_required', () => toyAnn.delete('/toy/general')],
    ['a body of the wrong shape', 400, 'TOY_BAD_BODY', () => toyAnn.post('/toy/general/say', { words: 1 })],
    [
      'an unreadable body',
      400,
      'TOY_NOT_JSON',
      () =>
        toyAnn.fetch('/toy/general/say', { method: 'POST', body: '{', headers: { 'content-type': 'a/b' } }),
    ],
    [
      'a body over its own limit',
      413,
      'TOY_TOO_LARGE',
      () => toyAnn.post('/toy/general/say', { words: 'x'.repeat(2000) }),
    ],
    ['an unknown path', 404, 'TOY_UNRECOGNIZED', () => toyAnn.get('/toy/never/there')],
    ['the bare prefix', 404, 'TOY_UNRECOGNIZED', () => toyAnn.get('/toy')],
    ['a wrong method', 405, 'TOY_UNRECOGNIZED', () => toyAnn.get('/toy/echo')],
    ['a trailing slash', 404, 'TOY_UNRECOGNIZED', () => toyAnn.get('/toy/about/')],
  ]
  test.each(rows)(
    'the refusal for %s has the shape and words of the surface',
    async (_, status, errcode, ask) => expectToyError(await ask(), status, errcode),
  )

  test('a surface reads a body whatever its media type', async () => {
    const headers = { 'content-type': 'text/plain' }
    expect((await toyAnn.post('/toy/general/say', { words: 'x' }, headers)).status).toBe(201)
  })
})

test('paths outside the prefix are refused as in v1', async () => {
  for (const path of ['/toys', '/toyshop/say', '/never', '/v1/never'])
    expect((await ann.get(path)).body).toMatchObject({ code: 'not_found', detail: 'Not Found' })
  expect((await ann.post('/v1/messages', { channel: 'never', body: 'x' })).body.code).toBe(
    'channel_not_found',
  )
})

test('an error that its surface cannot render is answered as in v1, and the fault is in the log', async () => {
  const odd: Surface = {
    name: 'odd',
    prefixes: ['/odd'],
    endpoints: () => [],
    renderError: () => {
      throw new Error('odd')
    },
  }
  await using s = await world({ surfaces: [odd] })
  const { status, body } = await s.guest.get('/odd/never')
  expect([status, body.code]).toEqual([404, 'not_found'])
  expect(s.log).toContain('"message":"an error could not be rendered"')
})

test('the CORS rules of a surface apply to its own paths and to nothing else', async () => {
  const origin = { origin: 'https://elsewhere.example' }
  const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin')
  const answers = [
    await w.guest.get('/toy/about', origin),
    await w.guest.get('/toy/never/there', origin),
    await w.guest.post('/toy/general/say', {}, origin),
    await w.guest.fetch('/toy/general/say', { method: 'OPTIONS' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 204])
  expect(answers.map(allowed)).toEqual(['*', '*', '*', '*'])
  expect(allowed(await ann.get('/v1/server', origin))).toBeNull()
  expect((await w.guest.fetch('/v1/server', { method: 'OPTIONS' })).status).toBe(405)
})

describe('streamed bodies', () => {
  test('a streamed body and its answer are passed on piece by piece', async () => {
    using connection = await RawConnection.open(w.url)
    const head = [`POST /toy/echo?key=${key} HTTP/1.1`, 'host: x']
    connection.write([...head, 'transfer-encoding: chunked', '', ''].join('\r\n'))
    const comes = (piece: string) =>
      connection.when(() => connection.buffered.toString('latin1').includes(piece) || undefined)
    for (const piece of ['first', 'second', 'third']) {
      connection.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      // The next piece is sent when this one has come back.
      expect({ piece, came: await comes(piece) }).toEqual({ piece, came: true })
    }
    connection.write('0\r\n\r\n')
    expect(await comes('\r\n0\r\n\r\n')).toBe(true)
  })

  test('HEAD of a stream that never ends is answered without reading the stream', async () => {
    const head = await toyAnn.fetch('/toy/ticks', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
  })

  test('a stream that fails is cut before its end, and the fault is in the log only', async () => {
    using connection = await RawConnection.open(w.url)
    connection.write(`GET /toy/ticks?key=${key}&fail=yes HTTP/1.1\r\nhost: x\r\n\r\n`)
    await connection.ended
    const got = connection.buffered.toString('latin1')
    expect(got).toStartWith('HTTP/1.1 200')
    expect(got).not.toContain('\r\n0\r\n')
    expect(got).not.toContain('broken')
    expect(w.log).toContain('"message":"an answer broke off"')
    expect((await toyAnn.get('/toy/about')).status).toBe(200)
  })

  test('a streamed body may be longer than the limit of other bodies', async () => {
    const bytes = new Uint8Array(ECHO_BYTES).map((_, i) => i % 251)
    const sha256 = Bun.SHA256.hash(bytes, 'hex')
    const answer = await toyAnn.fetch('/toy/measure', { method: 'POST', body: bytes })
    expect(answer.body).toEqual({ bytes: ECHO_BYTES, sha256 })
    const pieces = piecewise([bytes.slice(0, 40_000), bytes.slice(40_000)])
    const chunked = await toyAnn.fetch('/toy/measure', { method: 'POST', body: pieces })
    expect(chunked.body).toEqual({ bytes: ECHO_BYTES, sha256 })
  })

  test('a streamed body over the limit is refused in the shape of the surface, with and without a declared length', async () => {
    const bytes = new Uint8Array(ECHO_BYTES + 1)
    for (const body of [bytes, piecewise([bytes.slice(1), bytes.slice(0, 1)])])
      expectToyError(await toyAnn.fetch('/toy/measure', { method: 'POST', body }), 413, 'TOY_TOO_LARGE')
  })
})

describe('the credential of the toy', () => {
  test('the credential of a surface does not open v1, and credentials of v1 do not open the surface', async () => {
    const bob = await w.human('bob', { channels: { general: 'member' } })
    for (const who of [ann, bob])
      expectToyError(await who.post('/toy/general/say', { words: 'x' }), 401, 'TOY_NO_KEY')
    expect((await toyAnn.get('/v1/auth/me')).body.code).toBe('not_authenticated')
  })

  test('a surface ignores the actor header of v1', async () => {
    const headers = { 'x-synapse-actor': 'bob' }
    expect((await toyAnn.post('/toy/general/say', { words: 'by ann' }, headers)).status).toBe(201)
    const { body } = await ann.get<{ messages: object[] }>('/v1/messages?channel=general&order=desc&limit=1')
    expect(body.messages).toMatchObject([{ body: 'by ann', sender_handle: 'ann' }])
  })

  test('requests to a surface count against the rate limits, and their use is recorded', async () => {
    await using s = await world({ surfaces: [toy], settings: { SYNAPSE_RATE_POST: '60/1' } })
    await s.channel('general')
    const eve = await s.agent('eve', { channels: { general: 'member' } })
    const lastUse = async () =>
      (await s.operator.get<{ last_used_at: string | null }[]>('/v1/admin/tokens?account=eve')).body.at(0)
    expect((await lastUse())?.last_used_at).toBeNull()
    const path = `/toy/general/say?key=${await toyKey(eve.secret)}`
    expect((await s.guest.post(path, { words: 'x' })).status).toBe(201)
    expectToyError(await s.guest.post(path, { words: 'x' }), 429, 'rate_limited')
    expect((await lastUse())?.last_used_at).not.toBeNull()
  })

  test.skipIf(postgresMissing)(
    'a credential revoked through another server is refused everywhere, even without a notice over the bus',
    async () => {
      const settings = {
        ...(await sharedStore()),
        SYNAPSE_BUS_URL: 'redis://127.0.0.1:1',
        SYNAPSE_METRICS_ENABLED: 'on',
      }
      await using here = await world({ settings })
      await using there = await world({ settings, surfaces: [toy] })
      await here.channel('general')
      const eve = await here.agent('eve', {
        channels: { general: 'member' },
        scopes: [...READ_AND_POST, 'metrics:read'],
      })
      const own = `?key=${await toyKey(eve.secret)}`
      const asks: [string, () => Promise<Response>][] = [
        ['the toy', () => fetch(`${there.url}/toy/measure${own}`, { method: 'POST' })],
        [
          'a post of the toy',
          () => fetch(`${there.url}/toy/general/say${own}`, { method: 'POST', body: '{"words":"x"}' }),
        ],
        ['a read', () => fetch(`${there.url}/v1/channels`, { headers: eve.credential })],
        [
          'a stream',
          () =>
            fetch(`${there.url}/v1/events`, { headers: { ...eve.credential, accept: 'text/event-stream' } }),
        ],
        ['a socket', () => fetch(`${there.url}/v1/ws`, { headers: eve.credential })],
        [
          'the metrics',
          () => fetch(`${there.url}/metrics`, { headers: { ...eve.credential, forwarded: 'for=192.0.2.7' } }),
        ],
      ]
      const statuses = async () => {
        const found: [string, number][] = []
        for (const [what, ask] of asks) {
          const answer = await ask()
          await answer.body?.cancel()
          found.push([what, answer.status])
        }
        return found
      }
      const [token] = (await here.operator.get<{ id: string }[]>('/v1/admin/tokens?account=eve')).body
      expect((await statuses()).map(([, status]) => status)).toEqual([200, 201, 200, 200, 426, 200])
      await here.operator.post(`/v1/admin/tokens/${token?.id}/revoke`)
      expect(await statuses()).toEqual(asks.map(([what]) => [what, 401]))
    },
    60_000,
  )
})

test('a surface can get an actor only through the entrance, and every endpoint needs an access rule', () => {
  const look = ({ core, entrance }: App) => [
    // @ts-expect-error only the entrance authenticates
    core.authentication,
    // @ts-expect-error only the entrance looks a token up
    core.policy.byToken,
    // @ts-expect-error only the entrance looks a session up
    core.policy.bySession,
    // @ts-expect-error only the entrance says who acts as somebody else
    core.policy.claim,
    // @ts-expect-error the directory as well
    core.directory.tokenByHash,
    // @ts-expect-error the directory as well
    core.directory.sessionByHash,
    // @ts-expect-error requests enter by the rule of their endpoint
    entrance.enter,
  ]
  expect(look).toBeFunction()
  const bare = { method: 'GET', path: '/bare', tag: 'Toy', summary: 'x', answers: {} } as const
  // @ts-expect-error an endpoint needs an access rule
  expect(() => endpoint({ ...bare, handle: () => ({ status: 204 }) })).toThrow('GET /bare does not say who')
  // @ts-expect-error endpoints are made only by `endpoint`
  const handmade: Endpoint = {
    ...bare,
    who: 'anyone',
    run: async () => ({ actor: null, answer: { status: 204 } }),
  }
  expect(handmade).toBeObject()
})

describe('surfaces that cannot be mounted', () => {
  const at = (path: string) =>
    endpoint({
      ...{ method: 'GET', path, who: 'anyone', tag: 'Toy', summary: 'x', answers: {} },
      handle: () => ({ status: 204 }),
    } as const)
  const rows: [string, Surface, string][] = [
    [
      'an endpoint outside the prefixes of its surface',
      { name: 'stray', prefixes: ['/stray'], endpoints: () => [at('/other')] },
      'stray declares GET /other, which belongs to others',
    ],
    [
      'an endpoint below the prefix of another surface',
      { name: 'thief', endpoints: () => [at('/toy/stolen')] },
      'thief declares GET /toy/stolen, which belongs to toy',
    ],
    [
      'the same endpoint twice',
      { name: 'copy', endpoints: () => [at('/healthz')] },
      'GET /healthz is declared by health and by copy',
    ],
  ]
  test.each(rows)('a server does not start with %s', (_, surface, message) => {
    expect(() => declareSurfaces([...surfaces, toy, surface], undeployedParts)).toThrow(message)
  })
})
