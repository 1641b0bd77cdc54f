import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { exchange, RawConnection } from '../support/raw-socket'
import { type Person, type World, world } from '../support/world'

/*
 * Malformed requests over raw TCP. Each is answered with 4xx or its connection is closed. The server never answers with
 * 5xx or not at all, stores nothing and logs no fault. (The listener itself answers 505 to anything but HTTP/1.)
 */

let w: World
let alice: Person
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  await w.channel('room')
  alice = await w.agent('alice', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const MESSAGE = '{"channel":"room","body":"x"}'
const HOST = 'Host: localhost\r\n'
const me = () => `${HOST}Authorization: Bearer ${alice.secret}\r\n`
const get = (path: string, extra = '') => `GET ${path} HTTP/1.1\r\n${me()}${extra}\r\n`
const post = (body: string, extra = '') =>
  `POST /v1/messages HTTP/1.1\r\n${me()}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${extra}\r\n${body}`
/** A post with the framing under test. */
const framed = (headers: string, body: string) => `POST /v1/messages HTTP/1.1\r\n${me()}${headers}\r\n${body}`

type Case = readonly [title: string, bytes: () => string | Uint8Array, status: number | 'refused']

const REFUSALS: readonly unknown[] = [400, 404, 405, 413, 414, 422, 431, 501, 505, 'closed']

/** Sends the bytes and checks that they have no effect. */
async function refuse(bytes: string | Uint8Array, status: number | 'refused'): Promise<void> {
  const before = await w.trace()
  const answer = await exchange(w.url, bytes, 4000)
  const came = typeof answer === 'string' ? answer : answer.status
  if (status === 'refused') expect(REFUSALS).toContain(came)
  else expect(came).toBe(status)
  if (typeof answer !== 'string' && answer.body !== '') {
    expect(JSON.parse(answer.body)).toMatchObject({
      code: expect.any(String),
      request_id: expect.any(String),
    })
    expect(answer.body).not.toMatch(/\/src\/|node_modules|\.ts:|at async/)
  }
  expect(await w.trace()).toEqual(before)
  expect((await w.guest.get('/healthz')).status).toBe(200)
  expect(w.log).not.toContain('"level":"error"')
}

describe('oversized requests', () => {
  const table: readonly Case[] = [
    ['a header of 18 kB', () => get('/healthz', `X-Big: ${'a'.repeat(18_000)}\r\n`), 431],
    ['cookies of 18 kB', () => get('/healthz', `Cookie: ${'c=x; '.repeat(1800)}\r\n`.repeat(2)), 431],
    ['a header of 1 MB', () => get('/healthz', `X-Big: ${'a'.repeat(1 << 20)}\r\n`), 431],
    [
      'ten thousand headers',
      () => get('/healthz', Array.from({ length: 10_000 }, (_, i) => `X-${i}: a\r\n`).join('')),
      431,
    ],
    ['an address of 1 MB', () => get(`/healthz?${'a'.repeat(1 << 20)}`), 431],
    [
      '100,000 parameters',
      () => get(`/v1/messages?${Array.from({ length: 100_000 }, (_, i) => `a${i}=1`).join('&')}`),
      431,
    ],
    [
      'a token of 8 kB',
      () => `GET /v1/auth/me HTTP/1.1\r\n${HOST}Authorization: Bearer ${'x'.repeat(8000)}\r\n\r\n`,
      401,
    ],
    ['a retry key of 1 kB', () => post(MESSAGE, `Idempotency-Key: ${'k'.repeat(1000)}\r\n`), 422],
    ['a body with a declared length of 2 MB', () => framed('Content-Length: 2000000\r\n', '{"a":'), 413],
    ['a body with a declared length of 100 MB', () => framed('Content-Length: 100000000\r\n', '{"a":'), 413],
    [
      'a body of 2 MB in chunks',
      () =>
        framed(
          'Transfer-Encoding: chunked\r\n',
          `${`10000\r\n${'a'.repeat(65_536)}\r\n`.repeat(32)}0\r\n\r\n`,
        ),
      413,
    ],
    ['deeply nested lists', () => post('['.repeat(200_000) + ']'.repeat(200_000)), 422],
    [
      'deeply nested objects',
      () =>
        post(`{"channel":"room","body":"x","metadata":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`),
      422,
    ],
    [
      'a page limit beyond all integers',
      () => get('/v1/messages?channel=room&limit=99999999999999999999'),
      422,
    ],
    ['a negative page limit', () => get('/v1/messages?channel=room&limit=-1'), 422],
    ['an id of 5 kB', () => get(`/v1/messages/${'a'.repeat(5000)}`), 400],
    ['a channel name of 5 kB', () => post(`{"channel":"${'a'.repeat(5000)}","body":"x"}`), 422],
  ]
  test.each([...table])('the server refuses %s', (_, bytes, status) => refuse(bytes(), status))

  test('unknown query parameters are ignored, however many', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `a${i}=1`).join('&')
    expect(await exchange(w.url, get(`/v1/messages?${many}&channel=room`))).toMatchObject({ status: 200 })
  })
})

