import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homePaths, isAlive, type RunFile, readRunFile } from '../../src/home'
import { runFile } from '../home/run-file-of'
import { Site } from '../support/site'
import { until } from '../support/sockets'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

/** The files in run/ except the lock, which stays. */
function runFiles(home: string): string[] {
  return readdirSync(homePaths(home).run).filter((name) => !name.startsWith('lock.db'))
}

function phaseOf(home: string): string | undefined {
  return readRunFile(homePaths(home).runFile)?.phase
}

describe('serve in the foreground', () => {
  test('serve writes only JSON lines to stdout, and its URLs, its home and the first command to stderr', async () => {
    await using site = new Site()
    const server = await site.serve()
    const banner = await until('the banner', () =>
      server.stderr.includes('pid') ? server.stderr : undefined,
    )
    for (const part of [server.url, site.home, `sqlite:${site.home}/synapse.db`, 'admin credentials: 0'])
      expect(banner).toContain(part)
    await until('the first command', () => server.stderr.includes(`quickstart --home ${site.home}`))
    const health = await (await fetch(`${server.url}/healthz`)).json()
    expect(health).toMatchObject({
      version: (await site.json<{ contract: string }>('--version', '--json')).contract,
    })
    expect(await server.stop()).toBe(0)
    for (const line of server.stdout.split('\n').filter((text) => text !== '')) JSON.parse(line)
    expect(runFiles(site.home)).toEqual([])
  })

  test('serve does not suggest quickstart once there is an admin', async () => {
    await using site = new Site()
    await site.json('quickstart', '--yes', '--json')
    const server = await site.serve()
    await until('the banner', () => server.stderr.includes('pid'))
    server.signal('SIGINT')
    expect(await server.exited).toBe(0)
    expect(server.stderr).not.toContain('quickstart')
  })

  test('serve does not print the password of the database', async () => {
    await using site = new Site()
    const url = 'postgres://ada:hunter2@127.0.0.1:1/synapse'
    const { code, stdout, stderr } = await site.run('serve', '--port', '0', '--database-url', url)
    expect(code).not.toBe(0)
    expect(stdout + stderr).not.toContain('hunter2')
  })

  test('a second server on the same home exits with 5 and names the first', async () => {
    await using site = new Site()
    const server = await site.serve()
    for (const action of ['--foreground', '--daemon']) {
      const second = await site.run('serve', action, '--port', '0')
      expect(second).toMatchObject({ code: 5, stdout: '' })
      expect(second.stderr).toContain(`pid ${server.pid}`)
      expect(second.stderr).toContain(server.url)
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  test('a server starts again after kill -9', async () => {
    await using site = new Site()
    const first = await site.serve()
    await first.kill()
    expect(runFiles(site.home)).toContain('synapse.sock')
    expect((await site.run('serve', '--status')).code).toBe(3)
    const second = await site.serve()
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200)
  })

  test('Ctrl-C lets a running request finish, and a second one kills the server', async () => {
    await using site = new Site()
    const server = await site.serve()
    const { hostname, port } = new URL(server.url)
    const connected = Promise.withResolvers<void>()
    // A request whose body never arrives.
    await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          socket.write('POST /v1/auth/login HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n')
          socket.write('Content-Length: 100\r\n\r\n{')
          connected.resolve()
        },
        data() {},
      },
    })
    await connected.promise
    await fetch(`${server.url}/healthz`)
    server.signal('SIGINT')
    await until('the stop to begin', () => phaseOf(site.home) === 'stopping')
    server.signal('SIGINT')
    expect(await server.exited).toBe(130)
  })

  test('a server can start while commands work on the home, and the commands succeed', async () => {
    await using site = new Site()
    const commands = ['ada', 'ben', 'cyd'].map((handle) =>
      site.run('add-account', '--kind', 'agent', '--handle', handle),
    )
    const server = await site.serve()
    // A command may have run before the server started.
    for (const { code, stderr } of await Promise.all(commands))
      expect([code, stderr.replace(/^there was no store at .*\n/, '')]).toEqual([0, ''])
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    expect(await site.json<unknown[]>('list-accounts')).toHaveLength(3)
  })

  test('a port in use is an error that names the port and --port', async () => {
    await using site = new Site()
    using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    for (const action of ['--foreground', '--daemon']) {
      const { code, stderr } = await site.run('serve', action, '--port', String(taken.port))
      expect(code).toBe(1)
      expect(stderr).toContain(`port ${taken.port} is in use`)
      expect(stderr).toContain('--port')
      expect(stderr).not.toMatch(/\n\s+at /)
    }
    expect(runFiles(site.home)).toEqual([])
  })

  test('serve exits with 78 for a refused configuration', async () => {
    await using site = new Site()
    const cases: [words: string[], part: string][] = [
      [['--host', '0.0.0.0'], '--allow-public-bind'],
      [['--daemon', '--host', '0.0.0.0'], '--allow-public-bind'],
      [['--host', 'example.org'], '--host'],
      [['--port', '70000'], '--port'],
      [['--database-url', 'mysql://x'], '--database-url'],
      [['--home', `${site.userHome}/.synapse`], '.synapse'],
    ]
    for (const [words, part] of cases) {
      const { code, stderr } = await site.run('serve', ...words)
      expect({ words, code }).toEqual({ words, code: 78 })
      expect(stderr).toContain(part)
    }
  })
})

