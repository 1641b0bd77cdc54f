import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { OutboundError, OutboundRequest } from '../../src/core/kernel'
import { OutboundCalls } from '../../src/platform/outbound'
import { temporaryDirectory } from '../home/temporary'
import { issued } from '../support/certificate'

setDefaultTimeout(120_000)

const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** Outbound calls with a name server of the test. */
function outbound(names: Record<string, readonly string[]> = {}, authorities?: readonly string[]) {
  const asked: string[] = []
  const calls = new OutboundCalls({
    allowed: () => LOOPBACK,
    resolve: async (name) => {
      asked.push(name)
      return names[name] ?? []
    },
    ...(authorities && { authorities }),
  })
  const call = (url: string, more: Partial<OutboundRequest> = {}) =>
    calls.call({ method: 'POST', url, body: 'hello', timeoutMs: 10_000, maxBytes: 4096, ...more })
  /** The reason for a failed call. */
  const refused = (url: string, more: Partial<OutboundRequest> = {}) =>
    call(url, more).then(
      ({ status }) => `answered ${status}`,
      ({ problem }: OutboundError) => problem,
    )
  return { asked, call, refused }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Answers with the request that it received. */
const echo = async (request: Request) => {
  const { host, pathname, search } = new URL(request.url)
  return Response.json({
    host: request.headers.get('host'),
    connection: request.headers.get('connection'),
    custom: request.headers.get('x-custom'),
    at: [host, pathname + search].join(' '),
    body: await request.text(),
  })
}

/** A server that sends raw bytes and counts its connections. */
async function rawServer(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const ended = Promise.withResolvers<void>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) ended.resolve()
    })
    socket.once('data', () => answer(socket))
  })
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://receiver.example:${port}/`,
    /** Resolves once no connection is open. */
    ended: ended.promise,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const here = { 'receiver.example': ['127.0.0.1'] }

test.each([
  ['127.0.0.1', 'http'],
  ['::1', 'http'],
  ['127.0.0.1', 'https'],
  ['::1', 'https'],
])('a name is resolved once, and %s is called over %s under that name', async (hostname, scheme) => {
  using folder = temporaryDirectory()
  const files = issued(folder.path)
  const tls = {
    cert: readFileSync(files.cert, 'utf8') + readFileSync(files.intermediate, 'utf8'),
    key: readFileSync(files.key, 'utf8'),
  }
  using server = Bun.serve({ hostname, port: 0, fetch: echo, ...(scheme === 'https' && { tls }) })
  const root = readFileSync(join(folder.path, 'root.pem'), 'utf8')
  const { call, asked, refused } = outbound({ localhost: [hostname], 'other.example': [hostname] }, [root])
  const { status, headers, body, isCut } = await call(`${scheme}://localhost:${server.port}/path?q=1`, {
    headers: { 'x-custom': 'yes', Host: 'elsewhere', 'Content-Length': '1' },
  })
  expect([status, isCut, headers['content-type']]).toEqual([200, false, 'application/json;charset=utf-8'])
  expect(JSON.parse(text(body))).toEqual({
    host: `localhost:${server.port}`,
    connection: 'close',
    custom: 'yes',
    at: `localhost:${server.port} /path?q=1`,
    body: 'hello',
  })
  expect(asked).toEqual(['localhost'])
  if (scheme === 'http') return
  // A certificate for another name, and one from an unknown authority.
  expect(await refused(`https://other.example:${server.port}/`)).toBe('certificate')
  expect(await outbound({ localhost: [hostname] }).refused(`https://localhost:${server.port}/`)).toBe(
    'certificate',
  )
  const literal = hostname === '::1' ? '[::1]' : hostname
  expect(await refused(`https://${literal}:${server.port}/`)).toBe(
    hostname === '::1' ? 'certificate' : 'answered 200',
  )
})

test('a forbidden address is not called under any name and in any notation', async () => {
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: echo })
  const { port } = server
  const names: Record<string, readonly string[]> = {
    'private.example': ['127.0.0.1', '10.0.0.1', '::ffff:127.0.0.1'],
    'listed.example': ['127.0.0.1'],
  }
  const calls = new OutboundCalls({
    allowed: () => ['listed.example', '10.9.0.0/16'],
    resolve: async (name) => names[name] ?? [],
  })
  const call = (host: string, isVouched = false) =>
    calls
      .call({ method: 'GET', url: `http://${host}:${port}/`, timeoutMs: 10_000, maxBytes: 10, isVouched })
      .then(
        ({ status }) => status,
        ({ problem }: OutboundError) => problem,
      )
  const forms = ['private.example', '127.0.0.1', '2130706433', '0x7f.1', '[::ffff:7f00:1]', '0']
  for (const host of forms) expect([host, await call(host)]).toEqual([host, 'blocked'])
  expect(await call('private.example', true)).toBe(200)
  expect(await call('listed.example')).toBe(200)
  expect(await call('LISTED.example.')).toBe(200)
  expect(await call('169.254.169.254', true)).toBe('blocked')
  expect(await call('nowhere.example')).toBe('unresolved')
})

