import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { EventStream, LiveSocket } from '../support/sockets'
import { Fronts, refusals, tooLarge, type Way, ways } from './fronts'
import { ask, dial } from './session'

setDefaultTimeout(120_000)

const MEBIBYTE = 1024 * 1024
const LONG_POLL_SECONDS = 60

describe('proxies configured as in the guide', () => {
  const stack = new AsyncDisposableStack()
  const longPolls: Promise<Waited>[] = []
  const idle: { way: Way; stream: EventStream; socket: LiveSocket }[] = []
  let site: Site
  let server: ServerProcess
  let fronts: Fronts
  let token = ''

  beforeAll(async () => {
    fronts = stack.use(new Fronts())
    site = stack.use(new Site())
    Object.assign(site.environment, {
      SYNAPSE_PORT: fronts.port,
      SYNAPSE_HTTP_MAX_BODY: String(64 * MEBIBYTE),
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    })
    server = await site.serve()
    const { agent } = await site.json<{ agent: { handle: string; token: string } }>(
      'quickstart',
      '--yes',
      '--json',
    )
    await site.json('add-channel', '--slug', 'quiet', '--name', 'Quiet')
    await site.json('add-member', agent.handle, 'quiet')
    const words = ['--account', agent.handle, '--scopes', 'channel:*:*']
    token = (await site.json<{ token: string }>('issue-token', ...words)).token
    await fronts.start()
    // These take a minute, during the other tests.
    for (const way of ways) {
      if (!way.isThere) continue
      idle.push({ way, ...(await listeners(way)) })
      longPolls.push(longPoll(way))
    }
  })
  afterAll(() => stack.disposeAsync())

  for (const way of ways)
    describe.skipIf(!way.isThere)(`through ${way.name}, over ${way.protocol}`, () => {
      const caller = () => fronts.caller(way, token)
      const post = (body: string) => caller().post('/v1/messages', { channel: 'general', body })
      const echo = async (headers: Record<string, string> = {}) => {
        const answer = await fetch('http://localhost/v1/admin/echo', {
          method: 'POST',
          unix: site.paths.socket,
        })
        const { path } = (await answer.json()) as { path: string }
        const { body: seen } = await caller().get(`${path}/a%2Fb?c=%2Fd`, headers)
        return { path, seen }
      }

      test('requests are answered, and errors are those of the server', async () => {
        expect((await post('hello')).status).toBe(201)
        const refused = await caller().get('/v1/messages?channel=nowhere')
        expect({ status: refused.status, ...refused.body }).toMatchObject({
          status: 404,
          code: 'channel_not_found',
        })
      })

      test('the server receives the host name with its port and the path unchanged', async () => {
        const { path, seen } = await echo()
        expect(seen).toMatchObject({
          method: 'GET',
          authority: new URL(fronts.at(way.name).origin).host,
          path: `${path}/a%2Fb`,
          query: '?c=%2Fd',
          secure: true,
        })
      })

      test('the server sees the real address of the client, whatever the client claims', async () => {
        for (const forged of [{}, { 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }]) {
          const { seen } = await echo(forged)
          expect(seen).toMatchObject({ client: '127.0.0.1' })
          expect(String(seen['forwarded_for'])).not.toContain('203.0.113.9')
        }
      })

      test('an event stream starts at once and delivers events as they happen', async () => {
        const started = performance.now()
        using stream = await openStream(way)
        await stream.next('hello')
        expect(performance.now() - started).toBeLessThan(2000)
        const posted = performance.now()
        await post('as it happens')
        await stream.next('message.created')
        expect(performance.now() - posted).toBeLessThan(2000)
      })

      test('a WebSocket opens and delivers messages', async () => {
        using socket = await openSocket(way)
        await socket.subscribe(['general'])
        await post('over the wire')
        expect(await socket.next('message.created')).toMatchObject({ message: { body: 'over the wire' } })
      })

      test('a body of 36 MiB reaches the server', async () => {
        const answer = await post('x'.repeat(36 * MEBIBYTE))
        expect({ status: answer.status, ...answer.body }).toMatchObject({
          status: 422,
          code: 'validation_error',
        })
      })

      // Over HTTP/2 this costs the connection of the long polls, so http2.test.ts tests it.
      if (way.protocol === 'http1.1')
        test.each(tooLarge)(
          '%s is refused at once and does not affect other requests',
          async (_, headers) => {
            const started = performance.now()
            const { status } = await caller().get('/v1/auth/me', headers)
            expect(refusals(way.name)).toContain(status)
            expect(performance.now() - started).toBeLessThan(5000)
            expect((await caller().get('/v1/auth/me')).status).toBe(200)
          },
        )

      test('doctor finds no problem with the proxy', async () => {
        const { origin, caFile } = fronts.at(way.name)
        await using other = new Site()
        other.environment.SYNAPSE_BASE_URL = origin
        other.environment.SYNAPSE_HOME = site.home
        const { stdout } = await other.runWith({ NODE_EXTRA_CA_CERTS: caFile }, 'doctor', '--json')
        const { checks } = JSON.parse(stdout) as {
          checks: { name: string; status: string; detail: string }[]
        }
        expect(checks.filter(({ name }) => ['base_url', 'proxy'].includes(name))).toMatchObject([
          { name: 'base_url', status: 'pass' },
          { name: 'proxy', status: 'pass' },
        ])
      })
    })

  test(
    'long polls of a minute, streams and WebSockets stay open through every proxy',
    async () => {
      for (const { status, seconds } of await Promise.all(longPolls)) {
        expect(status).toBe(200)
        expect(seconds).toBeGreaterThan(LONG_POLL_SECONDS - 1)
      }
      const { status } = await direct('/v1/messages', { channel: 'quiet', body: 'at last' })
      expect(status).toBe(201)
      for (const { way, stream, socket } of idle) {
        // Only the heartbeat came in between, every 15 seconds.
        expect(stream.blocks.filter(({ comment }) => comment !== undefined).length).toBeGreaterThan(2)
        expect(await stream.next('message.created'), way.name).toMatchObject({
          data: expect.stringContaining('at last'),
        })
        expect(await socket.next('message.created'), way.name).toMatchObject({ message: { body: 'at last' } })
        stream[Symbol.dispose]()
        socket[Symbol.dispose]()
      }
    },
    (LONG_POLL_SECONDS + 30) * 1000,
  )

  const bearer = () => ({ authorization: `Bearer ${token}` })
  const openStream = (way: Way, query = '') =>
    EventStream.open(fronts.at(way.name).origin, bearer(), { query, via: fronts.via(way) })
  const openSocket = (way: Way) =>
    LiveSocket.open(fronts.at(way.name).origin, bearer(), { via: fronts.via(way) })

  /** A stream and a socket of a channel without events. */
  async function listeners(way: Way) {
    const stream = await openStream(way, '?channel=quiet')
    const socket = await openSocket(way)
    await socket.subscribe(['quiet'])
    return { stream, socket }
  }

  /** A long poll of a channel without events, on its own connection. */
  async function longPoll(way: Way): Promise<Waited> {
    const caller = fronts.caller(way, token)
    const { body } = await caller.get<{ head_cursor: string }>('/v1/server')
    const wait = String(LONG_POLL_SECONDS)
    const query = new URLSearchParams({ channel: 'quiet', since: body.head_cursor, wait })
    const path = `/v1/messages?${query}`
    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    if (way.protocol === 'http1.1') return { status: (await caller.get(path)).status, seconds: seconds() }
    const session = await dial(fronts.at(way.name))
    const status = await ask(session, { ':path': path, ...bearer() })
    session.destroy()
    return { status, seconds: seconds() }
  }

  async function direct(path: string, body: object): Promise<Response> {
    const headers = { ...bearer(), 'content-type': 'application/json' }
    return fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  }
})

interface Waited {
  readonly status: number | undefined
  readonly seconds: number
}
