import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { selfSigned } from '../support/certificate'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { type Examined, examined } from './examined'

setDefaultTimeout(120_000)

/** A machine with a client and without a server. */
class Elsewhere extends Site {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {
    super()
    mkdirSync(join(this.userHome, '.synapse'), { mode: 0o700 })
    this.keeps(token)
    this.isFor(url, 'ann')
  }

  keeps(token: string, mode = 0o600): void {
    writeFileSync(this.tokenFile, `${token}\n`)
    chmodSync(this.tokenFile, mode)
  }

  isFor(url: string, handle: string, channels?: string[]): void {
    const filter = channels === undefined ? '' : `channels = ${JSON.stringify(channels)}\n`
    writeFileSync(
      join(this.userHome, '.synapse/synapse.toml'),
      `[synapse]\nbase_url = "${url}/"\nhandle = "${handle}"\n${filter}`,
    )
  }

  get tokenFile(): string {
    return join(this.userHome, '.synapse/ann.token')
  }

  look(...words: string[]): Promise<Examined> {
    return examined(this, {}, ...words)
  }
}

let site: Site
let server: ServerProcess
let token = ''
const issue = async (handle: string, scopes: string, ...more: string[]) =>
  (await site.json<{ token: string }>('issue-token', '--account', handle, '--scopes', scopes, ...more)).token
/** Its token has only this scope, for the one channel that it follows. */
const withScope = (scope: string) => async (machine: Elsewhere) => {
  machine.keeps(await issue('ann', scope))
  machine.isFor(server.url, 'ann', ['general'])
}

beforeAll(async () => {
  site = new Site()
  server = await site.serve()
  for (const slug of ['general', 'other', 'shut', 'quiet'])
    await site.json('add-channel', '--slug', slug, '--name', slug)
  await site.json('add-account', '--kind', 'agent', '--handle', 'ann')
  await site.json('add-member', 'ann', 'general')
  await site.json('add-member', 'ann', 'shut')
  await site.json('archive-channel', 'shut')
  await site.json('add-member', 'ann', 'quiet', '--role', 'read_only')
  token = await issue('ann', 'channel:*:read,channel:*:post')
})
afterAll(() => site[Symbol.asyncDispose]())

test('a healthy client passes every check of every way of listening', async () => {
  await using machine = new Elsewhere(server.url, token)
  machine.isFor(server.url, 'ann', ['General'])
  const { code, lines, of } = await machine.look()
  expect(Object.fromEntries(lines.map(({ name, status }) => [name, status]))).toEqual({
    client: 'pass',
    server: 'pass',
    clock: 'pass',
    round_trip: 'skip',
    credential: 'pass',
    channels: 'pass',
    long_poll: 'pass',
    event_stream: 'pass',
    websocket: 'pass',
    webhook: 'skip',
  })
  expect(code).toBe(0)
  expect(of('channels')?.detail).toBe(
    "every access check passes: general; excluded by the client's own filter: quiet",
  )
  expect(JSON.stringify(lines)).not.toContain(token)
})

test('doctor does not count as a second use of the token', async () => {
  await using machine = new Elsewhere(server.url, token)
  const program = { headers: { authorization: `Bearer ${token}`, 'user-agent': 'my-agent/1' } }
  await fetch(`${server.url}/v1/auth/me`, program)
  await machine.look()
  const { warnings } = (await (await fetch(`${server.url}/v1/auth/me`, program)).json()) as {
    warnings: string[]
  }
  expect(warnings).toEqual([])
})

