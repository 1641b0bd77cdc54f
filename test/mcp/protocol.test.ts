// What is answered before a tool is called, and how: the transport, the credential, the rates, the setting.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Client, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/client'
import { type Answer, type Fields, MINUTE, type Person, SECOND, type World, world } from '../support/world'
import { type Called, REVISIONS, Tools, toolCall } from './scene'

setDefaultTimeout(60_000)

let w: World
let ann: Person
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_AUTH_CORS_ORIGINS: 'https://tools.example' } })
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' } as const

interface RpcError {
  readonly jsonrpc: '2.0'
  readonly id: null
  readonly error: { readonly code: number; readonly message: string; readonly data: Fields }
}

/** Checks an error of JSON-RPC with the error body of v1 in it. */
function expectRefused(answer: Answer<unknown>, status: number, code: number, reason: string): void {
  const { body, headers } = answer as Answer<RpcError>
  expect([answer.status, body]).toMatchObject([status, { jsonrpc: '2.0', id: null, error: { code } }])
  expect(body.error.data).toMatchObject({ code: reason, request_id: headers.get('x-request-id') })
}

describe('the credential', () => {
  test('a request without one is refused, and told that a bearer token is wanted', async () => {
    for (const caller of [w.guest, w.operator]) {
      const answer = await caller.post('/mcp', ping)
      expectRefused(answer, 401, -32000, 'not_authenticated')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="synapse"')
    }
  })

  test('a session cookie is none', async () => {
    const pat = await w.human('pat')
    expectRefused(await pat.post('/mcp', ping), 401, -32000, 'not_authenticated')
  })

  test('an invalid or revoked token, and one for the snapshot store alone, are refused', async () => {
    const gone = await w.agent('gone')
    await w.revokes(gone)
    for (const caller of [w.bearer('syn_nonsense'), gone])
      expectRefused(await caller.post('/mcp', ping), 401, -32000, 'invalid_token')
    const sync = await w.agent('sync', { scopes: ['configsync:sync'] })
    expectRefused(await sync.post('/mcp', ping), 403, -32000, 'missing_scope')
  })

  test('a token that may act as an account uses the tools as that account', async () => {
    await w.agent('bridge')
    const token = async (actors: readonly string[]) => {
      const issued = { account_handle: 'bridge', scopes: ['channel:*:read'], actors }
      return w.bearer((await w.operator.post<{ token: string }>('/v1/admin/tokens', issued)).body.token)
    }
    const as = { 'x-synapse-actor': 'ann' }
    const refused = await (await token([])).post('/mcp', toolCall('synapse_status', {}), as)
    expectRefused(refused, 403, -32000, 'actor_claim_denied')
    const { body } = await (await token(['ann'])).post<Called>('/mcp', toolCall('synapse_status', {}), as)
    expect(body.result.structuredContent).toMatchObject({ me: { handle: 'ann' } })
  })
})

describe('the origin', () => {
  test('a page of a foreign origin is refused, with and without a credential', async () => {
    for (const caller of [ann, w.guest])
      expectRefused(
        await caller.post('/mcp', ping, { origin: 'http://evil.example' }),
        ...([403, -32000, 'origin_not_allowed'] as const),
      )
  })

  test('a page whose name was pointed to this machine is refused, unless the name is that of base_url', async () => {
    const rebound = { host: 'evil.example', origin: 'http://evil.example' }
    expectRefused(await ann.post('/mcp', ping, rebound), 403, -32000, 'origin_not_allowed')
    await w.operator.put('/v1/config/base_url', { value: 'http://chat.example' })
    const own = { host: 'chat.example', origin: 'http://chat.example' }
    expect((await ann.post('/mcp', ping, own)).status).toBe(200)
    await w.operator.delete('/v1/config/base_url')
    expectRefused(await ann.post('/mcp', ping, own), 403, -32000, 'origin_not_allowed')
  })

  test('pages of this server and of listed origins are let in', async () => {
    for (const origin of [w.url, 'https://tools.example'])
      expect((await ann.post('/mcp', ping, { origin })).status).toBe(200)
    const preflight = await w.guest.request('OPTIONS', '/mcp', undefined, {
      origin: 'https://tools.example',
      'access-control-request-method': 'POST',
    })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
  })
})