describe('serve --daemon', () => {
  test('a daemon keeps running after the command, --status shows it, and --stop ends it and leaves no files', async () => {
    await using site = new Site()
    expect(await site.run('serve', '--status')).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('not running'),
    })
    const { run } = await site.daemon()
    expect(run).toMatchObject({ phase: 'ready', home: site.home, boot_id: expect.any(String) })
    expect(isAlive(run.pid)).toBe(true)
    expect((await fetch(`${run.urls[0]}/healthz`)).status).toBe(200)

    const status = await site.json<RunFile>('serve', '--status', '--json')
    expect(status).toMatchObject({ running: true, answering: true, pid: run.pid, urls: run.urls })
    expect((await site.run('serve', '--status')).stdout).toContain(run.urls[0] ?? '?')

    expect(await site.run('serve', '--stop')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('has stopped'),
    })
    expect(isAlive(run.pid)).toBe(false)
    expect(runFiles(site.home)).toEqual([])
    expect(await site.json<unknown>('serve', '--status', '--json').catch(() => 'down')).toBe('down')
    expect(await site.run('serve', '--stop')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('not running'),
    })
  })

  test('the banner of a daemon says the same as the one of a foreground server', async () => {
    await using site = new Site()
    const { code, stdout } = await site.run('serve', '--daemon', '--port', '0')
    const run = readRunFile(site.paths.runFile)
    site.remember(run?.pid ?? 0)
    expect(code).toBe(0)
    for (const part of [
      run?.urls[0] ?? '?',
      site.home,
      'admin credentials: 0',
      `quickstart --home ${site.home}`,
    ])
      expect(stdout).toContain(part)
  })

  test('a daemon works without a socket too', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_SOCKET = 'off'
    const { run } = await site.daemon()
    expect(run.socket).toBeNull()
    expect((await site.run('serve', '--status')).code).toBe(0)
    const command = await site.run('list-accounts')
    expect(command).toMatchObject({ code: 5, stderr: expect.stringContaining('--url') })
    expect((await site.run('serve', '--stop')).code).toBe(0)
    expect(isAlive(run.pid)).toBe(false)
  })

  test('a daemon that fails to start is reported with its last log lines', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    writeFileSync(
      site.paths.database,
      'this is no database, and it is long enough to be looked at'.repeat(99),
    )
    const { code, stderr } = await site.run('serve', '--daemon', '--port', '0')
    expect(code).not.toBe(0)
    expect(stderr).toContain('instead of starting')
    expect(stderr).toContain('error:')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('the report of a failed start shows the log lines of that start alone', async () => {
    await using site = new Site()
    await site.daemon()
    await site.run('serve', '--stop')
    using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const { code, stderr } = await site.run('serve', '--daemon', '--port', String(taken.port))
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`port ${taken.port} is in use`),
    })
    expect(stderr).toContain('no account can administer')
    expect(stderr).not.toContain('"message":"ready"')
  })

  test.concurrent('a daemon that hangs during its start is killed when the time is over', async () => {
    await using site = new Site()
    // Opening a named pipe blocks until another process opens it for writing.
    const pipe = `${site.userHome}/pipe`
    Bun.spawnSync(['mkfifo', pipe])
    const tls = ['--tls-cert', pipe, '--tls-key', pipe]
    const { code, stderr } = await site.run('serve', '--daemon', '--port', '0', ...tls)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('did not answer in time') })
    const left = Bun.spawnSync(['pgrep', '-f', `=${pipe}`])
      .stdout.toString()
      .trim()
    for (const pid of left.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    expect(left).toBe('')
  })
})

describe.concurrent('serve --stop', () => {
  test('serve --stop kills a server that does not end in time', async () => {
    await using site = new Site()
    const server = await site.serve()
    server.signal('SIGSTOP')
    const stopped = await site.run('serve', '--stop', '--timeout', '1', '--json')
    expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true, killed: true, pid: server.pid })
    expect(stopped.code).toBe(0)
    expect(runFiles(site.home)).toEqual([])
  })

  test('serve --stop signals no process that is not a Synapse server, and exits with 1', async () => {
    await using site = new Site()
    const { run, runFile: path, pid: pidFile } = site.paths
    mkdirSync(run, { recursive: true, mode: 0o700 })
    const stranger = Bun.spawn(['sleep', '600'])
    site.remember(stranger.pid)
    writeFileSync(path, JSON.stringify(runFile({ pid: stranger.pid, home: site.home, socket: null })))
    writeFileSync(pidFile, `${stranger.pid}\n`)
    const { code, stderr } = await site.run('serve', '--stop')
    expect({ code, alive: isAlive(stranger.pid) }).toEqual({ code: 1, alive: true })
    expect(stderr).toContain(`process ${stranger.pid} is not a synapse server`)
    expect(existsSync(path)).toBe(true)
    expect((await site.run('serve', '--status')).code).toBe(3)
  })

  test('serve --stop exits with 1 if the run files are gone, and says how to find the server', async () => {
    await using site = new Site()
    const server = await site.serve()
    const { pid, runFile, lock } = site.paths
    for (const file of [pid, runFile]) rmSync(file)
    const { code, stderr } = await site.run('serve', '--stop')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`fuser ${lock}`) })
    expect((await site.run('serve', '--status')).stdout).toContain('its lock is held')
    expect(isAlive(server.pid)).toBe(true)
  })

  test('serve --stop removes the files of a killed server', async () => {
    await using site = new Site()
    const server = await site.serve()
    await server.kill()
    expect(await site.run('serve', '--stop')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('not running'),
    })
    expect(runFiles(site.home)).toEqual([])
  })

  test('serve --stop does nothing in a home that does not exist, and does not create it', async () => {
    await using site = new Site()
    rmSync(site.home, { recursive: true, force: true })
    expect((await site.run('serve', '--stop')).code).toBe(0)
    expect((await site.run('serve', '--status')).code).toBe(3)
    expect(existsSync(site.home)).toBe(false)
  })
})