describe('doctor on a client', () => {
  type Row = [
    title: string,
    breaks: (machine: Elsewhere) => void | Promise<void>,
    check: string,
    status: 'warn' | 'fail',
    detail: string,
    fix: string,
  ]
  const rows: Row[] = [
    [
      'a missing token',
      ({ tokenFile }) => rmSync(tokenFile),
      'credential',
      'fail',
      'there is no token in',
      'synapse join',
    ],
    [
      'a token that was never issued',
      (machine) => machine.keeps('syn_nobody'),
      'credential',
      'fail',
      'Invalid token',
      'issue-token --account ann',
    ],
    [
      'a missing token of another account',
      (machine) => machine.isFor(server.url, 'bob'),
      'credential',
      'fail',
      'there is no token in',
      '--account bob',
    ],
    [
      'a token that other users can read',
      (machine) => machine.keeps(token, 0o644),
      'credential',
      'warn',
      'others on this machine can read',
      'chmod 600',
    ],
    [
      'a channel without a membership',
      (machine) => machine.isFor(server.url, 'ann', ['general', 'other']),
      'channels',
      'fail',
      'other: ann is not a member (gate: membership)',
      'synapse admin add-member ann other',
    ],
    [
      'an unknown channel',
      (machine) => machine.isFor(server.url, 'ann', ['nowhere']),
      'channels',
      'fail',
      '(gate: visibility)',
      'correct channels',
    ],
    [
      'an archived channel',
      (machine) => machine.isFor(server.url, 'ann', ['shut']),
      'channels',
      'fail',
      'shut: the channel is archived',
      'unarchive-channel shut',
    ],
    [
      'a read-only role',
      (machine) => machine.isFor(server.url, 'ann', ['quiet']),
      'channels',
      'warn',
      '(gate: role)',
      'set-role ann quiet',
    ],
    [
      'a token that may not read',
      withScope('channel:general:post'),
      'channels',
      'fail',
      'general: the token may not read it (gate: scope)',
      'issue-token --account ann --scopes "channel:general:read',
    ],
    [
      'a token that may not post',
      withScope('channel:general:read'),
      'channels',
      'warn',
      'read but not post (gate: scope)',
      'issue-token',
    ],
    [
      'a token that expires soon',
      async (machine) => machine.keeps(await issue('ann', 'channel:*:*', '--expires-in', '2d')),
      'credential',
      'warn',
      'the token expires at',
      'issue-token --account ann',
    ],
    [
      'an address without a server',
      (machine) => machine.isFor('http://127.0.0.1:1', 'ann'),
      'server',
      'fail',
      'no server listens',
      'synapse serve',
    ],
  ]
  test.concurrent.each(rows)('doctor reports %s', async (_, breaks, check, status, detail, fix) => {
    await using machine = new Elsewhere(server.url, token)
    await breaks(machine)
    const { code, of } = await machine.look()
    expect(of(check)).toMatchObject({
      status,
      detail: expect.stringContaining(detail),
      fix: expect.stringContaining(fix),
    })
    expect(code).toBe(status === 'fail' ? 2 : 1)
  })

  test('doctor reports a token of another account than the configured one', async () => {
    await using machine = new Elsewhere(server.url, token)
    machine.isFor(server.url, 'bob')
    const { of } = await examined(machine, { SYNAPSE_TOKEN: token })
    expect(of('credential')).toMatchObject({
      status: 'fail',
      detail: 'the token of SYNAPSE_TOKEN belongs to ann, not to bob',
    })
  })

  test('doctor reports a certificate that is not trusted, and accepts it once it is', async () => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'synapse-doctor-'))
    const { cert, key } = selfSigned(folder)
    await using secure = new Site()
    const { url } = await secure.serve('--tls-cert', cert, '--tls-key', key, '--host', 'localhost')
    const words = ['--url', url.replace('127.0.0.1', 'localhost')]
    await using machine = new Elsewhere(server.url, token)
    const untrusted = await machine.look(...words)
    expect(untrusted.of('server')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('is not trusted on this machine'),
      fix: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
    const trusted = await examined(machine, { NODE_EXTRA_CA_CERTS: cert }, ...words)
    expect(trusted.of('server')).toMatchObject({ status: 'pass' })
    rmSync(folder, { recursive: true })
  })

  test('doctor reports a drain', async () => {
    await using machine = new Elsewhere(server.url, token)
    await site.run('drain', 'start')
    expect((await machine.look()).of('server')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('draining'),
      fix: expect.stringContaining('synapse drain stop'),
    })
    await site.run('drain', 'stop')
  })

  test('doctor reports a client file that cannot be read or is incomplete', async () => {
    await using machine = new Elsewhere(server.url, token)
    const file = join(machine.userHome, 'own.toml')
    for (const [text, detail] of [
      [undefined, 'cannot be read'],
      ['[synapse', 'TOML'],
      ['[synapse]\nhandle = "ann"', 'synapse.base_url'],
      ['[synapse]\nbase_url = "http://localhost"\nhandle = "../../etc/passwd"', 'is no handle'],
    ] as const) {
      if (text !== undefined) writeFileSync(file, text)
      const { code, lines } = await machine.look('--config', file)
      expect(lines).toMatchObject([
        { name: 'client', status: 'fail', detail: expect.stringContaining(detail) },
      ])
      expect(code).toBe(2)
    }
  })
})

