import { describe, expect, test } from 'bun:test'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootIdAt, homePaths, isAlive, liveSocket, markOf, processState, type RunFile } from '../../src/home'
import { startChild } from './child'
import { runFile } from './run-file-of'
import { temporaryDirectory } from './temporary'

function listen(socket: string, body: unknown): AsyncDisposable {
  const server = Bun.serve({ unix: socket, fetch: () => Response.json(body) })
  return { [Symbol.asyncDispose]: () => server.stop(true) }
}

/** A run file as the process itself would write it. */
function runOf(pid: number, changes: Partial<RunFile> = {}): RunFile {
  const mark = markOf(pid)
  return runFile({ pid, ...(mark && { process: mark }), ...changes })
}

test('a server is found by its boot id, at the socket of its run file or at that of the home', async () => {
  using directory = temporaryDirectory()
  const home = directory.path
  mkdirSync(homePaths(home).run)
  await using _server = listen(homePaths(home).socket, { boot_id: 'boot-1' })
  await using _other = listen(join(home, 'other'), { boot_id: 'boot-2' })
  const { socket } = homePaths(home)
  for (const named of [socket, join(home, 'other'), '/in/the/container/run/synapse.sock'])
    expect(await liveSocket(home, { socket: named, boot_id: 'boot-1' })).toBe(socket)
  expect(await liveSocket(home, { socket, boot_id: 'boot-3' })).toBeUndefined()
  expect(await liveSocket(home, { socket: null, boot_id: 'boot-1' })).toBeUndefined()
})

test.each([[null], ['boot-1'], [{ boot_id: 1 }], [{}]])(
  'a socket that answers %p has no boot id',
  async (body) => {
    using directory = temporaryDirectory()
    const socket = join(directory.path, 's')
    await using _server = listen(socket, body)
    expect(await bootIdAt(socket)).toBeUndefined()
  },
)

describe('the process of a run file', () => {
  test('the process of a run file is ours while it runs, and gone when it has ended', async () => {
    await using child = startChild('idle-other.ts')
    await child.line()
    const run = runOf(child.pid)
    expect(processState('/h', run)).toBe('ours')
    await child.end()
    expect(isAlive(child.pid)).toBe(false)
    expect(processState('/h', run)).toBe('gone')
  })

  test('the process of a run file is gone when its pid belongs to a process with another start time', async () => {
    await using child = startChild('idle-synapse.ts')
    await child.line()
    const run = runOf(child.pid)
    const { process: mark } = run
    if (mark === undefined) throw new Error('this system does not say when a process began')
    expect(processState('/h', { ...run, process: { ...mark, started: '1' } })).toBe('gone')
  })

  test.each(['boot', 'namespace'] as const)(
    'the process of a run file is unknown here when its %s differs',
    async (part) => {
      await using child = startChild('idle-synapse.ts')
      await child.line()
      const run = runOf(child.pid)
      const { process: mark } = run
      if (mark === undefined) throw new Error('this system does not say when a process began')
      expect(processState('/h', { ...run, process: { ...mark, [part]: 'another' } })).toBe('unknown')
    },
  )

  test.skipIf(process.platform !== 'linux')(
    'the process of an earlier version is ours if it holds the lock file of the home open, whatever its name',
    async () => {
      using directory = temporaryDirectory()
      const home = directory.path
      mkdirSync(homePaths(home).run)
      writeFileSync(homePaths(home).lock, '')
      await using child = startChild('idle-synapse.ts')
      await child.line()
      expect(processState(home, runFile({ pid: child.pid }))).toBe('unknown')
      const file = openSync(homePaths(home).lock, 'r')
      expect(processState(home, runFile())).toBe('ours')
      closeSync(file)
      expect(processState(home, runFile())).toBe('unknown')
      await child.end()
      expect(processState(home, runFile({ pid: child.pid }))).toBe('gone')
    },
  )
})

test.skipIf(process.platform !== 'linux')(
  'a process that has ended but was not reaped is not alive',
  async () => {
    // `cat` inherits a child that it does not know and never reaps.
    await using parent = Bun.spawn(['sh', '-c', 'sleep 0.1 & echo $!; exec cat'], {
      stdin: 'pipe',
      stdout: 'pipe',
    })
    const { value } = await parent.stdout.getReader().read()
    const pid = Number(new TextDecoder().decode(value))
    while (!commandState(pid).startsWith('Z')) await Bun.sleep(1)
    process.kill(pid, 0)
    expect(isAlive(pid)).toBe(false)
  },
)

function commandState(pid: number): string {
  return /^State:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

test('a process of another user is alive', () => {
  expect(isAlive(1)).toBe(true)
})
