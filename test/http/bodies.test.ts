import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, type Message, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf, leavesNoTrace } from './refusals'

/** Everything a request body may consist of, as raw bytes. */
let w: World
let ann: Person

beforeAll(async () => {
  w = await world()
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const LIMIT = 1_048_576

/** Sends these bytes unchanged, without a Content-Type unless one is given. */
function send(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Answer<Message>> {
  return ann.fetch('/v1/messages', { method: 'POST', body: body ?? null, headers })
}

/** A text in several chunks, without a Content-Length. */
function inPieces(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let sent = 0
  return new ReadableStream({
    pull: (controller) => {
      if (sent >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(sent, sent + size))
      sent += size
    },
  })
}

const message = (body: string) => JSON.stringify({ channel: 'general', body })
/** A message as JSON of exactly this many bytes. */
const padded = (bytes: number) => message('hi').padEnd(bytes, ' ')

describe('the media type of a body', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.api+json',
    'text/json',
    // An empty media type counts as none.
    '',
    ' ',
    ';charset=utf-8',
  ])('the media type %j is accepted as JSON', async (type) => {
    expect((await send(message('hi'), { 'content-type': type })).status).toBe(201)
  })

  test('a body without a media type is read as JSON', async () => {
    // Bytes, because a string would be sent as text/plain.
    expect((await send(new TextEncoder().encode(message('hi')))).status).toBe(201)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    // A browser sends these for any page without a preflight, whatever their parameters are.
    'text/plain; charset=json',
    'text/plain;x=application/json',
    'multipart/form-data; boundary=json',
  ])('the media type %s is refused', async (type) => {
    await leavesNoTrace(w, async () => {
      const { status, body } = await send(message('hi'), { 'content-type': type })
      expect([status, body]).toMatchObject([415, { code: 'unsupported_media_type' }])
    })
  })
})

describe('the content coding of a body', () => {
  test.each(['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'gzip, identity'])(
    'the content coding %s is refused',
    async (coding) => {
      await leavesNoTrace(w, async () => {
        const answer = await send(Bun.gzipSync(new TextEncoder().encode(message('hi'))), {
          'content-type': 'application/json',
          'content-encoding': coding,
        })
        expect([answer.status, answer.body]).toMatchObject([
          415,
          { code: 'unsupported_media_type', detail: expect.stringContaining('Content-Encoding') },
        ])
        expect(answer.headers.get('accept-encoding')).toBe('identity')
      })
    },
  )

  test.each(['identity', 'Identity', ''])('the content coding %j means no coding', async (coding) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    expect((await send(message('hi'), headers)).status).toBe(201)
  })
})

describe('invalid JSON', () => {
  const rows: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['half an object', '{"channel":"general"'],
    ['two objects', '{}{}'],
    ['a bare word', 'nonsense'],
    ['JSON with a comment', '{} // x'],
    ['JSON with single quotes', "{'channel':'general'}"],
    ['JSON with a trailing comma', '{"channel":"general",}'],
    ['JSON with a control character in a string', '{"channel":"general","body":"a\u0001b"}'],
    ['NaN', '{"channel":"general","body":"x","metadata":{"a":NaN}}'],
    [
      'made of bytes that are not UTF-8',
      Uint8Array.from([...new TextEncoder().encode('{"channel":"'), 0xff, 0xfe, 0x22, 0x7d]),
    ],
    [
      'cut off inside a character',
      Uint8Array.from([...new TextEncoder().encode(message('x')).slice(0, -2), 0xf0, 0x9f, 0x22, 0x7d]),
    ],
    ['encoded in UTF-16', new Uint8Array(Buffer.from(message('hi'), 'utf16le'))],
    ['a single NUL', Uint8Array.from([0])],
  ]
  test.each(rows)('a body is refused when it is %s', async (_, bytes) => {
    await leavesNoTrace(w, async () => {
      const answer = await send(bytes, { 'content-type': 'application/json' })
      expect(issuesOf(answer)).toEqual(['json_invalid body.0'])
      expect(answer.body).toMatchObject({ detail: [{ input: null }] })
    })
  })

  test('a byte order mark before JSON is ignored', async () => {
    expect((await send(`\ufeff${message('hi')}`, { 'content-type': 'application/json' })).status).toBe(201)
  })
})

