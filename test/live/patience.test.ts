import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { streamedBody } from '../../src/http/body'
import { KEEP_ALIVE_SECONDS } from '../../src/http/client'
import { idleSecondsFor } from '../../src/http/held-request'
import { listenTcp } from '../../src/http/listen'
import { RawConnection, RawWebSocket } from '../support/raw-socket'
import { Site } from '../support/site'
import { LiveSocket, until, within } from '../support/sockets'
import { SECOND, world } from '../support/world'

// The timeouts of Bun cannot be shortened, so some of these tests take that long.
setDefaultTimeout(120_000)

/** About 48 kB on the wire. */
const BIG = '語'.repeat(16_000)

describe('slow requests', () => {
  const begin = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: `
  const table: readonly (readonly [title: string, write: (to: RawConnection) => Timer | undefined])[] = [
    ['says nothing', () => undefined],
    [
      'stops in the middle of a header',
      (to) => {
        to.write(begin)
        return undefined
      },
    ],
    [
      'sends a byte of a header now and then',
      (to) => {
        to.write(begin)
        return setInterval(() => to.write('x'), 500)
      },
    ],
  ]
  test.concurrent.each([...table])(
    'fifty clients are disconnected and do not delay others when each %s',
    async (_, write) => {
      await using w = await world()
      const connections = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(w.url)))
      const timers = connections.map(write)
      expect(await within(5000, w.guest.get('/healthz'))).toMatchObject({ status: 200 })
      for (const connection of connections) expect(await connection.endedWithin(20_000)).toBeDefined()
      for (const timer of timers) clearInterval(timer)
      expect((await w.guest.get('/healthz')).status).toBe(200)
    },
  )
})

describe('idle connections', () => {
  test('an idle connection is kept longer than common proxies keep theirs, and for the documented time', async () => {
    const page = await Bun.file(`${import.meta.dir}/../../docs/operating.md`).text()
    expect(page).toContain(`waits for its next request for ${KEEP_ALIVE_SECONDS} seconds`)
    const [paragraph = ''] = /[*]{2}Idle connections[*]{2}:[\s\S]*?and HAProxy/.exec(page) ?? []
    const theirs = [...paragraph.matchAll(/\((\d+)[\s)]/g)].map(([, seconds]) => Number(seconds))
    expect(theirs).toEqual([60, 120, 90, 60])
    for (const seconds of theirs) expect(KEEP_ALIVE_SECONDS - seconds).toBeGreaterThanOrEqual(20)
    // Bun's own limit (bun-types, `idleTimeout`).
    expect(KEEP_ALIVE_SECONDS).toBeLessThanOrEqual(255)
    // A long poll on the connection does not shorten it.
    for (const seconds of [1, 60]) expect(idleSecondsFor(seconds)).toBeGreaterThanOrEqual(KEEP_ALIVE_SECONDS)
  })

  test.concurrent('an idle connection is closed after the keep-alive time and not after the shorter timeout of a first request', async () => {
    const http = { fetch: async () => new Response('served'), refuse: async () => new Response(null) }
    const report = console.error
    const place = { host: '127.0.0.1', port: 0, accepts: null, rescue: false, tls: undefined, http, report }
    const [short, long] = [1, 60].map((keepAliveSeconds) => listenTcp({ ...place, keepAliveSeconds }))
    try {
      const [soon, later, silent] = await Promise.all(
        [short, long, long].map((listener) => RawConnection.open(`http://127.0.0.1:${listener?.port}`)),
      )
      for (const connection of [soon, later]) {
        connection?.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        await connection?.when(() => connection.buffered.includes('served') || undefined)
      }
      expect(await soon?.endedWithin(20_000)).toBeDefined()
      expect(await silent?.endedWithin(20_000)).toBeDefined()
      // A connection that has made a request stays open after one that never did was closed.
      expect(await later?.endedWithin(0)).toBeUndefined()
      later?.[Symbol.dispose]()
    } finally {
      await Promise.all([short, long].map((listener) => listener?.stop(0)))
    }
  })

  // To Bun a connection is idle while it only receives.
  test.concurrent('an upload may take longer than the keep-alive time, unless it only trickles', async () => {
    const report = console.error
    const fetch = async (request: Request) => {
      let size = 0
      for await (const chunk of streamedBody(request, 1_000_000)) size += chunk.length
      return new Response(`read ${size}`)
    }
    const http = { fetch, refuse: async () => new Response(null) }
    const place = { host: '127.0.0.1', port: 0, accepts: null, rescue: false, tls: undefined, http, report }
    const listener = listenTcp({ ...place, keepAliveSeconds: 4 })
    const url = `http://127.0.0.1:${listener.port}`
    const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    using steady = await RawConnection.open(url)
    using trickling = await RawConnection.open(url)
    const piece = 'x'.repeat(8000)
    let pieces = 0
    try {
      for (const connection of [steady, trickling]) connection.write(head)
      // The end of the trickling one shows that the time is over; then the steady one goes on for as long again.
      for (let left = Number.POSITIVE_INFINITY; left > 0; left--, pieces++) {
        steady.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
        trickling.write('1\r\nx\r\n')
        await Bun.sleep(400)
        if (left === Number.POSITIVE_INFINITY && (await trickling.endedWithin(0)) !== undefined) left = pieces
      }
      steady.write('0\r\n\r\n')
      await Promise.race([steady.when(() => steady.buffered.includes('read') || undefined), steady.ended])
      expect(String(steady.buffered)).toContain(`read ${pieces * piece.length}`)
    } finally {
      await listener.stop(0)
    }
  })
})

