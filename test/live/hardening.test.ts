import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { exchange, RawConnection } from '../support/raw-socket'
import { type Person, type World, world } from '../support/world'

/*
 * Requests that no client sends, over raw TCP. Each is answered with 4xx, or the connection is closed: never a 5xx of
 * ours, never silence, nothing stored, nothing in the log that looks like a fault. (505 is the listener's own word for
 * what is not HTTP/1.)
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
/** A post whose framing is the test. */
const framed = (headers: string, body: string) => `POST /v1/messages HTTP/1.1\r\n${me()}${headers}\r\n${body}`

type Case = readonly [title: string, bytes: () => string | Uint8Array, status: number | 'refused']

const REFUSALS: readonly unknown[] = [400, 404, 405, 413, 414, 422, 431, 501, 505, 'closed']

/** Sends it and checks that nothing came of it. */
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

describe('too much', () => {
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
    ['a body that says it has 2 MB', () => framed('Content-Length: 2000000\r\n', '{"a":'), 413],
    ['a body that says it has 100 MB', () => framed('Content-Length: 100000000\r\n', '{"a":'), 413],
    [
      'a body of 2 MB in chunks',
      () =>
        framed(
          'Transfer-Encoding: chunked\r\n',
          `${`10000\r\n${'a'.repeat(65_536)}\r\n`.repeat(32)}0\r\n\r\n`,
        ),
      413,
    ],
    ['lists in lists in lists', () => post('['.repeat(200_000) + ']'.repeat(200_000)), 422],
    [
      'objects in objects in objects',
      () =>
        post(`{"channel":"room","body":"x","metadata":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`),
      422,
    ],
    ['a page of more than there is', () => get('/v1/messages?channel=room&limit=99999999999999999999'), 422],
    ['a page of less than nothing', () => get('/v1/messages?channel=room&limit=-1'), 422],
    ['an id of 5 kB', () => get(`/v1/messages/${'a'.repeat(5000)}`), 400],
    ['a channel name of 5 kB', () => post(`{"channel":"${'a'.repeat(5000)}","body":"x"}`), 422],
  ]
  test.each([...table])('%s', (_, bytes, status) => refuse(bytes(), status))

  test('many parameters that nobody asked for are looked over', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `a${i}=1`).join('&')
    expect(await exchange(w.url, get(`/v1/messages?${many}&channel=room`))).toMatchObject({ status: 200 })
  })
})