describe('strings that cannot be stored', () => {
  test.each([
    ['a lone high surrogate', '"\\ud800"', 'string_unicode'],
    ['a lone low surrogate', '"\\udc00x"', 'string_unicode'],
    ['a NUL character', '"a\\u0000b"', 'value_error'],
  ])('a string with %s is refused', async (_, literal, type) => {
    await leavesNoTrace(w, async () => {
      for (const name of ['channel', 'body', 'client_msg_id', 'thread_id', 'reply_to', 'body_format']) {
        const sent = { channel: 'general', body: 'hi', [name]: 'HERE' }
        const answer = await send(JSON.stringify(sent).replace('"HERE"', literal), {
          'content-type': 'application/json',
        })
        expect(issuesOf(answer)).toContain(`${type} body.${name}`)
      }
    })
  })

  test.each([
    ['a value', '{"a":"\\ud800"}', 'body.metadata.a'],
    ['a nested value', '{"a":[{"b":["x","\\udc00x"]}]}', 'body.metadata.a.0.b.1'],
    ['a key', '{"b\\ud800":1}', 'body.metadata'],
    ['a nested key', '{"a":{"c":{"\\udfff":{}}}}', 'body.metadata.a.c'],
    ['an element of a list', '["\\ud800"]', undefined],
  ])('a lone surrogate in metadata is refused as %s', async (_, metadata, place) => {
    await leavesNoTrace(w, async () => {
      const answer = await send(`{"channel":"general","body":"hi","metadata":${metadata}}`, {
        'content-type': 'application/json',
      })
      expect(issuesOf(answer)).toEqual([place ? `string_unicode ${place}` : 'dict_type body.metadata'])
      // The answer itself has to be valid Unicode.
      expect(answer.text).not.toContain('\\ud')
    })
  })

  test('a NUL in metadata is stored as its JSON escape', async () => {
    const text = '{"channel":"general","body":"hi","metadata":{"a":"x\\u0000y","😀":"\\ud83d\\ude00"}}'
    const answer = await send(text, { 'content-type': 'application/json' })
    expect(answer.status).toBe(201)
    expect(answer.body.metadata).toEqual({ a: 'x\0y', '😀': '😀' })
    expect((await ann.get<Message>(`/v1/messages/${answer.body.id}`)).body.metadata).toEqual(
      answer.body.metadata,
    )
  })

  test('a lone surrogate that was stored earlier is shown as U+FFFD, so that its page stays readable', async () => {
    const { id } = await ann.posts('general', 'old', { metadata: { a: ['HALF'], KEY: '\\ud800' } })
    await w.sql(`UPDATE messages SET extra = replace(replace(extra, 'HALF', '\\ud800'), 'KEY', '\\udc00')`)
    const { text } = await ann.get(`/v1/messages/${id}`)
    expect(text).toContain('"metadata":{"a":["\ufffd"],"\ufffd":"\\\\ud800"}')
  })
})