describe('requests', () => {
  test('other methods are refused, and paths below do not exist', async () => {
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
      const answer = await ann.request(method, '/mcp')
      expectRefused(answer, 405, -32000, 'method_not_allowed')
      expect(answer.headers.get('allow')).toBe('POST')
    }
    for (const path of ['/mcp/', '/mcp/x'])
      expectRefused(await ann.post(path, ping), 404, -32000, 'not_found')
  })

  test.each([
    ['no JSON', '{', 400, -32700, 'validation_error'],
    ['nothing', '', 400, -32600, 'validation_error'],
    ['half a surrogate pair', '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', 400, -32600, 'validation_error'],
  ] as const)('a body with %s is refused', async (_, body, status, code, reason) => {
    const answer = await ann.fetch('/mcp', { method: 'POST', body: new Blob([body]) })
    expectRefused(answer, status, code, reason)
  })

  test('a body that is too large, compressed or of another type is refused', async () => {
    const large = { ...ping, params: { x: 'x'.repeat(1_100_000) } }
    expectRefused(await ann.post('/mcp', large), 413, -32000, 'payload_too_large')
    const typed = await ann.post('/mcp', ping, { 'content-type': 'text/plain' })
    expectRefused(typed, 415, -32000, 'unsupported_media_type')
    const packed = await ann.post('/mcp', ping, { 'content-encoding': 'gzip' })
    expectRefused(packed, 415, -32000, 'unsupported_media_type')
  })

  test.each(['{}', '[]', '[1]', '5', '"x"', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"ping"}'])(
    'what is no message of JSON-RPC is refused: %s',
    async (text) => {
      const body: unknown = JSON.parse(text)
      const answer = await ann.post<RpcError>('/mcp', body)
      expect(answer.status).toBe(400)
      expect([-32600, -32700]).toContain(answer.body.error.code)
    },
  )

  test('an unknown method and an unknown tool are errors of JSON-RPC', async () => {
    const method = await ann.post('/mcp', { ...ping, method: 'resources/list' })
    expect([method.status, method.body]).toMatchObject([200, { id: 1, error: { code: -32601 } }])
    const tool = await ann.post('/mcp', toolCall('synapse_nothing', {}, 'a'))
    expect([tool.status, tool.body]).toMatchObject([200, { id: 'a', error: { code: -32602 } }])
  })

  test('parameters of the wrong shape are the fault of the caller, and named', async () => {
    const bare = { ...ping, method: 'initialize' }
    for (const body of [bare, [bare]]) {
      const answer = await ann.post<object | readonly object[]>('/mcp', body)
      expect([answer.status, [answer.body].flat()]).toMatchObject([
        200,
        [{ id: 1, error: { code: -32602, message: expect.stringMatching(/^Invalid params: params: /) } }],
      ])
    }
    const nameless = await ann.post('/mcp', { ...ping, method: 'tools/call', params: {} })
    expect(nameless.body).toMatchObject({ error: { code: -32602 } })
  })

  test('a stream of notifications is refused, because the server sends none', async () => {
    const answer = await ann.post('/mcp', { ...ping, method: 'subscriptions/listen' })
    expect(answer.body).toMatchObject({ id: 1, error: { code: -32601 } })
  })

  test('a notification is accepted without an answer', async () => {
    const { status, text } = await ann.post('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' })
    expect([status, text]).toEqual([202, ''])
  })

  test('the calls of a list are answered in a list, and one that is refused stops no other', async () => {
    const calls = [
      toolCall('synapse_post', { channel: 'general', body: 'one' }, 1),
      toolCall('synapse_post', { channel: 'nowhere', body: 'two' }, 2),
      toolCall('synapse_status', {}, 3),
    ]
    const { body } = await ann.post<readonly (Called & { id: number })[]>('/mcp', calls)
    expect(body.map(({ id, result }) => [id, result.isError ?? false])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ])
  })

  test('a list in which one message cancels another is answered, and so is one with the same id twice', async () => {
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    const calls = [toolCall('synapse_status', {}, 1), cancel, { ...ping, id: 2 }]
    const { body } = await ann.post<readonly (Called & { id: number })[]>('/mcp', calls)
    expect(body.map(({ id, result }) => [id, result.isError ?? false])).toEqual([
      [1, false],
      [2, false],
    ])
    expect((await ann.post('/mcp', [cancel])).status).toBe(202)
    expect((await ann.post('/mcp', cancel)).status).toBe(202)
    const twice = await ann.post<{ id: number } | readonly { id: number }[]>('/mcp', [ping, ping])
    expect([twice.status, [twice.body].flat().map(({ id }) => id)]).toEqual([200, [1]])
  })

  test('there is no session, and the answer is JSON that no cache keeps', async () => {
    const { headers } = await ann.post('/mcp', ping, { 'mcp-session-id': 'x' })
    expect(headers.get('mcp-session-id')).toBeNull()
    expect(headers.get('content-type')).toStartWith('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('every revision of the official SDK is spoken', async () => {
    for (const protocolVersion of SUPPORTED_PROTOCOL_VERSIONS.filter((one) => !one.startsWith('2026'))) {
      const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'x', version: '1' } }
      const { body } = await ann.post('/mcp', { ...ping, method: 'initialize', params })
      expect(body).toMatchObject({ result: { protocolVersion, serverInfo: { name: 'synapse' } } })
      const versioned = await ann.post('/mcp', ping, { 'mcp-protocol-version': protocolVersion })
      expect(versioned.status).toBe(200)
    }
    expect(SUPPORTED_PROTOCOL_VERSIONS).toEqual(
      expect.arrayContaining(['2025-11-25', '2025-06-18', '2025-03-26']),
    )
    for (const revision of REVISIONS) {
      await using tools = await Tools.connect(w.url, ann.secret, { revision })
      expect(tools.client.getNegotiatedProtocolVersion()).toBe(revision)
    }
    const unknown = await ann.post('/mcp', ping, { 'mcp-protocol-version': '1999-01-01' })
    expect(unknown.status).toBe(400)
  })
})

