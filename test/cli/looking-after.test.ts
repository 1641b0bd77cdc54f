import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isAlive, type RunFile, readRunFile } from '../../src/home'
import { runFile } from '../home/run-file-of'
import { selfSigned } from '../support/certificate'
import { parsed } from '../support/finished'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

describe('serve --restart', () => {
  test('serve --restart starts a new process with the flags of the old one', async () => {
    await using site = new Site()
    const { run: first } = await site.daemon('--host', '127.0.0.1')
    const second = await site.json<RunFile>('serve', '--restart', '--json')
    site.remember(second.pid)
    expect(second.pid).not.toBe(first.pid)
    expect(isAlive(first.pid)).toBe(false)
    expect(readRunFile(site.paths.runFile)?.args).toEqual(
      expect.arrayContaining(['--host=127.0.0.1', '--port=0']),
    )
    expect((await fetch(`${second.urls[0]}/healthz`)).status).toBe(200)
  })

  test('new flags of serve --restart replace the old ones', async () => {
    await using site = new Site()
    await site.daemon('--host', '127.0.0.1')
    const second = await site.json<RunFile>('serve', '--restart', '--json', '--host', 'localhost')
    site.remember(second.pid)
    expect(readRunFile(site.paths.runFile)?.args).toContain('--host=localhost')
  })

  test('serve --restart from another directory uses the same store and the same files', async () => {
    await using site = new Site()
    const { cert, key } = selfSigned(site.userHome)
    const words = [
      '--database-url',
      'sqlite:here.db',
      '--tls-cert',
      basename(cert),
      '--tls-key',
      basename(key),
    ]
    const { run: first } = await site.daemon(...words)
    expect(first.store).toBe(`sqlite:${site.userHome}/here.db`)
    const elsewhere = `${site.userHome}/elsewhere`
    mkdirSync(elsewhere)
    const restart = async () => {
      const cmd = ['env', '-C', elsewhere, ...program, 'serve', '--restart', '--json']
      const run = parsed<RunFile>(await site.spawn(cmd))
      site.remember(run.pid)
      return run
    }
    const second = await restart()
    expect([second.store, second.urls[0]]).toEqual([first.store, expect.stringContaining('https:')])
    expect(readdirSync(elsewhere)).toEqual([])
    expect((await site.run('serve', '--stop')).code).toBe(0)

    // This holds for a server in the foreground too.
    await site.serve(...words)
    expect((await restart()).store).toBe(first.store)
  })

  test('serve --restart starts a server if none runs', async () => {
    await using site = new Site()
    const run = await site.json<RunFile>('serve', '--restart', '--json', '--port', '0')
    site.remember(run.pid)
    expect((await fetch(`${run.urls[0]}/healthz`)).status).toBe(200)
  })

  test('serve --restart under a supervisor exits with 1 and prints the command of the supervisor', async () => {
    await using site = new Site()
    const { run, runFile: path } = site.paths
    mkdirSync(run, { recursive: true, mode: 0o700 })
    const { pid } = Bun.spawn(['sleep', '600'])
    for (const [supervisor, part] of [
      ['systemd', 'systemctl'],
      ['docker', 'docker restart'],
    ] as const) {
      writeFileSync(path, JSON.stringify(runFile({ pid, home: site.home, supervisor })))
      const { code, stderr } = await site.run('serve', '--restart')
      expect({ code, named: stderr.includes(part) }).toEqual({ code: 1, named: true })
      const logs = await site.run('serve', '--logs')
      expect(logs.code).toBe(0)
      expect(logs.stdout).toMatch(supervisor === 'systemd' ? /^journalctl .*-u / : /^docker logs/)
    }
  })
})

describe('serve --status', () => {
  test('serve --status exits with 1 while the server is running but does not answer', async () => {
    await using site = new Site()
    const server = await site.serve()
    expect((await site.run('serve', '--status')).code).toBe(0)
    server.signal('SIGSTOP')
    const silent = await site.run('serve', '--status', '--json')
    server.signal('SIGCONT')
    expect(silent.code).toBe(1)
    expect(JSON.parse(silent.stdout)).toMatchObject({ running: true, answering: false, pid: server.pid })
    await until('an answer', () => isAlive(server.pid))
    expect((await site.run('serve', '--status')).code).toBe(0)
  })
})

describe('serve --logs', () => {
  const logOf = (site: Site, text: string) => {
    const { logs, log } = site.paths
    mkdirSync(logs, { recursive: true, mode: 0o700 })
    writeFileSync(log, text)
    return log
  }
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('')

  test('serve --logs shows the last hundred lines, or as many as -n says', async () => {
    await using site = new Site()
    logOf(site, numbered(30_000))
    const shown = async (...words: string[]) =>
      (await site.run('serve', '--logs', '--no-follow', ...words)).stdout
    expect(await shown()).toBe(numbered(30_000).split('\n').slice(-101).join('\n'))
    expect(await shown('-n', '2')).toBe('line 29999\nline 30000\n')
    expect(await shown('--lines', '0')).toBe('')
    expect(await shown('-n', '40000')).toBe(numbered(30_000))
    logOf(site, 'half a line')
    expect(await shown('-n', '1')).toBe('half a line')
  })

  test('serve --logs follows the log across a rotation', async () => {
    await using site = new Site()
    const log = logOf(site, numbered(2))
    const child = Bun.spawn([...program, 'serve', '--logs', '-n', '1'], {
      env: site.environment,
      stdout: 'pipe',
      stderr: 'ignore',
    })
    site.remember(child.pid)
    let shown = ''
    const reading = (async () => {
      for await (const chunk of child.stdout) shown += new TextDecoder().decode(chunk)
    })()
    const comes = (text: string) => until(text, () => shown.includes(text))
    await comes('line 2\n')
    writeFileSync(log, `${readFileSync(log, 'utf8')}line 3\n`)
    await comes('line 3\n')
    renameSync(log, `${log}.1`)
    writeFileSync(log, 'line 4\n')
    await comes('line 4\n')
    child.kill()
    await reading
    expect(shown).toBe('line 2\nline 3\nline 4\n')
  })

  test('SIGHUP makes a daemon open a new log file after the old one was moved away', async () => {
    await using site = new Site()
    const { run } = await site.daemon()
    const { log } = site.paths
    renameSync(log, `${log}.mine`)
    process.kill(run.pid, 'SIGHUP')
    await until('the new file', () => existsSync(log))
    await fetch(`${run.urls[0]}/v1/nothing`)
    await until('the line', () => readFileSync(log, 'utf8').includes('"status":404'))
    expect(readFileSync(`${log}.mine`, 'utf8')).not.toContain('"status":404')
    expect((await fetch(`${run.urls[0]}/healthz`)).status).toBe(200)
  })

  test('serve --logs exits with 1 if there is no daemon', async () => {
    await using site = new Site()
    expect(await site.run('serve', '--logs', '--no-follow')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no log'),
    })
  })
})
