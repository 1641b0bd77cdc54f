// A client may write anything into the request line and the headers: the answer is below 500, also over TLS.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { temporaryDirectory } from '../home/temporary'
import { selfSigned } from '../support/certificate'
import { type Person, type World, world } from '../support/world'

interface Place {
  readonly w: World
  readonly alice: Person
}

const places: Record<string, Place> = {}
const stack = new AsyncDisposableStack()
const hasOpenssl = Bun.which('openssl') !== null
if (!hasOpenssl) console.warn('skipped: openssl is not installed, so nothing is tried over TLS')

async function place(settings: Readonly<Record<string, string>>): Promise<Place> {
  const w = stack.use(await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning', ...settings } }))
  await w.channel('room')
  return { w, alice: await w.agent('alice', { channels: { room: 'member' } }) }
}

beforeAll(async () => {
  places.http = await place({})
  if (!hasOpenssl) return
  const { cert, key } = selfSigned(stack.use(temporaryDirectory()).path)
  places.https = await place({ SYNAPSE_TLS_CERT: cert, SYNAPSE_TLS_KEY: key })
})
afterAll(() => stack.disposeAsync())

/** Sends raw bytes and returns the status, or 0 when the connection is closed without an answer. */
function statusOf(scheme: string, { w }: Place, bytes: string): Promise<number> {
  const at = { host: '127.0.0.1', port: Number(new URL(w.url).port) }
  const { promise, resolve } = Promise.withResolvers<number>()
  const socket = scheme === 'https' ? connectTls({ ...at, rejectUnauthorized: false }) : connectTcp(at)
  let came = ''
  socket.on(scheme === 'https' ? 'secureConnect' : 'connect', () => socket.write(Buffer.from(bytes)))
  socket.on('data', (data) => {
    came += String(data)
    const status = /^HTTP\/1\.1 (\d{3}) [\s\S]*?\r\n\r\n/.exec(came)?.[1]
    if (status !== undefined) resolve(Number(status))
  })
  socket.on('error', () => resolve(0))
  socket.on('close', () => resolve(0))
  return promise.finally(() => socket.destroy())
}

const H = 'Host: localhost\r\n'
const bearer = ({ alice }: Place) => `Authorization: Bearer ${alice.secret}\r\n`
const login = '{"handle":"bob","password":"not the right one"}'
const post = '{"channel":"room","body":"hi"}'
const sized = (body: string) =>
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

type Row = readonly [title: string, bytes: (place: Place) => string, status: number | readonly number[]]

/** The same answer is expected without a Host as with a valid one. */
const rows: readonly Row[] = [
  ['HEAD over HTTP/1.0', () => 'HEAD /healthz HTTP/1.0\r\n\r\n', 200],
  ['GET over HTTP/1.0', () => 'GET /healthz HTTP/1.0\r\n\r\n', 200],
  ['the health check of a load balancer', () => 'OPTIONS / HTTP/1.0\r\n\r\n', 405],
  ['a method that is not allowed', () => 'DELETE /healthz HTTP/1.0\r\n\r\n', 405],
  ['an unknown path', () => 'GET /v1/nothing HTTP/1.0\r\n\r\n', 404],
  ['HEAD of an unknown path', () => 'HEAD /v1/nothing?x=1 HTTP/1.0\r\n\r\n', 404],
  ['a trailing slash', () => 'GET /healthz/?x HTTP/1.0\r\n\r\n', 307],
  ['a sign-in', () => `POST /v1/auth/login HTTP/1.0\r\n${sized(login)}`, 401],
  ['a post', (at) => `POST /v1/messages HTTP/1.0\r\n${bearer(at)}${sized(post)}`, 201],
  ['a page', (at) => `GET /v1/messages?channel=room HTTP/1.0\r\n${bearer(at)}\r\n`, 200],
  ['a stream', (at) => `GET /v1/events HTTP/1.0\r\nAccept: text/event-stream\r\n${bearer(at)}\r\n`, 200],
  ['the page of the documentation', () => 'GET /docs HTTP/1.0\r\n\r\n', 200],
  ['the echo of doctor', () => 'GET /.well-known/synapse/doctor/x HTTP/1.0\r\n\r\n', 404],
  ['HTTP/1.1 without a Host', () => 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ...[
    ['empty', ''],
    ['of spaces', 'a b'],
    ['of letters beyond ASCII', 'é'],
    ['with an invalid port', 'a:99999'],
    ['with a path', 'a/b?c#d'],
    ['with a name and a password', 'user:pw@h'],
    ['with half an IPv6 address', '[::1'],
    ['with a broken percent escape', '%zz'],
    ['that is long', 'a'.repeat(4000)],
    ['twice', 'a\r\nHost: b'],
  ].flatMap(([what, host]): Row[] => [
    [`a Host ${what}`, () => `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`, [200, 400]],
    [`a HEAD with a Host ${what}`, () => `HEAD /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`, [200, 400]],
    [`an unknown path with a Host ${what}`, () => `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`, [404, 400]],
    [
      `a post with a Host ${what}`,
      (at) => `POST /v1/messages HTTP/1.1\r\nHost: ${host}\r\n${bearer(at)}${sized(post)}`,
      [201, 400],
    ],
  ]),
  ['a whole URL', () => `GET http://other.example/healthz HTTP/1.1\r\n${H}\r\n`, 200],
  ['a whole URL with an invalid port', () => `GET https://a:99999/healthz HTTP/1.1\r\n${H}\r\n`, 200],
  ['a star', () => `OPTIONS * HTTP/1.1\r\n${H}\r\n`, 400],
  ['two slashes', () => `GET //healthz HTTP/1.1\r\n${H}\r\n`, 404],
  ['HEAD of two slashes', () => `HEAD //other.example/healthz HTTP/1.1\r\n${H}\r\n`, 404],
  ['two slashes and one behind', () => `GET //other.example/ HTTP/1.1\r\n${H}\r\n`, 404],
  ['no path', () => `GET ?x HTTP/1.1\r\n${H}\r\n`, 400],
  ['a fragment', () => `GET /x#y HTTP/1.1\r\n${H}\r\n`, 404],
  ['a backslash', () => `GET /\\x HTTP/1.1\r\n${H}\r\n`, 404],
  ['bytes that are no text', () => `GET /\u00ff\u00fe HTTP/1.1\r\n${H}\r\n`, [404, 400]],
  ['a percent sign that encodes nothing', () => `GET /%zz?%zz=%ff HTTP/1.1\r\n${H}\r\n`, 404],
  [
    'a percent sign that encodes nothing, in a parameter',
    (at) => `GET /v1/accounts/%zz HTTP/1.1\r\n${H}${bearer(at)}\r\n`,
    [400, 404],
  ],
  [
    'half a letter in a parameter of a path of two',
    (at) => `GET /v1/channels/%ff/members HTTP/1.1\r\n${H}${bearer(at)}\r\n`,
    [400, 404],
  ],
  ['a tunnel', () => `CONNECT other.example:443 HTTP/1.1\r\n${H}\r\n`, [400, 404, 405]],
  ...['Origin', 'Referer', 'Accept', 'Cookie', 'Authorization', 'Forwarded', 'X-Forwarded-For'].flatMap(
    (name) =>
      ['', 'http://[', '%zz', '\u00ff', ';,=', 'a'.repeat(4000)].map(
        (value): Row => [
          `a header ${name} of ${JSON.stringify(value).slice(0, 12)}`,
          (at) =>
            `GET /v1/auth/me HTTP/1.1\r\n${H}${name === 'Authorization' ? '' : bearer(at)}${name}: ${value}\r\n\r\n`,
          [200, 400, 401, 403],
        ],
      ),
  ),
]

const schemes = hasOpenssl ? ['http', 'https'] : ['http']

describe.each(schemes)('unusual requests over %s', (scheme) => {
  test.each([...rows])('%s gets the expected answer', async (_, bytes, expected) => {
    const at = places[scheme]
    if (!at) throw new Error(`no server for ${scheme}`)
    const status = await statusOf(scheme, at, bytes(at))
    expect([expected].flat()).toContain(status)
    expect(at.w.log.split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([])
  })
})
