import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { descriptorsOf } from '../../src/platform/descriptors'
import { examined } from '../doctor/examined'
import type { ServerProcess } from '../support/server-process'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

const LIMIT = 256
const IDLE = 400
const isPossible = process.platform === 'linux' && Bun.which('prlimit') !== null

const opened: Socket[] = []
afterAll(() => closeAll())

function closeAll(): void {
  for (const socket of opened.splice(0)) socket.destroy()
}

/** Silent connections; resolves when the kernel has accepted or refused each of them. */
async function crowd(server: ServerProcess): Promise<void> {
  const { hostname, port } = new URL(server.url)
  await Promise.all(
    Array.from({ length: IDLE }, () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const socket = connect(Number(port), hostname)
      socket.on('connect', () => resolve()).on('error', () => resolve())
      opened.push(socket)
      return promise
    }),
  )
}

/** The result for a new client: a status, or that it was disconnected. */
async function visit({ url }: ServerProcess): Promise<{ status: number; retryAfter: string | null }> {
  try {
    const { status, headers } = await fetch(`${url}/healthz`, { headers: { connection: 'close' } })
    return { status, retryAfter: headers.get('retry-after') }
  } catch {
    return { status: 0, retryAfter: null }
  }
}

/** How often the main thread was idle. A thread that spins never is. */
function rests({ pid }: ServerProcess): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
}

test.skipIf(!isPossible)(
  'a server without free descriptors refuses clients at once without spinning, and accepts them again when there is room',
  async () => {
    await using site = new Site()
    await using server = await site.serve()
    Bun.spawnSync(['prlimit', '--pid', String(server.pid), `--nofile=${LIMIT}:${LIMIT}`])
    expect(descriptorsOf(server.pid)?.limit).toBe(LIMIT)
    expect((await examined(site)).of('descriptors')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('streams.total allows 1000'),
      fix: expect.stringContaining('synapse config set streams.total'),
    })
    await crowd(server)
    await until('a refusal', async () => (await visit(server)).status === 503)
    for (let i = 0; i < 20; i++) {
      expect(await visit(server)).toEqual({ status: 503, retryAfter: '5' })
      expect((await server.operator.get('/healthz')).status).toBe(200)
    }
    expect(descriptorsOf(server.pid)?.used).toBeLessThan(LIMIT)
    const before = rests(server)
    await until('the server to rest', () => rests(server) > before + 10)
    expect((await examined(site)).of('descriptors')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`of ${LIMIT}`),
      fix: expect.stringContaining('LimitNOFILE'),
    })
    closeAll()
    await until('room again', async () => (await visit(server)).status === 200)
    await until('the end of the shortage in the log', () =>
      server.written.includes('connections are accepted'),
    )
    expect(server.written.match(/connections are refused/g)).toHaveLength(1)
  },
)

test.skipIf(!isPossible)(
  'config check warns when there are too few descriptors for the configured streams',
  async () => {
    await using site = new Site({ program: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`, ...program] })
    const { notices } = await site.json<{ notices: string[] }>('config', 'check', '--json')
    expect(notices).toEqual([expect.stringContaining('streams.total allows 1000')])
  },
)
