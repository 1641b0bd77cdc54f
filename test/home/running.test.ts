import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootIdAt, commandLine, isAlive, isOurs } from '../../src/home/index'
import { startChild } from './child'
import { runFile } from './run-file-of'
import { temporaryDirectory } from './temporary'

function listen(socket: string, body: unknown): AsyncDisposable {
  const server = Bun.serve({ unix: socket, fetch: () => Response.json(body) })
  return { [Symbol.asyncDispose]: () => server.stop(true) }
}

const NO_SOCKET = { socket: null }

describe('a process is ours', () => {
  test('when its socket answers with the boot id of the run file', async () => {
    using directory = temporaryDirectory()
    const socket = join(directory.path, 's')
    await using _server = listen(socket, { boot_id: 'boot-1' })
    await using other = startChild('idle-other.ts')
    await other.line()
    expect(await bootIdAt(socket)).toBe('boot-1')
    expect(await isOurs({ pid: other.pid, socket, boot_id: 'boot-1' })).toBe(true)
  })

  test('when its command line names synapse', async () => {
    await using child = startChild('idle-synapse.ts')
    await child.line()
    expect(commandLine(child.pid)).toContain('idle-synapse.ts')
    expect(await isOurs(runFile({ pid: child.pid, ...NO_SOCKET }))).toBe(true)
  })

  test('when nobody answers on its socket but its command line names synapse', async () => {
    using directory = temporaryDirectory()
    await using child = startChild('idle-synapse.ts')
    await child.line()
    expect(await isOurs(runFile({ pid: child.pid, socket: join(directory.path, 'gone') }))).toBe(true)
  })
})

describe('a process is not ours', () => {
  test('when it is another program that got the same id', async () => {
    await using child = startChild('idle-other.ts')
    await child.line()
    expect(isAlive(child.pid)).toBe(true)
    expect(await isOurs(runFile({ pid: child.pid, ...NO_SOCKET }))).toBe(false)
  })

  test('when the socket belongs to another boot', async () => {
    using directory = temporaryDirectory()
    const socket = join(directory.path, 's')
    await using _server = listen(socket, { boot_id: 'boot-2' })
    await using child = startChild('idle-other.ts')
    await child.line()
    expect(await isOurs({ pid: child.pid, socket, boot_id: 'boot-1' })).toBe(false)
  })

  test.each([[null], ['boot-1'], [{ boot_id: 1 }], [{}]])('when the socket answers %p', async (body) => {
    using directory = temporaryDirectory()
    const socket = join(directory.path, 's')
    await using _server = listen(socket, body)
    expect(await bootIdAt(socket)).toBeUndefined()
  })

  test('when it has ended', async () => {
    await using child = startChild('idle-synapse.ts')
    await child.line()
    await child.end()
    expect(isAlive(child.pid)).toBe(false)
    expect(commandLine(child.pid)).toBe('')
    expect(await isOurs(runFile({ pid: child.pid, ...NO_SOCKET }))).toBe(false)
  })
})

test.skipIf(process.platform !== 'linux')(
  'a process that has ended but was not collected is not alive',
  async () => {
    // cat inherits a child that ends later, of which it knows nothing and which it never collects.
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

test('the process of another user is alive', () => {
  expect(isAlive(1)).toBe(true)
})
