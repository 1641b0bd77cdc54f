// A disk with errors: writes, syncs and reads that fail, and partial writes.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { suspicionOf } from '../../src/store/sqlite/faults'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { type Fault, FaultyDisk, faultyDiskMissing } from './faulty-disk'
import { integrityOf, load, ROOM } from './load'

setDefaultTimeout(120_000)

const LOG = 'synapse.db-wal'

interface Passing {
  readonly title: string
  readonly fault: Fault
  /** The answer to posts meanwhile; null if the fault has no effect. */
  readonly answer: string | null
}

/** Faults that leave the stored data unchanged. */
const passing: readonly Passing[] = [
  {
    title: 'fails',
    fault: { calls: ['write'], with: 'input_output', on: LOG },
    answer: '503 unavailable',
  },
  {
    title: 'fails at the third call of a commit',
    fault: { calls: ['write'], with: 'input_output', on: LOG, after: 2 },
    answer: '503 unavailable',
  },
  {
    title: 'cannot be synced',
    fault: { calls: ['sync'], with: 'input_output', on: LOG },
    answer: '503 unavailable',
  },
  {
    title: 'is repeatedly partial',
    fault: { calls: ['write'], with: 'short', on: LOG },
    answer: '507 storage_full',
  },
  {
    title: 'is partial once',
    fault: { calls: ['write'], with: 'short', on: LOG, times: 1 },
    answer: null,
  },
  {
    title: 'is interrupted',
    fault: { calls: ['write'], with: 'interrupted', on: LOG, times: 10 },
    answer: null,
  },
]

describe.skipIf(faultyDiskMissing)('disk writes with errors', () => {
  for (const { title, fault, answer } of passing)
    test(`a write that ${title} ${answer === null ? 'has no effect on clients' : 'is refused and succeeds when it is repeated'}`, async () => {
      using disk = await FaultyDisk.make()
      await using site = new Site()
      const server = await site.serveWith(disk.environment)
      await using posts = await load(site, server)
      await posts.progress()
      disk.break(fault)
      if (answer === null) await until('the fault', () => disk.failed() === fault.times)
      else {
        await posts.refusals(answer)
        expect(await readiness(server)).toBe('fail')
        expect((await posts.reader.get(`/v1/messages?channel=${ROOM}`)).status).toBe(200)
      }
      disk.heal()
      await posts.progress()
      expect(await readiness(server)).toBe('ok')
      await posts.finish()
      expect([...posts.refused.keys()]).toEqual(answer === null ? [] : [answer])
      expect(await posts.judge()).toEqual([])
      // The operator is told once and not at every request.
      const told = server.written.match(/something failed in the background/g) ?? []
      expect(told.length).toBe(answer === null ? 0 : 1)
      // A refused commit does not reappear when the log is read again.
      await server.kill()
      const again = await site.serve()
      expect(await posts.judge(again)).toEqual([])
      expect(await again.stop()).toBe(0)
      expect(integrityOf(site.paths.database)).toBe('ok')
    })
})

describe.skipIf(faultyDiskMissing)('disk reads with errors', () => {
  test('a failed read is answered with 503 and stops all writes until a start has checked the whole store', async () => {
    using disk = await FaultyDisk.make()
    await using site = new Site()
    const server = await site.serveWith(disk.environment)
    await using posts = await load(site, server)
    await posts.progress()
    disk.break({ calls: ['read'], with: 'input_output', on: LOG })
    const history = () => posts.reader.get<{ code: string }>(`/v1/messages?channel=${ROOM}&limit=7`)
    const { status, body } = await until('a read to fail', async () => {
      const answer = await history()
      return answer.status === 200 ? undefined : answer
    })
    expect([status, body.code]).toEqual([503, 'unavailable'])
    await posts.refusals('503 unavailable')
    disk.heal()
    // The disk works again, and so do reads, but a wrong read in between could have gone unnoticed.
    expect((await history()).status).toBe(200)
    await posts.refusals('503 unavailable')
    expect(await readiness(server)).toBe('fail')
    expect((await server.operator.get('/healthz')).status).toBe(200)
    expect(server.written).toContain('synapse backup restore')
    expect(existsSync(suspicionOf(site.paths.database))).toBe(true)

    expect(await server.stop()).toBe(0)
    const again = await site.serve()
    expect(existsSync(suspicionOf(site.paths.database))).toBe(false)
    expect(await readiness(again)).toBe('ok')
    expect((await again.operator.post('/v1/admin/channels', { slug: 'new', name: 'new' })).status).toBe(201)
    expect(await posts.judge(again)).toEqual([])
    expect(await again.stop()).toBe(0)
  })
})

async function readiness({ operator }: ServerProcess): Promise<string> {
  const { body } = await operator.get<{ checks: { db: string } }>('/readyz')
  return body.checks.db
}