describe('unusual JSON', () => {
  test.each([1000, 100_000])('%d levels of nesting never cause a server error', async (levels) => {
    const deep = '['.repeat(levels) + ']'.repeat(levels)
    for (const text of [
      deep,
      `{"channel":"general","body":${deep}}`,
      `{"channel":"general","body":"hi","metadata":{"a":${deep}}}`,
      `{"channel":"general","body":"hi","unknown":${deep}}`,
      `{"channel":"general","body":"hi","unknown":${deep},"client_msg_id":"deep-${levels}"}`,
    ]) {
      const { status } = await send(text, { 'content-type': 'application/json' })
      expect([text.slice(0, 60), [201, 422].includes(status)]).toEqual([text.slice(0, 60), true])
    }
  })

  test('a hundred levels of nesting are accepted, and brackets in strings do not count', async () => {
    const long = 'x'.repeat(5000)
    // The message itself is the first level.
    const nested = (levels: number) =>
      `{"channel":"general","body":"${long}","unknown":${'[{"a":'.repeat((levels - 1) / 2)}1${'}]'.repeat((levels - 1) / 2)}}`
    const texts = [String.raw`\"`, String.raw`\\`, String.raw`\"\\\"`].map(
      (edge) => `${edge}${'['.repeat(200)}${edge}`,
    )
    const written = `{"channel":"general","body":"${long}","unknown":{${texts.map((text) => `"${text}":"${text}"`)}}}`
    const json = { 'content-type': 'application/json' }
    expect((await send(nested(99), json)).status).toBe(201)
    expect((await send(written, json)).status).toBe(201)
    const beside = `{"channel":"general","body":"${long}","unknown":[${'[{}],'.repeat(200)}1]}`
    expect((await send(beside, json)).status).toBe(201)
    expect(issuesOf(await send(nested(101), json))).toEqual(['json_invalid body.0'])
  })

  test('numbers beyond the range of a double are refused', async () => {
    const { status, body } = await send('{"channel":1e400,"body":-1e400}', {
      'content-type': 'application/json',
    })
    expect([status, body]).toMatchObject([422, { detail: [{ input: null }, { input: null }] }])
    for (const limit of ['9'.repeat(15), '9'.repeat(400), '-1', '1e400', 'NaN', 'Infinity'])
      expect((await ann.reads('general', { limit })).status).toBe(422)
  })

  test('the last of several equal keys counts', async () => {
    const text = '{"channel":"nowhere","body":"one","channel":"general","body":"two"}'
    expect((await send(text, { 'content-type': 'application/json' })).body).toMatchObject({ body: 'two' })
  })

  test('a key with a special meaning in JavaScript has no special meaning in a body', async () => {
    const text = '{"__proto__":{"channel":"general"},"body":"hi"}'
    expect(issuesOf(await send(text, { 'content-type': 'application/json' }))).toEqual([
      'missing body.channel',
    ])
    const kept = '{"channel":"general","body":"hi","metadata":{"__proto__":{"a":1},"constructor":2}}'
    const { text: answered } = await send(kept, { 'content-type': 'application/json' })
    expect(answered).toContain('"metadata":{"__proto__":{"a":1},"constructor":2}')
  })
})

describe('a body over http.max_body', () => {
  const refused = {
    code: 'payload_too_large',
    detail: `The body is over the limit of ${LIMIT} bytes (http.max_body)`,
    limit: LIMIT,
  }

  test('a body is refused by its Content-Length before it is read', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: Number(new URL(w.url).port),
      socket: { data: (_, data) => resolve(data.toString()) },
    })
    const head = ['POST /v1/messages HTTP/1.1', 'host: x', `authorization: ${ann.credential.authorization}`]
    socket.write([...head, 'content-type: application/json', 'content-length: 2000000', '', '{'].join('\r\n'))
    const answer = await promise
    socket.end()
    expect(answer).toStartWith('HTTP/1.1 413 ')
  })

  test('a body without a Content-Length is refused while it is read', async () => {
    await leavesNoTrace(w, async () => {
      for (const answer of [
        await send(inPieces(padded(LIMIT + 1), 65_536)),
        await send(padded(LIMIT + 1), { 'content-type': 'application/json' }),
      ])
        expectRefusal(answer, 413, refused)
    })
  })

  test('a body is too large from one byte above the limit', async () => {
    expect((await send(inPieces(padded(LIMIT), 65_536))).status).toBe(201)
    expect((await send(padded(LIMIT), { 'content-type': 'application/json' })).status).toBe(201)
  })

  test('the operator can change the limit', async () => {
    await using small = await world({ settings: { SYNAPSE_HTTP_MAX_BODY: '1024' } })
    const login = (size: number) =>
      small.guest.fetch('/v1/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"handle":"x"}'.padEnd(size, ' '),
      })
    expect((await login(1024)).status).toBe(422)
    expect(await login(1025)).toMatchObject({ status: 413, body: { limit: 1024 } })
  })
})