describe('ambiguous framing (request smuggling)', () => {
  const table: readonly Case[] = [
    [
      'Content-Length before chunked',
      () => framed('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
      400,
    ],
    [
      'chunked before Content-Length',
      () => framed('Transfer-Encoding: chunked\r\nContent-Length: 6\r\n', '0\r\n\r\nG'),
      400,
    ],
    ['two Content-Length headers', () => framed('Content-Length: 6\r\nContent-Length: 5\r\n', '{"a":1'), 400],
    ['a list as Content-Length', () => framed('Content-Length: 5, 5\r\n', '{"a":'), 400],
    ['a Content-Length with a sign', () => framed('Content-Length: +5\r\n', '{"a":'), 400],
    ['a negative Content-Length', () => framed('Content-Length: -5\r\n', '{"a":'), 400],
    ['a hexadecimal Content-Length', () => framed('Content-Length: 0x5\r\n', '{"a":'), 400],
    [
      'a Content-Length beyond 64 bits',
      () => framed('Content-Length: 99999999999999999999\r\n', '{"a":'),
      400,
    ],
    ['an unknown coding', () => framed('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 'refused'],
    [
      'chunked before another coding',
      () => framed('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
      'refused',
    ],
    [
      'two Transfer-Encoding headers',
      () => framed('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'),
      'refused',
    ],
    ['a space after Transfer-Encoding', () => framed('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
    ['a space after Content-Length', () => framed('Content-Length : 5\r\n', '{"a":'), 400],
    ['a folded header', () => framed('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), 400],
    ['a chunk without a size', () => framed('Transfer-Encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n'), 400],
    [
      'a chunk with a negative size',
      () => framed('Transfer-Encoding: chunked\r\n', '-1\r\nabc\r\n0\r\n\r\n'),
      400,
    ],
    [
      'a chunk with a size beyond 63 bits',
      () => framed('Transfer-Encoding: chunked\r\n', 'ffffffffffffffff\r\nabc\r\n0\r\n\r\n'),
      400,
    ],
    ['lines that end in a line feed alone', () => 'GET /healthz HTTP/1.1\nHost: localhost\n\n', 'refused'],
    ['a header without a colon', () => get('/healthz', 'garbage\r\n'), 400],
    ['a header name with a space', () => get('/healthz', 'X A: b\r\n'), 400],
    ['a NUL in a header', () => get('/healthz', 'X-A: a\0b\r\n'), 400],
    ['a NUL in a header name', () => get('/healthz', 'X\0A: a\r\n'), 400],
    ['a request without Host', () => 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['HTTP/0.9', () => 'GET /healthz\r\n\r\n', 'refused'],
    ['HTTP/2 in clear text', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'refused'],
    ['HTTP/9.9', () => `GET /healthz HTTP/9.9\r\n${HOST}\r\n`, 'refused'],
    ['TLS', () => Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0]), 'refused'],
    ['an unknown method', () => `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`, 'refused'],
    ['CONNECT', () => `CONNECT localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 'refused'],
    ['TRACE', () => `TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, 405],
  ]
  test.each([...table])('the server refuses %s', (_, bytes, status) => refuse(bytes(), status))

  test('two pipelined requests in one packet are answered in order', async () => {
    using connection = await RawConnection.open(w.url)
    connection.write(get('/healthz') + get('/v1/auth/me'))
    await connection.when(() => connection.buffered.includes(alice.handle) || undefined)
    const text = connection.buffered.toString()
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    expect(text.indexOf('synapse')).toBeLessThan(text.indexOf(alice.handle))
  })
})

describe('paths and names with a special meaning elsewhere', () => {
  const table: readonly Case[] = [
    ['a NUL in a path', () => get('/v1/messages\0?channel=room'), 'refused'],
    ['a path with ..', () => get('/v1/../../etc/passwd'), 404],
    ['a path with an encoded ..', () => get('/v1/%2e%2e/%2e%2e/etc/passwd'), 404],
    ['a path with .. below the documentation', () => get('/docs/../../../etc/passwd'), 404],
    [
      'a path with an encoded .. below the documentation',
      () => get('/docs/..%2f..%2f..%2fetc%2fpasswd'),
      404,
    ],
    ['a path with two slashes', () => get('//v1/messages?channel=room'), 404],
    ['a path with an encoded slash', () => get('/v1%2fmessages?channel=room'), 404],
    ['a percent sign without hexadecimal digits', () => get('/v1/messages/%zz'), 400],
    ['a path that is not UTF-8', () => get('/v1/messages/%ff%fe'), 400],
    ['a NUL as an id', () => get('/v1/messages/%00'), 400],
    ['a NUL in a channel name', () => get('/v1/messages?channel=ro%00om'), 422],
    ['a control character in a channel name', () => get('/v1/messages?channel=ro%c2%85om'), 404],
    ['a bidirectional override in a channel name', () => get('/v1/messages?channel=ro%e2%80%aeom'), 404],
    ['a channel name that is a path', () => get('/v1/messages?channel=../room'), 404],
    ['__proto__ as a channel', () => get('/v1/messages?channel=__proto__'), 404],
    ['constructor as a channel', () => get('/v1/messages?channel=constructor'), 404],
    [
      'two channel parameters, of which the last counts',
      () => get('/v1/messages?channel=room&channel=nowhere'),
      404,
    ],
    ['a NUL in a body', () => post('{"channel":"room","body":"a\\u0000b"}'), 422],
    ['a lone surrogate in a body', () => post('{"channel":"room","body":"a\\ud800b"}'), 422],
    ['an empty body', () => post(''), 422],
    ['two tokens', () => `GET /v1/auth/me HTTP/1.1\r\n${me()}Authorization: Bearer x\r\n\r\n`, 401],
    [
      'many cookies',
      () => `GET /v1/auth/me HTTP/1.1\r\n${HOST}Cookie: ${'synapse_session=;'.repeat(200)}\r\n\r\n`,
      401,
    ],
  ]
  test.each([...table])('the server refuses %s', (_, bytes, status) => refuse(bytes(), status))

  const names = [
    'a\0b',
    'a\u0085b',
    'a\u202eb',
    'a\u200bb',
    '../a',
    'a/b',
    'a b',
    'ä',
    '%00',
    '__proto__',
    '.',
    'a\nb',
    '🚀',
  ]
  test.each(names)('neither a channel nor an account can be named %j', async (name) => {
    const before = await w.trace()
    const room = await w.operator.post('/v1/admin/channels', { slug: name, name: 'Room' })
    const account = await w.operator.post('/v1/admin/accounts', { kind: 'agent', handle: name })
    expect([400, 422]).toContain(room.status)
    expect([400, 422]).toContain(account.status)
    expect(await w.trace()).toEqual(before)
  })

  test('names of JavaScript properties are ordinary names', async () => {
    for (const name of ['constructor', 'hasownproperty', 'tostring', 'valueof']) {
      const room = await w.channel(name)
      const bob = await w.agent(`${name}-bob`, { channels: { [name]: 'member' } })
      await bob.posts(room, `hello @${name}-bob @constructor`, {
        metadata: { constructor: 1, ['__proto__']: 2 },
      })
      expect(await bob.hears(room)).toEqual([`hello @${name}-bob @constructor`])
    }
  })

  test('bidirectional text is stored unchanged, and showing it safely is up to the client', async () => {
    const body = 'a\u202eb\u2066c\u0007\u0085'
    await alice.posts('room', body)
    expect(await alice.hears('room', { order: 'desc', limit: 1 })).toEqual([body])
  })

  test('a host name of two or three letters is accepted', async () => {
    for (const host of ['a', 'pi', 'box', 'pi:80'])
      expect(
        await exchange(
          w.url,
          `GET /v1/auth/me HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${alice.secret}\r\n\r\n`,
        ),
      ).toMatchObject({ status: 200 })
  })
})

describe('clients that disconnect', () => {
  test('a client that disconnects in its body leaves nothing behind and causes no server error', async () => {
    const before = await w.trace()
    for (const bytes of [
      framed('Content-Length: 100\r\n', '{"channel"'),
      framed('Transfer-Encoding: chunked\r\n', '5\r\n{"cha'),
    ]) {
      const connection = await RawConnection.open(w.url)
      connection.write(bytes)
      // The request has reached its handler once a later one is answered.
      await w.guest.get('/healthz')
      connection[Symbol.dispose]()
    }
    await w.guest.get('/healthz')
    expect(await w.trace()).toEqual(before)
    expect(w.log).not.toContain('"level":"error"')
  })

  test('a client that disconnects during its answer does not affect others', async () => {
    for (let round = 0; round < 20; round++) {
      const connection = await RawConnection.open(w.url)
      connection.write(get('/openapi.json').repeat(5))
      connection[Symbol.dispose]()
    }
    expect((await w.guest.get('/healthz')).status).toBe(200)
    expect(w.log).not.toContain('"level":"error"')
  })
})
