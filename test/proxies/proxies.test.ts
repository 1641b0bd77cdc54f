import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { homePaths } from '../../src/home'
import { type Foreground, Site } from '../cli/site'
import { until } from '../support/sockets'
import { caddy, type Front, hasCaddy, hasNginx, nginx } from './fronts'

setDefaultTimeout(60_000)

const MEBIBYTE = 1024 * 1024
const LONG_POLL_SECONDS = 60

if (!hasNginx) console.log('skipped: the tests behind nginx, which need the package nginx-light')
if (!hasCaddy) console.log('skipped: the tests behind Caddy, which need the package caddy')

const proxies = [
  { name: 'nginx', isThere: hasNginx, start: nginx },
  { name: 'Caddy', isThere: hasCaddy, start: caddy },
]

describe('by the recipes of the guide', () => {
  const stack = new AsyncDisposableStack()
  const fronts = new Map<string, Front>()
  let site: Site
  let server: Foreground
  let token = ''
  const waits: Promise<{ status: number; seconds: number }>[] = []

  beforeAll(async () => {
    site = stack.use(new Site())
    site.environment.SYNAPSE_HTTP_MAX_BODY = String(64 * MEBIBYTE)
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
    for (const { name, isThere, start } of proxies) {
      if (!isThere) continue
      const front = stack.use(await start(new URL(server.url).host))
      fronts.set(name, front)
      // They take a minute, while the other tests run.
      waits.push(longPoll(front))
    }
  })
  afterAll(() => stack.disposeAsync())

  for (const { name, isThere } of proxies)
    describe.skipIf(!isThere)(`through ${name}`, () => {
      const front = () => fronts.get(name) ?? fail(`${name} does not run`)
      const request = (path: string, init: RequestInit = {}) => {
        const { origin, ca } = front()
        const headers = { authorization: `Bearer ${token}`, ...init.headers }
        return fetch(`${origin}${path}`, { ...init, headers, ...(ca === undefined ? {} : { tls: { ca } }) })
      }
      const post = (body: string) =>
        request('/v1/messages', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ channel: 'general', body }),
        })
      const echo = async (headers: Record<string, string> = {}) => {
        const answer = await fetch('http://localhost/v1/admin/echo', {
          method: 'POST',
          unix: homePaths(site.home).socket,
        })
        const { path } = (await answer.json()) as { path: string }
        const seen = await request(`${path}/a%2Fb?c=%2Fd`, { headers })
        return { path, seen: (await seen.json()) as Record<string, unknown> }
      }

      test('requests are answered, and errors are those of the server', async () => {
        expect((await post('hello')).status).toBe(201)
        const refused = await request('/v1/messages?channel=nowhere')
        expect({ status: refused.status, ...((await refused.json()) as object) }).toMatchObject({
          status: 404,
          code: 'channel_not_found',
        })
      })

      test('the name with its port, and the path as it was written, arrive', async () => {
        const { path, seen } = await echo()
        expect(seen).toMatchObject({
          method: 'GET',
          authority: new URL(front().origin).host,
          path: `${path}/a%2Fb`,
          query: '?c=%2Fd',
          secure: true,
        })
      })

      test('the client is who it is, whatever it says of itself', async () => {
        for (const forged of [{}, { 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }]) {
          const { seen } = await echo(forged)
          expect(seen).toMatchObject({ client: '127.0.0.1' })
          expect(String(seen['forwarded_for'])).not.toContain('203.0.113.9')
        }
      })

      test('an event stream begins at once, and events come as they happen', async () => {
        const started = performance.now()
        const stream = await request('/v1/events', { headers: { accept: 'text/event-stream' } })
        const reader = stream.body?.getReader()
        const next = async () => new TextDecoder().decode((await reader?.read())?.value)
        expect(await next()).toContain('event: hello')
        expect(performance.now() - started).toBeLessThan(2000)
        const posted = performance.now()
        await post('as it happens')
        expect(await next()).toContain('event: message.created')
        expect(performance.now() - posted).toBeLessThan(2000)
        await reader?.cancel()
      })

      test('a WebSocket opens and carries', async () => {
        const { origin, ca } = front()
        const socket = new WebSocket(`${origin.replace('https:', 'wss:')}/v1/ws`, {
          headers: { authorization: `Bearer ${token}` },
          tls: { ca: ca ?? '' },
        })
        const frames: string[] = []
        socket.onmessage = ({ data }) => frames.push(String(data))
        const said = (part: string) => until(part, () => frames.some((frame) => frame.includes(part)))
        await said('hello')
        socket.send('{"type":"subscribe","id":1,"channels":["general"]}')
        await said('subscribed')
        await post('over the wire')
        await said('over the wire')
        socket.close()
      })

      test('a body of 36 MiB reaches the server, which has its own opinion', async () => {
        const answer = await post('x'.repeat(36 * MEBIBYTE))
        expect({ status: answer.status, ...((await answer.json()) as object) }).toMatchObject({
          status: 422,
          code: 'validation_error',
        })
      })

      test('doctor finds nothing wrong with it', async () => {
        const { origin, caFile = '' } = front()
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
    'a request may wait a minute for news, through all of them at once',
    async () => {
      for (const { status, seconds } of await Promise.all(waits)) {
        expect(status).toBe(200)
        expect(seconds).toBeGreaterThan(LONG_POLL_SECONDS - 1)
      }
    },
    (LONG_POLL_SECONDS + 30) * 1000,
  )

  /** Waits in a channel where nothing happens. */
  async function longPoll({ origin, ca }: Front): Promise<{ status: number; seconds: number }> {
    const started = performance.now()
    const init = {
      headers: { authorization: `Bearer ${token}` },
      ...(ca === undefined ? {} : { tls: { ca } }),
    }
    const head = await fetch(`${origin}/v1/server`, init)
    const { head_cursor: since } = (await head.json()) as { head_cursor: string }
    const query = new URLSearchParams({ channel: 'quiet', since, wait: String(LONG_POLL_SECONDS) })
    const { status } = await fetch(`${origin}/v1/messages?${query}`, init)
    return { status, seconds: (performance.now() - started) / 1000 }
  }
})

function fail(message: string): never {
  throw new Error(message)
}