describe('framing by which one request could be read as two', () => {
  const table: readonly Case[] = [
    [
      'length and chunks',
      () => framed('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
      400,
    ],
    [
      'chunks and length',
      () => framed('Transfer-Encoding: chunked\r\nContent-Length: 6\r\n', '0\r\n\r\nG'),
      400,
    ],
    ['two lengths', () => framed('Content-Length: 6\r\nContent-Length: 5\r\n', '{"a":1'), 400],
    ['a list of lengths', () => framed('Content-Length: 5, 5\r\n', '{"a":'), 400],
    ['a length with a sign', () => framed('Content-Length: +5\r\n', '{"a":'), 400],
    ['a length below zero', () => framed('Content-Length: -5\r\n', '{"a":'), 400],
    ['a hexadecimal length', () => framed('Content-Length: 0x5\r\n', '{"a":'), 400],
    ['a length beyond all numbers', () => framed('Content-Length: 99999999999999999999\r\n', '{"a":'), 400],
    ['an unknown coding', () => framed('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 'refused'],
    [
      'chunked, but not last',
      () => framed('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
      'refused',
    ],
    [
      'two codings',
      () => framed('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'),
      'refused',
    ],
    ['a coding behind a space', () => framed('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
    ['a length behind a space', () => framed('Content-Length : 5\r\n', '{"a":'), 400],
    ['a folded header', () => framed('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), 400],
    ['a chunk without a size', () => framed('Transfer-Encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n'), 400],
    [
      'a chunk of less than nothing',
      () => framed('Transfer-Encoding: chunked\r\n', '-1\r\nabc\r\n0\r\n\r\n'),
      400,
    ],
    [
      'a chunk beyond all numbers',
      () => framed('Transfer-Encoding: chunked\r\n', 'ffffffffffffffff\r\nabc\r\n0\r\n\r\n'),
      400,
    ],
    ['lines that end in a line feed alone', () => 'GET /healthz HTTP/1.1\nHost: localhost\n\n', 'refused'],
    ['a header without a colon', () => get('/healthz', 'garbage\r\n'), 400],
    ['a header name with a space', () => get('/healthz', 'X A: b\r\n'), 400],
    ['NUL in a header', () => get('/healthz', 'X-A: a\0b\r\n'), 400],
    ['NUL in a header name', () => get('/healthz', 'X\0A: a\r\n'), 400],
    ['no host', () => 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['HTTP/0.9', () => 'GET /healthz\r\n\r\n', 'refused'],
    ['HTTP/2 in clear text', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'refused'],
    ['HTTP/9.9', () => `GET /healthz HTTP/9.9\r\n${HOST}\r\n`, 'refused'],
    ['TLS', () => Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0]), 'refused'],
    ['an unknown method', () => `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`, 'refused'],
    ['a tunnel', () => `CONNECT localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 'refused'],
    ['TRACE', () => `TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, 405],
  ]
  test.each([...table])('%s', (_, bytes, status) => refuse(bytes(), status))

  test('two requests in one piece are answered one after the other', async () => {
    using connection = await RawConnection.open(w.url)
    connection.write(get('/healthz') + get('/v1/auth/me'))
    await connection.when(() => connection.buffered.includes(alice.handle) || undefined)
    const text = connection.buffered.toString()
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    expect(text.indexOf('synapse')).toBeLessThan(text.indexOf(alice.handle))
  })
})

describe('paths and names that mean something elsewhere', () => {
  const table: readonly Case[] = [
    ['NUL in a path', () => get('/v1/messages\0?channel=room'), 'refused'],
    ['the way up', () => get('/v1/../../etc/passwd'), 404],
    ['the way up, encoded', () => get('/v1/%2e%2e/%2e%2e/etc/passwd'), 404],
    ['the way up from the documentation', () => get('/docs/../../../etc/passwd'), 404],
    ['the way up from the documentation, encoded', () => get('/docs/..%2f..%2f..%2fetc%2fpasswd'), 404],
    ['two slashes', () => get('//v1/messages?channel=room'), 404],
    ['an encoded slash', () => get('/v1%2fmessages?channel=room'), 404],
    ['a percent sign that encodes nothing', () => get('/v1/messages/%zz'), 400],
    ['bytes that are no text', () => get('/v1/messages/%ff%fe'), 400],
    ['NUL as an id', () => get('/v1/messages/%00'), 400],
    ['NUL in a channel name', () => get('/v1/messages?channel=ro%00om'), 422],
    ['a control character in a channel name', () => get('/v1/messages?channel=ro%c2%85om'), 404],
    ['a change of direction in a channel name', () => get('/v1/messages?channel=ro%e2%80%aeom'), 404],
    ['a channel name that is a path', () => get('/v1/messages?channel=../room'), 404],
    ['__proto__ as a channel', () => get('/v1/messages?channel=__proto__'), 404],
    ['constructor as a channel', () => get('/v1/messages?channel=constructor'), 404],
    [
      'a channel twice, of which the last counts',
      () => get('/v1/messages?channel=room&channel=nowhere'),
      404,
    ],
    ['NUL in a body', () => post('{"channel":"room","body":"a\\u0000b"}'), 422],
    ['half a surrogate pair', () => post('{"channel":"room","body":"a\\ud800b"}'), 422],
    ['an empty body', () => post(''), 422],
    ['two tokens', () => `GET /v1/auth/me HTTP/1.1\r\n${me()}Authorization: Bearer x\r\n\r\n`, 401],
    [
      'many cookies',
      () => `GET /v1/auth/me HTTP/1.1\r\n${HOST}Cookie: ${'synapse_session=;'.repeat(200)}\r\n\r\n`,
      401,
    ],
  ]
  test.each([...table])('%s', (_, bytes, status) => refuse(bytes(), status))

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
  test.each(names)('no channel and no account is called %j', async (name) => {
    const before = await w.trace()
    const room = await w.operator.post('/v1/admin/channels', { slug: name, name: 'Room' })
    const account = await w.operator.post('/v1/admin/accounts', { kind: 'agent', handle: name })
    expect([400, 422]).toContain(room.status)
    expect([400, 422]).toContain(account.status)
    expect(await w.trace()).toEqual(before)
  })

  test('names that objects have are names like any other', async () => {
    for (const name of ['constructor', 'hasownproperty', 'tostring', 'valueof']) {
      const room = await w.channel(name)
      const bob = await w.agent(`${name}-bob`, { channels: { [name]: 'member' } })
      await bob.posts(room, `hello @${name}-bob @constructor`, {
        metadata: { constructor: 1, ['__proto__']: 2 },
      })
      expect(await bob.hears(room)).toEqual([`hello @${name}-bob @constructor`])
    }
  })

  test('text that changes its direction is kept as it is: it is for the reader to show it safely', async () => {
    const body = 'a\u202eb\u2066c\u0007\u0085'
    await alice.posts('room', body)
    expect(await alice.hears('room', { order: 'desc', limit: 1 })).toEqual([body])
  })

  test('a host of two or three letters is a host like any other', async () => {
    for (const host of ['a', 'pi', 'box', 'pi:80'])
      expect(
        await exchange(
          w.url,
          `GET /v1/auth/me HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${alice.secret}\r\n\r\n`,
        ),
      ).toMatchObject({ status: 200 })
  })
})

describe('a client that breaks off', () => {
  test('in its body leaves nothing behind, and is no fault of the server', async () => {
    const before = await w.trace()
    for (const bytes of [
      framed('Content-Length: 100\r\n', '{"channel"'),
      framed('Transfer-Encoding: chunked\r\n', '5\r\n{"cha'),
    ]) {
      const connection = await RawConnection.open(w.url)
      connection.write(bytes)
      // The request has reached its handler when one that came later has been answered.
      await w.guest.get('/healthz')
      connection[Symbol.dispose]()
    }
    await w.guest.get('/healthz')
    expect(await w.trace()).toEqual(before)
    expect(w.log).not.toContain('"level":"error"')
  })

  test('while its answer is on its way harms nobody', async () => {
    for (let round = 0; round < 20; round++) {
      const connection = await RawConnection.open(w.url)
      connection.write(get('/openapi.json').repeat(5))
      connection[Symbol.dispose]()
    }
    expect((await w.guest.get('/healthz')).status).toBe(200)
    expect(w.log).not.toContain('"level":"error"')
  })
})
