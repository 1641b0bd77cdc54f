import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { connect } from '../../src/cli/lib/connect'
import { loadConfig } from '../../src/config'
import { lockHome, prepareHome, type RunFile, startRunRecord } from '../../src/home'
import { boot } from '../../src/main'
import { runFile } from '../home/run-file-of'
import { rejectionOf, restoreUmask, temporaryDirectory } from '../home/temporary'

restoreUmask()
setDefaultTimeout(120_000)

const MINUTE_MS = 60_000

/** A clock that moves by a minute whenever the command waits, and what happens then. */
function waiting(atWait: (count: number) => unknown = () => {}) {
  let now = 0
  let count = 0
  return {
    now: () => now,
    sleep: async () => {
      now += MINUTE_MS
      count += 1
      await atWait(count)
    },
  }
}

/** A home that this process holds; with `changes` it has the run file of a server. */
async function heldHome(changes?: Partial<RunFile>) {
  const directory = temporaryDirectory()
  const home = directory.path
  prepareHome(home)
  const lock = await lockHome(home)
  const socket = join(home, 'run/synapse.sock')
  const record = changes && startRunRecord(home, runFile({ home, socket, ...changes }))
  const release = () => {
    record?.remove()
    lock.release()
  }
  return {
    home,
    record,
    release,
    [Symbol.dispose]: () => {
      release()
      directory[Symbol.dispose]()
    },
  }
}

describe('a command on a home that is in use', () => {
  test('a command waits for a server that starts, however long that takes, and uses its socket', async () => {
    using held = await heldHome({ phase: 'migrating' })
    const config = loadConfig({ flags: { home: held.home, port: '0' }, command: 'serve' })
    await using stack = new AsyncDisposableStack()
    const start = async () => {
      held.release()
      const server = await boot(config, { listen: true, log: () => {} })
      stack.defer(() => server.stop())
    }
    const client = await connect(
      { home: held.home },
      waiting((count) => count === 3 && start()),
    )
    expect(client.way).toBe('socket')
    expect(await client.list('/v1/admin/accounts')).toBeArray()
  })

  test('a command waits for a server that stops, and then runs in process', async () => {
    using held = await heldHome({ phase: 'stopping' })
    await using client = await connect(
      { home: held.home, isFirst: true },
      waiting((count) => count === 3 && held.release()),
    )
    expect(client.way).toBe('in-process')
  })

  test('a command gives up on a server that stays in the same phase for more than ten minutes', async () => {
    using held = await heldHome({ phase: 'migrating' })
    let waits = 0
    const clock = waiting((count) => {
      waits = count
    })
    expect(await rejectionOf(connect({ home: held.home }, clock))).toMatchObject({ exitCode: 5 })
    expect(waits).toBeGreaterThanOrEqual(10)
  })

  const refused: [what: string, changes: Partial<RunFile> | undefined, problem: string, advice: string][] = [
    ['another command holds it', undefined, 'another synapse process uses', 'wait until it ends'],
    ['its server has no socket', { phase: 'ready', socket: null }, 'already running on', '--url'],
    ['its server does not answer', { phase: 'ready' }, 'already running on', 'serve --status'],
  ]
  test.each(refused)(
    'a command exits with 5 and says what to do when %s',
    async (_what, changes, problem, advice) => {
      using held = await heldHome(changes)
      const error = await rejectionOf(connect({ home: held.home }, waiting()))
      expect(error).toMatchObject({ exitCode: 5, message: expect.stringContaining(problem) })
      expect(error).toHaveProperty('hints', [expect.stringContaining(advice)])
    },
  )
})
