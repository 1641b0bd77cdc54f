import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { temporaryDirectory } from '../home/temporary'
import { finished } from '../support/finished'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { CHECKOUT } from './release'

setDefaultTimeout(120_000)

const CADDYFILE = join(CHECKOUT, 'Caddyfile')
const hasCaddy = Bun.which('caddy') !== null
if (!hasCaddy)
  console.log('skipped: the tests of Caddyfile, which need the package caddy (scripts/provision.sh)')

/** The parts of Caddy's own configuration that the tests read and change. */
interface Adapted {
  admin?: { disabled: boolean }
  apps: {
    http: {
      servers: Record<string, { listen: string[]; automatic_https?: object; routes: readonly object[] }>
    }
    tls: { automation: { policies: { subjects?: string[]; issuers?: { module: string }[] }[] } }
  }
}

async function adapt(environment: Record<string, string>): Promise<Adapted> {
  const child = Bun.spawn(['caddy', 'adapt', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const { code, stdout, stderr } = await finished(child)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Adapted
}

describe.skipIf(!hasCaddy)('Caddyfile', () => {
  test('the Caddyfile is valid and formatted', () => {
    const validate = ['caddy', 'validate', '--config', CADDYFILE, '--adapter', 'caddyfile']
    using home = temporaryDirectory()
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home.path,
      XDG_DATA_HOME: home.path,
      XDG_CONFIG_HOME: home.path,
    }
    expect(Bun.spawnSync(validate, { env, stderr: 'ignore' }).exitCode).toBe(0)
    const formatted = Bun.spawnSync(['caddy', 'fmt', CADDYFILE], { env })
    expect(formatted.stdout.toString()).toBe(readFileSync(CADDYFILE, 'utf8'))
  })

  test('the domain gets a public certificate, and the LAN name one of Caddy’s own authority', async () => {
    const { apps } = await adapt({ SYNAPSE_DOMAIN: 'chat.example.org', SYNAPSE_LAN_NAME: 'nas.local' })
    expect(Object.values(apps.http.servers).map(({ listen }) => listen)).toEqual([[':443']])
    expect(apps.tls.automation.policies).toEqual([
      { subjects: ['chat.example.org'] },
      { subjects: ['nas.local'], issuers: [{ module: 'internal' }] },
    ])
  })

  test('SYNAPSE_UPSTREAM names the address of Synapse, and defaults to 127.0.0.1:8080', async () => {
    expect(JSON.stringify(await adapt({}))).toContain('"dial":"127.0.0.1:8080"')
    const elsewhere = JSON.stringify(await adapt({ SYNAPSE_UPSTREAM: 'synapse:8080' }))
    expect(elsewhere).toContain('"dial":"synapse:8080"')
    expect(elsewhere).not.toContain('127.0.0.1')
  })
})

interface Front {
  readonly name: string
  readonly origin: string
  /** What a client needs to reach it and to trust it. */
  readonly trust: { readonly tls?: { readonly ca: string; readonly serverName: string } }
}

describe.skipIf(!hasCaddy)('through Caddy', () => {
  const stack = new AsyncDisposableStack()
  const fronts: Front[] = []
  let token = ''
  let openStreams: () => Promise<number>

  beforeAll(async () => {
    const site = stack.use(new Site())
    const server = await site.serve()
    const { agent } = await site.json<{ agent: { token: string } }>('quickstart', '--yes', '--json')
    token = agent.token
    openStreams = async () => {
      const response = await fetch('http://localhost/v1/health', {
        unix: join(site.home, 'run/synapse.sock'),
      })
      return ((await response.json()) as { counts: { streams: number } }).counts.streams
    }
    fronts.push(...(await startCaddy(stack, new URL(server.url).host)))
  })
  afterAll(() => stack.disposeAsync())

  for (const index of [0, 1]) {
    const front = () => fronts[index] ?? fail('Caddy does not run')
    const request = (path: string, init: RequestInit = {}) => {
      const { origin, name, trust } = front()
      const headers = { host: name, authorization: `Bearer ${token}`, ...init.headers }
      return fetch(`${origin}${path}`, { ...init, ...trust, headers })
    }
    const post = async (body: string) => {
      const headers = { 'content-type': 'application/json' }
      const response = await request('/v1/messages', {
        method: 'POST',
        headers,
        body: JSON.stringify({ channel: 'general', body }),
      })
      expect(response.status).toBe(201)
      return ((await response.json()) as { id: string }).id
    }
    const kind = ['the site of the domain', 'the site of the LAN, with TLS'][index]

    describe(`${kind}`, () => {
      test('a message is posted and read through Caddy', async () => {
        const id = await post('hello through the proxy')
        const read = await request(`/v1/messages/${id}`)
        expect(read.status).toBe(200)
        expect(await read.json()).toMatchObject({ id, body: 'hello through the proxy' })
      })

      test('a long poll through Caddy ends with the next message', async () => {
        const now = await request('/v1/messages?channel=general&order=desc&limit=1')
        const { head_cursor: head } = (await now.json()) as { head_cursor: string }
        const waiting = request(`/v1/messages?channel=general&wait=20&since=${encodeURIComponent(head)}`)
        const id = await post('awaited')
        expect(JSON.stringify(await (await waiting).json())).toContain(id)
      })

      test('an event stream through Caddy starts at once, delivers events, and its end reaches the server', async () => {
        const before = await openStreams()
        const aborting = new AbortController()
        const response = await request('/v1/events', {
          signal: aborting.signal,
          headers: { accept: 'text/event-stream' },
        })
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toContain('text/event-stream')
        const stream = textOf(response)
        await stream.until('event: hello')
        const id = await post('streamed')
        await stream.until(id)
        expect(await openStreams()).toBe(before + 1)
        aborting.abort()
        await eventually(async () => (await openStreams()) === before)
      })

      test('a WebSocket through Caddy is upgraded with 101 and delivers events', async () => {
        const { origin, name, trust } = front()
        const { port } = new URL(origin)
        const socket =
          trust.tls === undefined
            ? connect(Number(port), '127.0.0.1')
            : connectTls({
                port: Number(port),
                host: '127.0.0.1',
                servername: trust.tls.serverName,
                ca: trust.tls.ca,
              })
        let received = ''
        socket.on('data', (data) => (received += data.toString('latin1')))
        socket.write(
          [
            'GET /v1/ws HTTP/1.1',
            `Host: ${name}`,
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            `Authorization: Bearer ${token}`,
            '\r\n',
          ].join('\r\n'),
        )
        await until('the upgrade', () => received.includes('\r\n\r\n'))
        expect(received).toStartWith('HTTP/1.1 101 ')
        expect(received.toLowerCase()).toContain('sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=')
        socket.write(textFrame({ type: 'subscribe', id: 1, channels: ['general'] }))
        await until('the subscription', () => received.includes('"subscribed"'))
        const id = await post('over the socket')
        await until('the message', () => received.includes(id))
        socket.destroy()
      })

      test('Caddy passes the path on unchanged', async () => {
        const response = await request('/v1/channels/a%2Fb/members')
        expect(response.status).toBe(404)
        expect(await response.json()).toMatchObject({ code: 'channel_not_found' })
      })
    })
  }
})

/** Starts Caddy with the Caddyfile of the repository; only the addresses change, to loopback and free ports. */
async function startCaddy(stack: AsyncDisposableStack, upstream: string): Promise<Front[]> {
  const home = stack.use(temporaryDirectory())
  const [plain, secure] = [await freePort(), await freePort()]
  const config = await adapt({
    SYNAPSE_DOMAIN: `http://proxy.test:${plain}`,
    SYNAPSE_LAN_NAME: `synapse-test.local:${secure}`,
    SYNAPSE_UPSTREAM: upstream,
  })
  config.admin = { disabled: true }
  for (const server of Object.values(config.apps.http.servers)) {
    server.listen = server.listen.map((address) => `127.0.0.1${address}`)
    // Otherwise it would listen on port 80 for redirects.
    server.automatic_https = { ...server.automatic_https, disable_redirects: true }
  }
  const file = join(home.path, 'caddy.json')
  await Bun.write(file, JSON.stringify(config))
  const child = Bun.spawn(['caddy', 'run', '--config', file], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home.path,
      XDG_DATA_HOME: home.path,
      XDG_CONFIG_HOME: home.path,
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: Bun.file(join(home.path, 'caddy.log')),
  })
  stack.defer(async () => {
    child.kill()
    await child.exited
  })
  const root = join(home.path, 'caddy/pki/authorities/local/root.crt')
  await until('the root certificate of Caddy', () => existsSync(root))
  await until('Caddy', () =>
    /serving initial configuration/.test(readFileSync(join(home.path, 'caddy.log'), 'utf8')),
  )
  const name = `synapse-test.local:${secure}`
  return [
    { name: `proxy.test:${plain}`, origin: `http://127.0.0.1:${plain}`, trust: {} },
    {
      name,
      origin: `https://127.0.0.1:${secure}`,
      trust: { tls: { ca: readFileSync(root, 'utf8'), serverName: 'synapse-test.local' } },
    },
  ]
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    server.close(() => resolve(port))
  })
  return promise
}

/** A client frame, masked with zeros (RFC 6455, section 5.2). */
function textFrame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** What a response has delivered so far. */
function textOf(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader() ?? fail('no body')
  let text = ''
  return {
    async until(part: string): Promise<void> {
      while (!text.includes(part)) {
        const { done, value } = await reader.read()
        if (done) throw new Error(`the stream ended without ${part}: ${text}`)
        text += value
      }
    },
  }
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  let held = false
  while (!held) {
    held = await holds()
    if (!held) await Bun.sleep(20)
  }
}

function fail(reason: string): never {
  throw new Error(reason)
}