test.concurrent('a reader that takes one byte a second is closed like one that takes nothing', async () => {
  await using w = await world()
  const room = await w.channel('room')
  const alice = await w.agent('alice', { channels: { room: 'member' } })
  const { hostname, port } = new URL(w.url)
  const request = `GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: ${alice.credential.authorization}\r\n\r\n`
  const script =
    'exec 3<>"/dev/tcp/$0/$1" && printf %s "$2" >&3 && while dd bs=1 count=1 <&3 2>&1 >&4; do sleep 1; done'
  await using reader = Bun.spawn(['bash', '-c', `exec 4>/dev/null; ${script}`, hostname, port, request], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const streams = async () => {
    const { body } = await w.operator.get<{ counts: { streams: number } }>('/v1/health')
    return body.counts.streams
  }
  await until('its stream', async () => (await streams()) === 1)
  for (let i = 0; i < 150; i++) await alice.posts(room, BIG)
  w.clock.advance(31 * SECOND)
  await until('the end of its stream', async () => (await streams()) === 0)
  expect(reader.exitCode).toBeNull()
})

const tcpTable = '/proc/net/tcp'

/** Whether the kernel still holds the server’s end of a connection open. */
function isHeld(url: string, { port }: RawConnection): boolean {
  const hex = (number: number) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`
  const ends = `${hex(Number(new URL(url).port))} \\w+${hex(port)} 01 `
  return new RegExp(ends).test(readFileSync(tcpTable, 'utf8'))
}

test.concurrent.skipIf(!existsSync(tcpTable))(
  'a stream that ended because its reader was slow is disconnected and holds neither memory nor a slot',
  async () => {
    await using w = await world()
    const room = await w.channel('room')
    const alice = await w.agent('alice', { channels: { room: 'member' } })
    using stream = await RawConnection.open(w.url)
    stream.write(
      `GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: ${alice.credential.authorization}\r\n\r\n`,
    )
    await stream.when(() => stream.buffered.includes('hello') || undefined)
    stream.pause()
    for (let i = 0; i < 150; i++) await alice.posts(room, BIG)
    expect(isHeld(w.url, stream)).toBe(true)
    w.clock.advance(31 * SECOND)
    await until('the end of the connection', () => !isHeld(w.url, stream), 20_000)
  },
)

test.concurrent('forty readers that never read cost little memory and do not affect others', async () => {
  await using site = new Site()
  const server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning', SYNAPSE_STREAMS_PER_ACCOUNT: '100' })
  await server.room('room')
  const bob = server.as(await server.agent('bob', 'room'))
  const { authorization = '' } = bob.credential
  const post = async () => {
    const answer = await bob.post<{ seq: number }>('/v1/messages', { channel: 'room', body: BIG })
    expect(answer.status).toBe(201)
    return answer.body.seq
  }
  using stack = new DisposableStack()
  const healthy: LiveSocket[] = []
  for (let i = 0; i < 10; i++) {
    const socket = stack.use(await LiveSocket.open(server.url, bob.credential))
    await socket.subscribe(['room'])
    healthy.push(socket)
  }
  for (let i = 0; i < 20; i++) {
    const socket = stack.use(await RawWebSocket.open(server.url, { headers: { authorization } }))
    socket.say({ type: 'subscribe', channels: ['*'] })
    await socket.text('subscribed')
    socket.pause()
    const stream = stack.use(await RawConnection.open(server.url))
    stream.write(
      `GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: ${authorization}\r\n\r\n`,
    )
    await stream.when(() => stream.buffered.includes('hello') || undefined)
    stream.pause()
  }
  const warm = server.residentBytes() ?? 0
  const seqs: number[] = []
  for (let i = 0; i < 300; i++) seqs.push(await post())
  for (const socket of healthy) {
    await socket.arrivals.next((frame) => frame.seq === seqs.at(-1), 'the last')
    expect(socket.events.map(({ seq }) => seq)).toEqual(seqs)
  }
  // A stream may have 1 MiB of unsent data; kept for all forty, these messages would take 14 MB each, 560 MB together.
  const grown = (server.residentBytes() ?? 0) - warm
  expect(grown / 2 ** 20).toBeLessThan(40 + 200)
})