describe.skipIf(!hasNginx)('doctor on a client behind a misconfigured proxy', () => {
  const upstream = () => new URL(server.url).host
  const sockets = [
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection upgrade;',
  ]
  const buffers = [
    'proxy_ignore_headers X-Accel-Buffering;',
    'gzip on; gzip_min_length 0; gzip_proxied any; gzip_types text/event-stream;',
  ]
  const rows: [title: string, lines: string[], check: string, detail: string][] = [
    ['blocked WebSockets', [], 'websocket', 'WebSockets do not open'],
    ['buffered event streams', [...sockets, ...buffers], 'event_stream', 'event streams are buffered'],
    [
      'interrupted long polls',
      [...sockets, 'proxy_read_timeout 500ms;'],
      'long_poll',
      'is cut off (status 504)',
    ],
  ]
  test.concurrent.each(rows)('doctor reports %s', async (_, lines, check, detail) => {
    await using front = await carelessNginx(upstream(), lines)
    await using machine = new Elsewhere(front.origin, token)
    const { code, of } = await machine.look()
    expect(of(check)).toMatchObject({ status: 'fail', detail: expect.stringContaining(detail) })
    expect(code).toBe(2)
  })

  test('doctor tells an admin alone what the proxy changes', async () => {
    const lines = [...sockets, 'proxy_set_header Host $host;']
    await using front = await carelessNginx(upstream(), lines, { path: '/' })
    await using machine = new Elsewhere(front.origin, await issue('ann', 'admin:*'))
    expect((await machine.look()).of('round_trip')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/Host arrives as localhost instead.*decodes paths/),
    })
    machine.isFor(server.url, 'ann')
    expect((await machine.look()).of('round_trip')).toMatchObject({ status: 'pass' })
  })
})

describe('the token', () => {
  /** A server that claims to be Synapse and records what it is sent. */
  class Eavesdropper implements Disposable {
    readonly heard: string[] = []
    private readonly http: Bun.Server<undefined>

    constructor(answer: () => Response) {
      this.http = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: (request) => {
          this.heard.push(`${new URL(request.url).pathname} ${request.headers.get('authorization')}`)
          return answer()
        },
      })
    }

    get url(): string {
      return `http://127.0.0.1:${this.http.port}`
    }

    [Symbol.dispose](): void {
      void this.http.stop(true)
    }
  }

  test('doctor does not send the token to a server other than its own', async () => {
    using other = new Eavesdropper(() =>
      Response.json({ status: 'ok', service: 'synapse', version: '1.0.0' }),
    )
    await using machine = new Elsewhere(server.url, token)
    expect((await machine.look('--url', other.url)).of('credential')).toMatchObject({ status: 'skip' })
    expect(other.heard.length).toBeGreaterThan(0)
    expect(other.heard.join()).not.toContain('Bearer')
    await machine.look('--url', other.url, '--handle', 'ann')
    expect(other.heard.join()).toContain(`Bearer ${token}`)
  })

  test('doctor does not send the token to a server that is not Synapse', async () => {
    using other = new Eavesdropper(() => new Response('a printer'))
    await using machine = new Elsewhere(other.url, token)
    expect((await machine.look()).of('server')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('another program answers'),
    })
    expect(other.heard.join()).not.toContain('Bearer')
  })

  test('doctor says by how much a wrong clock is off', async () => {
    const body = { status: 'ok', service: 'synapse', version: '1.0.0' }
    const date = new Date(Date.now() - 3_600_000).toUTCString()
    using late = new Eavesdropper(() => Response.json(body, { headers: { date } }))
    await using machine = new Elsewhere(late.url, token)
    expect((await machine.look()).of('clock')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^the clock of this machine is 36\d\d s ahead of the server's$/),
    })
  })
})

test("on the server's machine doctor checks the client after the home, and elsewhere the client alone", async () => {
  await using machine = new Elsewhere(server.url, token)
  const names = async (...words: string[]) => (await machine.look(...words)).lines.map(({ name }) => name)
  expect((await names()).slice(0, 2)).toEqual(['client', 'server'])
  await machine.json('init', '--json')
  const both = await names()
  expect(both[0]).toBe('reachable')
  expect(both).toContain('client')
  expect(await names('--url', server.url)).not.toContain('reachable')
  const { code, stderr } = await machine.run('doctor', '--home', machine.home, '--url', server.url)
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--home is for the machine') })
})
