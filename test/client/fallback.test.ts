// Proxies that do not pass every kind of stream: the client finds what passes.
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { Http } from '../../packages/client/src/http'
import { Stream } from '../../packages/client/src/stream'
import { timing } from '../../packages/client/src/time'
import { rejectionOf } from '../home/temporary'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { until, within } from '../support/sockets'
import { TestProxy } from './proxy'
import { Room } from './room'

setDefaultTimeout(60_000)

const usual = { ...timing }
let room: Room
let proxy: TestProxy
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())
beforeEach(async () => {
  proxy = await TestProxy.before(room.url)
  Object.assign(timing, { soon: 20, pause: 20, hello: 500 })
})
afterEach(async () => {
  Object.assign(timing, usual)
  await proxy[Symbol.asyncDispose]()
})

/** A stream of what is posted, behind the proxy, with the transports of a page. */
async function openStream(url = proxy.url): Promise<Stream> {
  const http = new Http({ url, token: await room.token('bob') })
  return new Stream(http, ['websocket', 'sse', 'poll'], { types: ['message.created'] })
}

/** Posts, and expects that the stream carries it. */
async function carries(stream: Stream, ...bodies: string[]): Promise<void> {
  const ann = await room.as('ann')
  for (const body of bodies) await ann.post('general', body)
  for (const body of bodies) {
    const next = await within(20_000, stream.next())
    expect(next?.value).toMatchObject({ message: { body } })
  }
}

for (const treatment of ['cuts', 'holds'] as const) {
  test(`a stream behind a proxy that ${treatment} WebSockets goes over server-sent events`, async () => {
    proxy.sockets = treatment
    await using stream = await openStream()
    await stream.ready()
    await carries(stream, 'one', 'two')
    await until('an event stream', () => proxy.begun === 3)
    await carries(stream, 'three')
    expect(proxy.begun).toBe(3)
  })

  test(`a stream behind a proxy that ${treatment} all streams goes over polls, and misses nothing`, async () => {
    proxy.sockets = treatment
    proxy.eventStreams = treatment
    await using stream = await openStream()
    await stream.ready()
    await carries(stream, 'one', 'two')
    await until('two attempts of each kind', () => proxy.begun >= 4)
    await carries(stream, 'three', 'four')
    const { begun } = proxy
    await carries(stream, 'five', 'six')
    expect(proxy.begun).toBe(begun)
  })
}

test('a stream that falls silent is begun anew, and misses nothing', async () => {
  timing.silence = 500
  await using stream = await openStream()
  await stream.ready()
  proxy.sockets = 'holds'
  proxy.eventStreams = 'holds'
  proxy.holdAll()
  await carries(stream, 'one', 'two')
})

test('streams are tried again where they did not pass before', async () => {
  timing.polling = 300
  proxy.sockets = 'cuts'
  proxy.eventStreams = 'cuts'
  await using stream = await openStream()
  await until('two attempts of each kind', () => proxy.begun >= 4)
  proxy.sockets = 'passes'
  await carries(stream, 'one')
  // A poll that is held ends the trial late.
  const ann = await room.as('ann')
  await until('a WebSocket', async () => {
    await ann.post('general', 'tick')
    return proxy.begun > 4 && stream.status === 'open'
  })
})

test('while the server cannot be reached, no transport is blamed', async () => {
  await using stream = await openStream()
  await stream.ready()
  const before = proxy.begun
  Object.assign(proxy, { sockets: 'cuts', eventStreams: 'cuts', requests: 'cuts' })
  proxy.cut()
  await until('some attempts', () => proxy.taken > before + 10)
  Object.assign(proxy, { sockets: 'passes', eventStreams: 'cuts', requests: 'passes' })
  await carries(stream, 'one')
  expect(stream.status).toBe('open')
})

test('a stream that is cut as soon as it begins is tried ever more slowly', async () => {
  const http = new Http({ url: proxy.url, token: await room.token('bob') })
  await using stream = new Stream(http, ['sse'], { types: ['message.created'] })
  await stream.ready()
  proxy.eventStreams = 'greets'
  proxy.cut()
  await until('some attempts', () => proxy.begun >= 8)
  const [before = 0, last = 0] = proxy.begunAt.slice(-2)
  expect(last - before).toBeGreaterThan(0.8 * timing.pause * 2 ** 4)
  proxy.eventStreams = 'passes'
  await carries(stream, 'one')
})

test('a stream comes back at once when the network does', async () => {
  Object.assign(timing, { soon: 3_600_000, pause: 3_600_000 })
  await using stream = await openStream()
  await stream.ready()
  proxy.cut()
  await until('the pause', () => stream.status === 'waiting')
  // What a browser does then.
  ;(globalThis as unknown as EventTarget).dispatchEvent(new Event('online'))
  await carries(stream, 'one')
})

test('a stream goes on after something else answered at its address, but does not begin there', async () => {
  proxy.pages.set('/v1/events', ['text/html', '<h1>Sign in to the hotel</h1>'])
  const http = new Http({ url: proxy.url, token: await room.token('bob') })
  const open = () => new Stream(http, ['sse', 'poll'], { types: ['message.created'] })
  await using other = open()
  expect(await rejectionOf(other.next())).toMatchObject({ code: 'unexpected_answer' })
  proxy.pages.clear()
  await using stream = open()
  await stream.ready()
  proxy.pages.set('/v1/events', ['text/html', '<h1>Sign in to the hotel</h1>'])
  const { taken } = proxy
  proxy.cut()
  await until('some attempts', () => proxy.taken > taken + 5)
  proxy.pages.clear()
  await carries(stream, 'one')
})

test('a stream goes over a WebSocket when both it and server-sent events pass', async () => {
  await using stream = await openStream()
  await stream.ready()
  proxy.eventStreams = 'cuts'
  await carries(stream, 'one')
  expect(proxy.begun).toBe(1)
})

const careless: [title: string, lines: string[]][] = [
  ['with the defaults', []],
  [
    'that compresses and buffers streams',
    [
      'proxy_ignore_headers X-Accel-Buffering;',
      'gzip on; gzip_min_length 0; gzip_proxied any; gzip_types text/event-stream;',
    ],
  ],
]
test.skipIf(!hasNginx).each(careless)('a stream passes an nginx %s, and misses nothing', async (_, lines) => {
  await using front = await carelessNginx(new URL(room.url).host, lines)
  await using stream = await openStream(front.origin)
  await stream.ready()
  for (let turn = 0; turn < 5; turn++) await carries(stream, `turn ${turn}`, `again ${turn}`)
})

test('a stream over one transport alone does not carry events in another way', async () => {
  proxy.eventStreams = 'cuts'
  const http = new Http({ url: proxy.url, token: await room.token('bob') })
  await using stream = new Stream(http, ['sse'], { types: ['message.created'] })
  await until('some attempts', () => proxy.begun >= 3)
  expect(await Promise.race([stream.ready(), Bun.sleep(0)])).toBeUndefined()
  proxy.eventStreams = 'passes'
  await stream.ready()
  await carries(stream, 'one')
})
