// What is repeated, with which key, after which pause; and what is not. Errors that a real server answers rarely come from a
// server of the test before it.
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect, SynapseError } from '@synapse/client'
import { timing } from '../../packages/client/src/time'
import { rejectionOf } from '../home/temporary'
import { until } from '../support/sockets'
import { Room } from './room'

setDefaultTimeout(60_000)

const usual = { ...timing }
afterEach(() => void Object.assign(timing, usual))

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

/** What a browser does when the network is back. */
const sayOnline = () => (globalThis as unknown as EventTarget).dispatchEvent(new Event('online'))

type Trouble = () => Response | Promise<Response>
interface Seen {
  readonly path: string
  readonly key: string | null
  readonly at: number
}

/** A server that answers with these troubles first, and passes everything on afterwards. */
function troubled(troubles: Trouble[]) {
  const seen: Seen[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      seen.push({ path: pathname, key: request.headers.get('idempotency-key'), at: performance.now() })
      const trouble = troubles.shift()
      if (trouble) return trouble()
      const { method, headers, body } = request
      return fetch(`${room.url}${pathname}${search}`, { method, headers, body })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, seen, [Symbol.asyncDispose]: () => server.stop(true) }
}

const refusal =
  (status: number, code: string, extra: object = {}) =>
  () =>
    Response.json({ detail: 'Refused', code, request_id: 'r1', ...extra }, { status })

describe('a post', () => {
  const passing: [title: string, troubles: Trouble[]][] = [
    ['429 with a time', [refusal(429, 'rate_limited', { retry_after: 0 })]],
    ['500', [refusal(500, 'internal'), refusal(500, 'internal'), refusal(500, 'internal')]],
    ['503', [refusal(503, 'unavailable', { retry_after: 0 })]],
    ['a page of a proxy', [() => new Response('<h1>Bad gateway</h1>', { status: 502 })]],
    ['a wrong page', [() => new Response('<h1>Welcome</h1>', { headers: { 'content-type': 'text/html' } })]],
  ]
  test.each(passing.slice(0, 4))('is repeated with its key after %s', async (_, troubles) => {
    Object.assign(timing, { soon: 5, pause: 5 })
    const count = troubles.length
    await using proxy = troubled([...troubles])
    const ann = connect({ url: proxy.url, token: await room.token('ann') })
    expect((await ann.post('general', 'hi')).body).toBe('hi')
    expect(proxy.seen).toHaveLength(count + 1)
    expect(new Set(proxy.seen.map(({ key }) => key)).size).toBe(1)
    expect(proxy.seen[0]?.key).toMatch(/^[0-9a-f]{32}$/)
  })

  test('is stored once, although its answer was lost', async () => {
    Object.assign(timing, { soon: 5, pause: 5, answer: 500 })
    const token = await room.token('ann')
    let stored: unknown
    await using proxy = troubled([
      async () => {
        stored = await connect({ url: room.url, token })
          .post('general', 'only once', { key: proxy.seen[0]?.key ?? '' })
          .then(({ id }) => id)
        return new Promise<Response>(() => undefined)
      },
    ])
    expect((await connect({ url: proxy.url, token }).post('general', 'only once')).id).toBe(String(stored))
  })

  test('waits for as long as the server says', async () => {
    await using proxy = troubled([refusal(429, 'rate_limited', { retry_after: 1 })])
    await connect({ url: proxy.url, token: await room.token('ann') }).post('general', 'hi')
    const [first, second] = proxy.seen
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990)
  })

  const lasting: [title: string, trouble: Trouble, code: string][] = [
    ['429 without a time', refusal(429, 'chain_limit', { limit: 1, used: 1 }), 'chain_limit'],
    ['429 with a long time', refusal(429, 'paused', { retry_after: 900 }), 'paused'],
    ['403', refusal(403, 'not_a_member'), 'not_a_member'],
    ['409', refusal(409, 'idempotency_conflict'), 'idempotency_conflict'],
    ['507', refusal(507, 'storage_full'), 'storage_full'],
    ['the page of something else', passing[4]?.[1][0] ?? refusal(500, 'none'), 'unexpected_answer'],
  ]
  test.each(lasting)('is not repeated after %s', async (_, trouble, code) => {
    await using proxy = troubled([trouble])
    const ann = connect({ url: proxy.url, token: await room.token('ann') })
    expect(await rejectionOf(ann.post('general', 'hi'))).toMatchObject({ code })
    expect(proxy.seen).toHaveLength(1)
  })

  test('is given up when the server keeps failing, and says why', async () => {
    Object.assign(timing, { soon: 5, pause: 5 })
    await using proxy = troubled(Array.from({ length: 10 }, () => refusal(500, 'internal')))
    const ann = connect({ url: proxy.url, token: await room.token('ann') })
    const error = await rejectionOf(ann.post('general', 'hi'))
    expect(error).toMatchObject({ status: 500, code: 'internal', requestId: 'r1' })
    expect(proxy.seen).toHaveLength(4)
  })

  test('is repeated while there is no connection, and fails when that takes too long', async () => {
    Object.assign(timing, { soon: 5, pause: 5, patience: 200 })
    const error = await rejectionOf(connect({ url: 'http://127.0.0.1:9', token: 'x' }).post('general', 'hi'))
    expect(error).toMatchObject({ status: 0, code: 'network' })
  })

  test('survives a server that is killed and started again', async () => {
    const ann = await room.as('ann')
    await room.server.kill()
    const posted = ann.post('general', 'over a crash')
    await room.start()
    expect((await posted).body).toBe('over a crash')
  })
})

