import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { planBind } from '../../src/app/listeners'
import { loadConfig } from '../../src/config'
import { homePaths, type RunFile } from '../../src/home'
import { selfSigned } from '../support/certificate'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

interface Quickstart {
  readonly agent: { readonly token: string }
  readonly admin: { readonly handle: string; readonly password: string }
}

describe('TLS', () => {
  test('a TLS listener speaks only HTTPS and WSS, its URLs are https, and its session cookie is Secure', async () => {
    await using site = new Site()
    const { cert, key } = selfSigned(site.userHome)
    const { agent, admin } = await site.json<Quickstart>('quickstart', '--yes', '--json')
    const server = await site.serve('--tls-cert', cert, '--tls-key', key)
    expect(server.url).toStartWith('https://127.0.0.1:')
    const tls = { ca: readFileSync(cert, 'utf8') }
    expect((await fetch(`${server.url}/healthz`, { tls })).status).toBe(200)
    const authorization = `Bearer ${agent.token}`
    const stream = await fetch(`${server.url}/v1/events`, {
      headers: { authorization, accept: 'text/event-stream' },
      tls,
    })
    const reader = stream.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('event: hello')
    const posted = await fetch(`${server.url}/v1/messages`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'general', body: 'x'.repeat(10_000) }),
      tls,
    })
    expect(posted.status).toBe(201)
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('message.created')
    await reader?.cancel()
    const socket = new WebSocket(`${server.url.replace('https:', 'wss:')}/v1/ws`, {
      headers: { authorization },
      tls: { ca: tls.ca },
    })
    const hello = await new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(String(data))
      socket.onclose = () => reject(new Error('closed'))
    })
    expect(hello).toContain('hello')
    socket.close()
    const login = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ handle: admin.handle, password: admin.password }),
      tls,
    })
    expect(login.headers.get('set-cookie')).toContain('; Secure')
    const plain = fetch(server.url.replace('https:', 'http:'), { signal: AbortSignal.timeout(5000) })
    expect(await plain.then(() => 'answered').catch(() => 'refused')).toBe('refused')
    expect((await site.run('serve', '--status')).code).toBe(0)
    expect((await site.run('doctor', '--json')).stdout).toContain('"reachable",\n      "status": "pass"')
    expect(await server.stop()).toBe(0)
  })

  test('a TLS daemon without a socket can be started, queried and stopped', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_SOCKET = 'off'
    const { cert, key } = selfSigned(site.userHome)
    const { run } = await site.daemon('--tls-cert', cert, '--tls-key', key)
    expect(run.urls[0]).toStartWith('https://')
    expect((await site.run('serve', '--status')).code).toBe(0)
    expect((await site.run('serve', '--stop')).code).toBe(0)
  })

  test('a certificate with a missing or wrong key exits with 78', async () => {
    await using site = new Site()
    const { cert } = selfSigned(site.userHome)
    const { key } = selfSigned(site.userHome, 'other')
    for (const [words, part] of [
      [['--tls-cert', cert], 'tls_key'],
      [['--tls-cert', cert, '--tls-key', key], 'does not belong'],
      [['--tls-cert', cert, '--tls-key', `${key}x`], 'ENOENT'],
    ] as const) {
      const { code, stderr } = await site.run('serve', '--port', '0', ...words)
      expect({ words, code }).toEqual({ words, code: 78 })
      expect(stderr).toContain(part)
    }
  })
})

describe('rescue mode', () => {
  test('in rescue mode local requests are admin without a credential, and the log and banner say so', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_HOST = '10.99.0.1'
    const server = await site.serve('--insecure-localhost')
    expect(server.url).toStartWith('http://127.0.0.1:')
    const { port } = new URL(server.url)
    const accounts = (headers: Record<string, string>, init: RequestInit = {}) =>
      fetch(`${server.url}/v1/admin/accounts`, { ...init, headers })
    expect((await accounts({})).status).toBe(200)
    await until('the banner', () => server.stderr.includes('auth: OFF (rescue mode)'))
    await until('the warning', () => server.stdout.includes('RESCUE MODE'))

    const refused: [Record<string, string>, RequestInit, number, string][] = [
      [{ 'x-forwarded-for': '10.0.0.1' }, {}, 403, 'proxied_request_refused'],
      [{ 'x-forwarded-proto': 'https' }, {}, 403, 'proxied_request_refused'],
      [{ forwarded: 'for=10.0.0.1' }, {}, 403, 'proxied_request_refused'],
      [{ host: 'evil.example' }, {}, 421, 'host_not_local'],
      [{ host: `evil.example:${port}` }, {}, 421, 'host_not_local'],
      [{ host: `localhost.evil.example:${port}` }, {}, 421, 'host_not_local'],
      [{ host: '10.99.0.1' }, {}, 421, 'host_not_local'],
      [{ origin: 'https://evil.example' }, { method: 'POST', body: '{}' }, 403, 'origin_not_allowed'],
      [{ 'sec-fetch-site': 'cross-site' }, { method: 'POST', body: '{}' }, 403, 'origin_not_allowed'],
      [{ authorization: 'Bearer nonsense' }, {}, 401, 'invalid_token'],
    ]
    for (const [headers, init, status, code] of refused) {
      const answer = await accounts(headers, init)
      expect({ headers, status: answer.status, ...((await answer.json()) as object) }).toMatchObject({
        headers,
        status,
        code,
      })
    }
    for (const host of ['localhost', `localhost:${port}`, `[::1]:${port}`, '127.0.0.1'])
      expect((await accounts({ host })).status).toBe(200)
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      origin: 'https://evil.example',
    }
    const socket = await fetch(`${server.url}/v1/ws`, { headers: upgrade })
    expect(await socket.json()).toMatchObject({ code: 'origin_not_allowed' })
    expect(await server.stop()).toBe(0)

    const again = await site.serve('--host', '127.0.0.1')
    expect((await fetch(`${again.url}/v1/admin/accounts`)).status).toBe(401)
  })

  test('rescue mode is refused with 78 on a server with a public address', async () => {
    await using site = new Site()
    const { code, stderr } = await site.runWith(
      { SYNAPSE_DOMAIN: 'chat.example.org' },
      ...['serve', '--port', '0', '--insecure-localhost'],
    )
    expect(code).toBe(78)
    expect(stderr).toContain('https://chat.example.org')
    await site.json('config', 'set', 'base_url', 'https://chat.example.org', '--json')
    const wasSet = await site.run('serve', '--port', '0', '--insecure-localhost')
    expect({ code: wasSet.code, isNamed: wasSet.stderr.includes('synapse config unset base_url') }).toEqual({
      code: 78,
      isNamed: true,
    })
  })
})