describe('waits', () => {
  test('a wait ends by itself after 25 seconds at most, also if more were asked for', async () => {
    const ended: string[] = []
    const ends = (name: string) => (answer: Answer<unknown>) => {
      ended.push(name)
      return answer
    }
    const call = (...[name, given]: Parameters<typeof toolCall>) =>
      ann.post<Called>('/mcp', toolCall(name, given)).then(ends(name))
    const calls = [
      call('synapse_await', { channel: 'general', since: 'now', timeout: 600 }),
      call('synapse_inbox', { wait: 600 }),
    ]
    const longer = ann.get('/v1/messages?channel=general&since=now&wait=27').then(ends('a wait of 27 s'))
    for (const answer of await Promise.all(calls))
      expect((answer.body as Called).result.structuredContent).toMatchObject({ timed_out: true })
    await longer
    expect(ended.at(-1)).toBe('a wait of 27 s')
  })

  test('a client that goes away ends its wait', async () => {
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    const waiting = toolCall('synapse_await', { channel: 'general', timeout: 25 })
    const isFull = async () => {
      const answer = await bob.post<Called>(
        '/mcp',
        toolCall('synapse_await', { channel: 'general', timeout: 1 }),
      )
      return answer.body.result.structuredContent.code === 'too_many_streams'
    }
    const gone = new AbortController()
    const init = { method: 'POST', body: JSON.stringify(waiting), signal: gone.signal }
    // As many waits as one credential may have. The question whether it is full takes one for a moment.
    const wait = async () => {
      while ((await bob.fetch<Called>('/mcp', init)).body.result.isError === true);
    }
    const waits = Promise.allSettled(Array.from({ length: 8 }, wait))
    while (!(await isFull()));
    gone.abort()
    expect((await waits).map(({ status }) => status)).toEqual(Array(8).fill('rejected'))
    while (await isFull());
  })
})