test('a pause ends when the network is back, except one that the server asked for', async () => {
  const token = await room.token('ann')
  timing.soon = 3_600_000
  timing.patience = 7_200_000
  await using cut = troubled([() => new Response('<h1>Bad gateway</h1>', { status: 502 })])
  const posted = connect({ url: cut.url, token }).post('general', 'back again')
  await until('the first attempt', () => cut.seen.length === 1)
  await until('the second attempt', () => {
    sayOnline()
    return cut.seen.length === 2
  })
  await posted
  await using busy = troubled([refusal(503, 'unavailable', { retry_after: 1 })])
  const start = performance.now()
  const later = connect({ url: busy.url, token }).post('general', 'later')
  await until('the second attempt', () => {
    sayOnline()
    return busy.seen.length === 2
  })
  expect(performance.now() - start).toBeGreaterThan(990)
  await later
})

test('a body that can be sent once is not sent again', async () => {
  await using proxy = troubled([refusal(503, 'unavailable', { retry_after: 0 })])
  const ann = connect({ url: proxy.url, token: await room.token('ann') })
  const body = new Blob(['a note']).stream()
  const headers = { 'content-type': 'text/plain' }
  expect(await rejectionOf(ann.request('POST /v1/attachments', { body, headers }))).toMatchObject({
    code: 'unavailable',
  })
  const again = new Blob(['a note']).stream()
  expect(await ann.request('POST /v1/attachments', { body: again, headers })).toMatchObject({ size: 6 })
})

test('a PATCH is repeated only if the server has done nothing', async () => {
  Object.assign(timing, { soon: 5, pause: 5 })
  const token = await room.token('ann')
  const { id } = await connect({ url: room.url, token }).post('general', 'hi')
  const edit = (url: string) =>
    connect({ url, token }).request('PATCH /v1/messages/{id}', { path: { id }, body: { body: 'edited' } })
  await using busy = troubled([refusal(503, 'unavailable')])
  expect((await edit(busy.url)).body).toBe('edited')
  await using failing = troubled([refusal(500, 'internal')])
  expect(await rejectionOf(edit(failing.url))).toMatchObject({ code: 'internal' })
  expect(failing.seen).toHaveLength(1)
})

test('a signal ends every call with its reason, also a pause', async () => {
  await using proxy = troubled(
    Array.from({ length: 50 }, () => refusal(503, 'unavailable', { retry_after: 50 })),
  )
  const ann = connect({ url: proxy.url, token: await room.token('ann') })
  const reason = new Error('enough')
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => ann.post('general', 'hi', { signal }),
    (signal) => ann.request('GET /v1/channels', { signal }),
    (signal) => ann.inbox({ signal }).next(),
    (signal) => ann.claim('job:x', { signal }),
    (signal) => ann.history('general', { signal }).next(),
    (signal) => ann.awaitMessage({ channel: 'general', signal }),
    (signal) => ann.ask('general', 'Really?', ['yes', 'no'], { signal }),
    (signal) => ann.working('hard', { signal }),
  ]
  for (const call of calls) {
    const before = AbortSignal.abort(reason)
    expect(await rejectionOf(call(before))).toBe(reason)
    const controller = new AbortController()
    const ended = rejectionOf(call(controller.signal))
    setTimeout(() => controller.abort(reason), 50)
    expect(await ended).toBe(reason)
  }
})