describe('the local network', () => {
  const config = (env: Record<string, string>) =>
    loadConfig({ env: { HOME: '/h', SYNAPSE_HOME: '/h/data', ...env }, cwd: '/', command: 'serve' })
  const addresses = () => ['127.0.0.1', '192.168.1.20']

  test('--lan warns that tokens travel unencrypted, unless TLS is on', async () => {
    await using site = new Site()
    const { cert, key } = selfSigned(site.userHome)
    const plain = planBind(config({ SYNAPSE_LAN: '1' }), { addresses })
    expect(plain.notices.join('\n')).toContain('tokens travel unencrypted')
    const tls = { SYNAPSE_TLS_CERT: cert, SYNAPSE_TLS_KEY: key }
    const encrypted = planBind(config({ SYNAPSE_LAN: '1', ...tls }), { addresses })
    expect(encrypted.notices.join('\n')).not.toContain('unencrypted')
    expect(encrypted.bind.listeners[0]?.reachedAt).toEqual(addresses())
  })

  test('--lan exits with 78 on a machine with a public address, and otherwise prints its URLs', async () => {
    await using site = new Site()
    const exposed = await site.run('serve', '--lan', '--daemon', '--port', '0')
    if (exposed.code === 78) {
      expect(exposed.stderr).toContain('public address')
      // With the guard lifted the same flag works, so the rest can be tested on any machine.
      const { run } = await site.daemon('--lan', '--allow-public-bind')
      expect(run.urls[0]).toStartWith('http://127.0.0.1:')
      expect((await fetch(`${run.urls[0]}/healthz`)).status).toBe(200)
      return
    }
    expect(exposed).toMatchObject({ code: 0, stdout: expect.stringContaining('.local:') })
    expect(exposed.stdout).toContain('unencrypted')
  })
})

describe('a socket outside the home', () => {
  test('a socket exits with 78 if its folder is missing or writable by other users', async () => {
    await using site = new Site()
    const open = `${site.userHome}/open`
    mkdirSync(open)
    chmodSync(open, 0o777)
    for (const [folder, problem] of [
      [`${site.userHome}/none`, 'ENOENT'],
      [open, 'can be written by other users'],
    ] as const) {
      const env = { SYNAPSE_SOCKET: `${folder}/synapse.sock` }
      const { code, stderr } = await site.runWith(env, 'serve', '--port', '0')
      expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(problem) })
      expect(stderr).toContain('SYNAPSE_SOCKET')
    }
    // With the sticky bit others cannot touch files that are not theirs.
    chmodSync(open, 0o1777)
    site.environment.SYNAPSE_SOCKET = `${open}/synapse.sock`
    await site.daemon()
  })

  test('a socket path that names another file is refused, and the file stays', async () => {
    await using site = new Site()
    const file = `${site.userHome}/notes`
    writeFileSync(file, 'mine')
    const { code, stderr } = await site.runWith({ SYNAPSE_SOCKET: file }, 'serve', '--port', '0')
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(`${file} is no socket`) })
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})

describe('flags that cannot be used together', () => {
  const lines: string[][] = [
    ['--lan', '--host', '127.0.0.1'],
    ['--lan', '--insecure-localhost'],
    ['--memory', '--home', '/tmp/x'],
    ['--memory', '--database-url', 'sqlite:x'],
    ['--stop', '--restart'],
    ['--logs', '--status'],
    ['-n', '5'],
    ['--no-follow'],
    ['--logs', '-n', 'x'],
    ['--timeout', '5'],
    ['--logs', '--json'],
  ]
  test.each(lines.map((words) => [words.join(' '), words] as const))(
    'serve %s is a usage error',
    async (_, words) => {
      await using site = new Site()
      expect((await site.run('serve', ...words)).code).toBe(2)
    },
  )
})

describe('serve --memory', () => {
  test('serve --memory runs a full server and leaves nothing behind', async () => {
    await using site = new Site()
    delete site.environment.SYNAPSE_HOME
    const run = await site.json<RunFile>('serve', '--daemon', '--json', '--memory', '--port', '0')
    site.remember(run.pid)
    expect(run.home).toContain('synapse-memory-')
    expect((await fetch(`${run.urls[0]}/healthz`)).status).toBe(200)
    expect((await site.run('serve', '--stop', '--home', run.home)).code).toBe(0)
    expect(existsSync(run.home)).toBe(false)
    expect(existsSync(homePaths(`${site.userHome}/.local/share/synapse`).database)).toBe(false)
    expect(existsSync(`${site.userHome}/.local/state/synapse`)).toBe(false)
  })
})