describe('rates', () => {
  const limits = { SYNAPSE_RATE_POST: '60/2', SYNAPSE_RATE_READ: '60/3' }

  test('a call counts as the request that it makes, and not as a read besides', async () => {
    await using limited = await world({ settings: limits })
    await limited.channel('general')
    const cat = await limited.agent('cat', { channels: { general: 'member' } })
    const post = () => cat.post<Called>('/mcp', toolCall('synapse_post', { channel: 'general', body: 'x' }))
    expect((await post()).headers.get('ratelimit')).toBe('"post";r=1;t=1')
    expect((await cat.post('/v1/messages', { channel: 'general', body: 'x' })).status).toBe(201)
    const { body } = await post()
    expect(body.result).toMatchObject({
      isError: true,
      structuredContent: { code: 'rate_limited', retry_after: expect.any(Number) },
    })
    for (const _ of [1, 2, 3]) expect((await cat.get('/v1/auth/me')).status).toBe(200)
    expect((await cat.get('/v1/auth/me')).status).toBe(429)
  })

  test('what is no call of a tool, and a call that makes no request, counts as a read', async () => {
    await using limited = await world({ settings: limits })
    const cat = await limited.agent('cat')
    expect((await cat.post('/mcp', [ping, { ...ping, method: 'tools/list' }])).status).toBe(200)
    const { body } = await cat.post<Called>('/mcp', toolCall('synapse_check', { limit: 0 }))
    expect(body.result.structuredContent).toMatchObject({ code: 'validation_error' })
    const refused = await cat.post<Called>('/mcp', toolCall('synapse_check', { limit: 0 }))
    expect(refused.body.result.structuredContent).toMatchObject({ code: 'rate_limited' })
    const answer = await cat.post('/mcp', ping)
    expectRefused(answer, 429, -32000, 'rate_limited')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    limited.clock.advance(MINUTE)
    expect((await cat.post('/mcp', ping)).status).toBe(200)
  })

  test('the metrics count a call as the request that it makes', async () => {
    await using counted = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
    const cat = await counted.agent('cat')
    await cat.post('/mcp', toolCall('synapse_post', { channel: 'nowhere', body: 'x' }))
    const { text } = await counted.operator.get('/metrics')
    expect(text).toMatch(/route="POST \/v1\/messages",status="404"\} 1/)
    expect(text).toMatch(/route="POST \/mcp",status="200"\} 1/)
    expect(text).toMatch(/code="channel_not_found"\} 1/)
  })
})

test('while mcp.enabled is off there is no MCP, and clients are told so', async () => {
  const features = async () => (await ann.get<{ features: string[] }>('/v1/server')).body.features
  expect(await features()).toContain('mcp')
  await w.operator.put('/v1/config/mcp.enabled', { value: false })
  for (const method of ['POST', 'GET'])
    expectRefused(
      await ann.request(method, '/mcp', method === 'GET' ? undefined : ping),
      404,
      -32000,
      'not_found',
    )
  expect(await features()).not.toContain('mcp')
  const wellKnown = await w.guest.get<{ capabilities: { features: string[] } }>('/.well-known/synapse')
  expect(wellKnown.body.capabilities.features).not.toContain('mcp')
  await w.operator.delete('/v1/config/mcp.enabled')
  expect((await ann.post('/mcp', ping)).status).toBe(200)
})

test('while the server drains, tools that write are refused and tools that read are not', async () => {
  await w.operator.put('/v1/config/drain', { value: true })
  const call = async (name: string, given: Fields) => {
    const { body } = await ann.post<Called>('/mcp', toolCall(name, given))
    return body.result.structuredContent
  }
  expect(await call('synapse_post', { channel: 'general', body: 'x' })).toMatchObject({ code: 'draining' })
  expect(await call('synapse_check', {})).toHaveProperty('messages')
  await w.operator.put('/v1/config/drain', { value: false })
})

test('a retry key of the HTTP request applies to the act of the tool', async () => {
  const key = { 'idempotency-key': 'mcp-1' }
  const post = (body: string) =>
    ann.post<Called>('/mcp', toolCall('synapse_post', { channel: 'general', body }), key)
  const first = await post('keyed')
  const again = await post('keyed')
  const idOf = ({ body }: Answer<Called>) => body.result.structuredContent.id
  expect(idOf(again)).toBe(idOf(first))
  expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true'])
  for (const bad of ['', 'k'.repeat(129)])
    expectRefused(await ann.post('/mcp', ping, { 'idempotency-key': bad }), 400, -32600, 'validation_error')
  expect((await post('other')).body.result.structuredContent).toMatchObject({ code: 'idempotency_conflict' })
})

test('the log has neither tokens nor bodies of calls', async () => {
  await ann.post('/mcp', toolCall('synapse_post', { channel: 'nowhere', body: 'a-secret-word' }))
  w.clock.advance(SECOND)
  await w.restart()
  expect(w.log).toContain('"route":"POST /v1/messages"')
  expect(w.log).not.toContain('a-secret-word')
  expect(w.log).not.toContain(ann.secret)
})

test('the official client knows no other capabilities than tools', async () => {
  await using tools = await Tools.connect(w.url, ann.secret)
  const { client }: { client: Client } = tools
  expect(client.getServerCapabilities()).toEqual({ tools: {} })
})
