// `serve --stop` signals the server of the home, and no other process that has its pid.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isListening, markOf, type RunFile, readRunFile } from '../../src/home'
import { runFile } from '../home/run-file-of'
import { Caller } from '../support/caller'
import { amongOwnPids, hasPidNamespaces } from '../support/namespace'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

const WRAPPED = { 1: 'exec "$@"', 2: '"$@"; exit $?', 3: `sh -c '"$@"; exit $?' sh "$@"; exit $?` } as const

/** A server that is process `number` of a new pid namespace, on the home of the site. */
async function contained(site: Site, number: keyof typeof WRAPPED, settings: Record<string, string> = {}) {
  const script = WRAPPED[number]
  const child = Bun.spawn(amongOwnPids(script, [...program, 'serve', '--port', '0']), {
    cwd: site.userHome,
    env: { ...site.environment, ...settings },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  site.remember(child.pid)
  const run = await until('the server', () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const found = readRunFile(site.paths.runFile)
    return found !== undefined && isListening(found) && found
  })
  expect(run.pid).toBe(number)
  return { run, exited: child.exited, hasEnded: () => child.exitCode !== null }
}

/** Runs a command in a namespace where the pids 1 to 3 are other processes, and reports whether they survived. */
function beside(site: Site, ...words: string[]) {
  const script = [
    `trap 'echo "1 was signalled"' TERM INT HUP`,
    'sleep 600 & sleep 600 &',
    '"$@"; code=$?',
    'grep -q "^State:.*[ZX]" /proc/2/status /proc/3/status || echo "the strangers live"',
    'exit $code',
  ].join('\n')
  return site.spawn(amongOwnPids(script, [...program, ...words]))
}

describe.skipIf(!hasPidNamespaces)('a home that is shared with another container', () => {
  test.each([1, 2] as const)(
    'a server in another container is stopped by request, without signalling our own pid %d',
    async (number) => {
      await using site = new Site()
      const server = await contained(site, number)
      const status = await beside(site, 'serve', '--status')
      expect(status).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${number} in another container`),
      })
      const { code, stdout } = await beside(site, 'serve', '--stop')
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('has stopped') })
      expect(stdout).toContain('the strangers live')
      expect(stdout).not.toContain('signalled')
      expect(await server.exited).toBe(0)
      expect(existsSync(site.paths.runFile)).toBe(false)
    },
  )

  test('a server in another container that cannot be asked is left alone, and --stop exits with 1', async () => {
    await using site = new Site()
    const server = await contained(site, 3, { SYNAPSE_SOCKET: 'off' })
    const stopped = await beside(site, 'serve', '--stop')
    expect(stopped.code).toBe(1)
    for (const part of ['nothing was touched', 'stop it where it was started'])
      expect(stopped.stderr).toContain(part)
    expect(stopped.stdout).toContain('the strangers live')
    expect(stopped.stdout).not.toContain('signalled')
    const restarted = await beside(site, 'serve', '--restart')
    expect(restarted).toMatchObject({ code: 1, stderr: expect.stringContaining('restart it there') })
    expect((await beside(site, 'serve', '--status')).stdout).toContain('3 in another container')
    expect(server.hasEnded()).toBe(false)
  })
})

test('after a reboot, a process with the pid of the old server is not mistaken for it', async () => {
  await using site = new Site()
  const mark = markOf(process.pid)
  if (mark === undefined) throw new Error('this system does not say when a process began')
  mkdirSync(site.paths.run, { recursive: true, mode: 0o700 })
  const stranger = Bun.spawn(['sleep', '600'])
  site.remember(stranger.pid)
  const started = markOf(stranger.pid)?.started ?? ''
  const before: [string, Pick<RunFile, 'process'>][] = [
    ['another boot', { process: { ...mark, boot: 'the one before', started } }],
    ['another start', { process: { ...mark, started: '1' } }],
  ]
  for (const [what, facts] of before) {
    writeFileSync(
      site.paths.runFile,
      JSON.stringify(runFile({ pid: stranger.pid, home: site.home, ...facts })),
    )
    writeFileSync(site.paths.pid, `${stranger.pid}\n`)
    const { code, stdout } = await site.run('serve', '--stop')
    expect({ what, code, stdout }).toEqual({ what, code: 0, stdout: expect.stringContaining('not running') })
    expect(existsSync(site.paths.runFile)).toBe(false)
  }
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
})

test('a hanging server is killed if its run file lacks the start time but it holds the lock', async () => {
  await using site = new Site()
  const server = await site.serve()
  const { process: _, ...older } = server.run
  writeFileSync(site.paths.runFile, JSON.stringify(older))
  server.signal('SIGSTOP')
  const stopped = await site.json('serve', '--stop', '--timeout', '1', '--json')
  expect(stopped).toMatchObject({ stopped: true, killed: true, pid: server.pid })
})

test('a stop request for another boot id is refused and stops nothing', async () => {
  await using site = new Site()
  const server = await site.serve()
  const unix = server.run.socket ?? ''
  const operator = new Caller((path, init) => fetch(`http://synapse${path}`, { ...init, unix }))
  const refused = await operator.post('/v1/admin/stop', { boot_id: 'another' })
  expect(refused).toMatchObject({ status: 409, body: { code: 'other_run' } })
  expect(readRunFile(site.paths.runFile)?.phase).toBe('ready')
  const accepted = await operator.post('/v1/admin/stop', { boot_id: server.run.boot_id })
  expect(accepted).toMatchObject({ status: 202, body: { stopping: true } })
  expect(await server.exited).toBe(0)
  expect(readFileSync(site.paths.state, 'utf8')).toContain('last_seq')
})
