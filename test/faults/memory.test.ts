import { expect, setDefaultTimeout, test } from 'bun:test'
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { memoryOf } from '../../src/platform/memory'
import { examinedBy } from '../doctor/examined'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

const MIB = 1024 * 1024

/** The folder of control groups with a memory limit, and the name of that limit; undefined where none can be made. */
function groups(): { folder: string; limit: string } | undefined {
  const known = [
    { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
    { folder: '/sys/fs/cgroup', limit: 'memory.max' },
  ]
  return known.find(({ folder, limit }) => {
    const probe = `${folder}/synapse-probe-${process.pid}`
    try {
      accessSync(folder, constants.W_OK)
      mkdirSync(probe)
      const isLimited = existsSync(`${probe}/${limit}`)
      rmdirSync(probe)
      return isLimited
    } catch {
      return false
    }
  })
}

const place = groups()

/** A control group with this memory limit for the programs started `within` it. */
class Group implements AsyncDisposable {
  readonly path = `${place?.folder}/synapse-test-${Bun.randomUUIDv7()}`

  constructor(bytes: number) {
    mkdirSync(this.path)
    writeFileSync(`${this.path}/${place?.limit}`, String(bytes))
  }

  within(words: readonly string[]): string[] {
    return ['sh', '-c', `echo $$ > ${this.path}/cgroup.procs && exec "$@"`, 'sh', ...words]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until('the end of what ran in the group', () => {
      try {
        rmdirSync(this.path)
        return true
      } catch {
        return false
      }
    })
  }
}

test.skipIf(place === undefined)(
  'sign-ins wait for memory and do not crash the server, and doctor and config check report a limit that is too low',
  async () => {
    await using group = new Group(124 * MIB)
    await using site = new Site({ program: group.within(program) })
    const { notices } = await site.json<{ notices: string[] }>('config', 'check', '--json')
    expect(notices).toEqual([expect.stringContaining('would have 124 MiB')])
    await using server = await site.serve()
    expect(memoryOf(server.pid)?.limit).toBe(124 * MIB)
    const bob = { handle: 'bob', password: 'correct horse' }
    const made = await server.operator.post('/v1/admin/accounts', { kind: 'human', ...bob })
    expect(made.status).toBe(201)
    const body = JSON.stringify(bob)
    const headers = { 'content-type': 'application/json' }
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const { status } = await fetch(`${server.url}/v1/auth/login`, { method: 'POST', headers, body })
        return status
      }),
    )
    expect(statuses).toEqual(Array.from({ length: 8 }, () => 200))
    const line = examinedBy(await site.spawn([...program, 'doctor', '--json'])).of('memory')
    expect(line).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('the memory limit of the server is 124 MiB'),
    })
  },
)