test('the first address of a name that accepts the connection is called', async () => {
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: echo })
  const { call, refused } = outbound({ 'both.example': ['::1', '127.0.0.1'], 'none.example': ['127.0.0.2'] })
  expect((await call(`http://both.example:${server.port}/`)).status).toBe(200)
  expect(await refused(`http://none.example:${server.port}/`)).toBe('unreachable')
})

test('a redirect is returned and not followed', async () => {
  using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => Response.redirect('http://127.0.0.1:1/'),
  })
  const { status, headers } = await outbound(here).call(`http://receiver.example:${server.port}/`)
  expect([status, headers.location]).toEqual([302, 'http://127.0.0.1:1/'])
})

test('an answer longer than the limit is cut and its connection closed', async () => {
  using server = await rawServer((socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write('a'.repeat(65_536)));
    }
    socket.on('drain', more)
    socket.write('HTTP/1.1 500 Oh\r\n\r\n')
    more()
  })
  const { status, body, isCut } = await outbound(here).call(server.url, { maxBytes: 500 })
  expect([status, body.length, isCut]).toEqual([500, 500, true])
  await server.ended
})

test('a compressed answer is not decompressed, and one as long as the limit is not cut', async () => {
  using server = await rawServer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc'),
  )
  const { body, isCut } = await outbound(here).call(server.url, { maxBytes: 3 })
  expect([text(body), isCut]).toEqual(['abc', false])
})

test.each([
  ['sends nothing', '', 'timeout'],
  ['stops within the headers', 'HTTP/1.1 200 OK\r\nContent-', 'timeout'],
  ['stops within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc', 'timeout'],
])('a call to a receiver that %s ends with a timeout', async (_, said, problem) => {
  using server = await rawServer((socket) => socket.write(said))
  expect(await outbound(here).refused(server.url, { timeoutMs: 100 })).toBe(problem as 'timeout')
  await server.ended
})

test.each([
  ['closes the connection', ''],
  ['does not speak HTTP', 'SSH-2.0 x\r\n'],
  ['closes within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc'],
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['sends endless headers', `HTTP/1.1 200 OK\r\n${`x-a: ${'a'.repeat(1000)}\r\n`.repeat(200)}\r\n`],
])('a receiver that %s counts as unreachable', async (_, said) => {
  using server = await rawServer((socket) => socket.end(said))
  expect(await outbound(here).refused(server.url)).toBe('unreachable')
})

test('a call ends when its caller aborts it', async () => {
  const asked = Promise.withResolvers<void>()
  using server = await rawServer(() => asked.resolve())
  const ender = new AbortController()
  const refused = outbound(here).refused(server.url, { signal: ender.signal })
  await asked.promise
  ender.abort()
  expect(await refused).toBe('aborted')
  await server.ended
})

test.each([
  '',
  'hooks.example',
  'ftp://a.example/',
  'file:///etc/passwd',
  'http://',
  'http://user:secret@a.example/',
])('the URL %j is invalid and not called', async (url) =>
  expect(await outbound().refused(url)).toBe('invalid'),
)

test('a header value cannot inject another header', async () => {
  const { refused } = outbound(here)
  expect(await refused('http://receiver.example:1/', { headers: { 'x-a': 'b\r\nx-c: d' } })).toBe('invalid')
})

test('proxy variables of the environment are ignored', async () => {
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: echo })
  const script = `
    import { OutboundCalls } from '${join(import.meta.dir, '../../src/platform/outbound.ts')}'
    const calls = new OutboundCalls({ allowed: () => ['127.0.0.1/32'] })
    const url = 'http://127.0.0.1:${server.port}/'
    const { status } = await calls.call({ method: 'GET', url, timeoutMs: 10_000, maxBytes: 10 })
    console.log(status)`
  const nowhere = 'http://127.0.0.1:9'
  const proxies = {
    HTTP_PROXY: nowhere,
    http_proxy: nowhere,
    HTTPS_PROXY: nowhere,
    ALL_PROXY: nowhere,
    NO_PROXY: '',
  }
  const child = Bun.spawn([process.execPath, '-e', script], {
    env: { ...process.env, ...proxies },
    stdout: 'pipe',
  })
  expect(await new Response(child.stdout).text()).toBe('200\n')
})