test('a request that is malformed says what is wrong with it', async () => {
  const error = await rejectionOf((await room.as('ann')).post('general', ''))
  expect(error).toBeInstanceOf(SynapseError)
  expect(error).toMatchObject({ status: 422, code: 'validation_error' })
  const { issues, detail } = error as SynapseError
  expect(issues[0]).toMatchObject({ loc: ['body', 'body'] })
  expect(detail).toStartWith('body.body: ')
})

test.each([
  [{ url: 'nowhere' }, 'is not an address'],
  [{ url: 'ftp://example.org' }, 'begins with http'],
  [{ url: 'http://ann:secret@example.org' }, 'has a user or a password'],
  [{ url: 'http://example.org', token: 'a\nb' }, 'the token'],
  [{ token: 'x' }, 'is needed outside of a page'],
])('connect refuses %j', (options, words) => {
  expect(() => connect(options)).toThrow(words)
})

test('an error never shows the token', async () => {
  const token = 'syn_secret-secret'
  const error = await rejectionOf(connect({ url: room.url, token }).request('GET /v1/auth/me'))
  expect(Bun.inspect(error)).not.toContain('secret-secret')
})

test('a redirect is not followed, because it would get the token, and the error names its address', async () => {
  const token = await room.token('ann')
  const authorizations: (string | null)[] = []
  const other = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ headers }) => {
      authorizations.push(headers.get('authorization'))
      return Response.json({})
    },
  })
  const address = `http://127.0.0.1:${other.port}/v1/messages`
  await using proxy = troubled([() => Response.redirect(address, 307), () => Response.redirect(address, 301)])
  const ann = connect({ url: proxy.url, token })
  for (const call of [() => ann.post('general', 'hi'), () => ann.stream().next()]) {
    const error = await rejectionOf(call())
    expect(error).toMatchObject({ code: 'unexpected_answer', detail: expect.stringContaining(address) })
  }
  expect(authorizations).toEqual([])
  await other.stop(true)
})

test('a server below a path is reached there', async () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) => Response.json({ path: new URL(url).pathname }),
  })
  const client = connect({ url: `http://127.0.0.1:${server.port}/synapse/` })
  expect(await client.request('GET /v1/auth/me')).toEqual({ path: '/synapse/v1/auth/me' } as never)
  await server.stop(true)
})

describe('answers that are not JSON', () => {
  test('a file is uploaded as it is, and downloaded as a Response', async () => {
    const ann = await room.as('ann')
    const bytes = new TextEncoder().encode('a note')
    const { id } = await ann.request('POST /v1/attachments', {
      body: bytes,
      headers: { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="note.txt"' },
    })
    await ann.post('general', 'look', { attachments: [id] })
    const answer = await ann.request('GET /v1/attachments/{id}', { path: { id } })
    expect(await answer.text()).toBe('a note')
    const json = await ann.request('POST /v1/attachments', {
      body: new Blob(['{"a":1}']),
      headers: { 'content-type': 'application/json' },
    })
    const file = await ann.request('GET /v1/attachments/{id}', { path: { id: json.id } })
    expect(await file.text()).toBe('{"a":1}')
  })

  test('204 is undefined', async () => {
    const ann = await room.as('ann')
    const { id } = await ann.post('general', 'oops')
    expect(await ann.request('DELETE /v1/messages/{id}', { path: { id } })).toBeUndefined()
  })

  test('a path parameter that is missing or names another path is refused, and others are encoded', async () => {
    const ann = await room.as('ann')
    const { id } = await ann.post('general', 'react')
    expect(await rejectionOf(ann.request('GET /v1/messages/{id}', { path: {} } as never))).toMatchObject({
      message: expect.stringContaining('path.id'),
    })
    for (const wrong of ['', '.', '..'])
      expect(
        await rejectionOf(ann.request('DELETE /v1/messages/{id}', { path: { id: wrong } })),
      ).toMatchObject({ message: expect.stringContaining('path.id') })
    const path = { id, emoji: '👍' }
    expect(await ann.request('PUT /v1/messages/{id}/reactions/{emoji}', { path })).toMatchObject({
      reactions: [{ emoji: '👍', count: 1 }],
    })
  })
})
