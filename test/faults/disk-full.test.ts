// A disk fills up under a running server and gets room again: on a small disk that is really full where one can be
// mounted, and elsewhere with a library that refuses the writes.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { rejectionOf } from '../home/temporary'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { EventStream, until } from '../support/sockets'
import { FaultyDisk, faultyDiskMissing } from './faulty-disk'
import { integrityOf, load, ROOM } from './load'
import { SmallDisk, smallDiskMissing } from './small-disk'

setDefaultTimeout(120_000)

const DISK_MEGABYTES = 160
const MEBIBYTE = 1024 * 1024

describe.skipIf(smallDiskMissing)('a full disk', () => {
  test('posts get 507, acknowledged messages and reads are unaffected, and posts work again once there is room', async () => {
    await using site = new Site()
    using disk = SmallDisk.mount(site.home, DISK_MEGABYTES)
    const server = await site.serve()
    await using posts = await load(site, server)
    await posts.progress()
    expect((await readiness(server)).status).toBe(200)

    // Readiness fails first, while everything still works.
    disk.fill(50)
    await until('readiness to fail', async () => (await readiness(server)).status === 503)
    expect((await readiness(server)).checks).toEqual({ db: 'ok', migrations: 'ok', disk: 'fail' })
    await posts.progress()
    expect(posts.refused.size).toBe(0)

    // Then posts are refused before SQLite has to refuse them, and an operator can still act.
    disk.fill(20)
    await posts.refusals('507 storage_full')
    expect((await server.operator.post('/v1/admin/channels', { slug: 'late', name: 'late' })).status).toBe(
      201,
    )
    await readsGoOn(server, posts)

    // No byte is left: every act of an operator is written or refused.
    disk.fill(0)
    const acts: number[] = []
    await until('an act to find the disk full', async () => {
      const slug = `crowded-${acts.length}`
      acts.push((await server.operator.post('/v1/admin/channels', { slug, name: slug })).status)
      return acts.at(-1) === 507
    })
    expect(acts.slice(0, -1).every((status) => status === 201)).toBe(true)
    await readsGoOn(server, posts)
    expect((await readiness(server)).status).toBe(503)

    disk.empty()
    await posts.progress()
    await until('readiness', async () => (await readiness(server)).status === 200)
    await posts.finish()
    expect([...posts.refused.keys()]).toEqual(['507 storage_full'])
    expect(await posts.judge()).toEqual([])
    const log = server.written
    expect(log).toContain('the disk is nearly full')
    expect(log).toContain('posts are refused until there is room again')
    expect(log).toContain('posts are accepted')
    expect(await server.stop()).toBe(0)
    expect(integrityOf(site.paths.database)).toBe('ok')
  })

  test('an upload gets 507 and leaves nothing, and works again once there is room', async () => {
    await using site = new Site()
    using disk = SmallDisk.mount(site.home, DISK_MEGABYTES)
    const server = await site.serve()
    await server.room(ROOM)
    const agent = server.as(await server.agent('agent', ROOM))
    const upload = (bytes: number) =>
      agent.fetch<{ code: string }>('/v1/attachments', { method: 'POST', body: new Uint8Array(bytes) })
    expect((await upload(MEBIBYTE)).status).toBe(201)
    // Full before the first byte, and while bytes arrive.
    for (const leave of [50, 68]) {
      disk.empty()
      disk.fill(leave)
      const refused = await upload(10 * MEBIBYTE)
      expect(`${refused.status} ${refused.body.code}`).toBe('507 storage_full')
      expect(readdirSync(join(site.paths.blobs, 'tmp'))).toEqual([])
    }
    disk.empty()
    expect((await upload(10 * MEBIBYTE)).status).toBe(201)
    expect(await server.stop()).toBe(0)
  })

  test('a server that logs to a full disk keeps running and can still be stopped', async () => {
    await using site = new Site()
    using disk = SmallDisk.mount(site.home, DISK_MEGABYTES)
    const server = await site.daemon()
    await using posts = await load(site, server)
    await posts.progress()
    disk.fill(0)
    await posts.refusals('507 storage_full')
    // Every request would be logged.
    for (let i = 0; i < 500; i++) await posts.reader.get('/v1/messages?channel=none')
    await readsGoOn(server, posts)
    const stopping = site.run('serve', '--stop')
    disk.fill(0)
    expect((await stopping).code).toBe(0)
    await server.exited

    // A start without room says so.
    const refused = String(await rejectionOf(site.serve()))
    expect(refused).toContain('the disk is full')
    expect(refused).not.toContain('bug in Synapse')

    disk.empty()
    const again = await site.daemon()
    const { token } = (
      await again.operator.post<{ token: string }>('/v1/admin/onboard', { handle: 'bob', channels: [ROOM] })
    ).body
    expect((await again.as(token).post('/v1/messages', { channel: ROOM, body: 'room again' })).status).toBe(
      201,
    )
    await site.run('serve', '--stop')
    expect(integrityOf(site.paths.database)).toBe('ok')
  })
})

describe.skipIf(faultyDiskMissing)('a disk whose writes all fail for lack of space', () => {
  test('posts get 507 and work again afterwards without a restart', async () => {
    using disk = await FaultyDisk.make()
    await using site = new Site()
    const server = await site.serveWith(disk.environment)
    await using posts = await load(site, server)
    await posts.progress()
    disk.break({ calls: ['write'], with: 'full', on: 'synapse.db-wal' })
    await posts.refusals('507 storage_full')
    expect((await readiness(server)).checks).toEqual({ db: 'fail', migrations: 'ok', disk: 'ok' })
    await readsGoOn(server, posts)
    expect(disk.failed()).toBeGreaterThan(0)
    disk.heal()
    await posts.progress()
    expect((await readiness(server)).status).toBe(200)
    await posts.finish()
    expect([...posts.refused.keys()]).toEqual(['507 storage_full'])
    expect(await posts.judge()).toEqual([])
    expect(await server.stop()).toBe(0)
    expect(integrityOf(site.paths.database)).toBe('ok')
  })
})

async function readiness(server: ServerProcess) {
  const { status, body } = await server.operator.get<{ checks: Record<string, string> }>('/readyz')
  return { status, checks: body.checks }
}

async function readsGoOn(server: ServerProcess, { reader }: Awaited<ReturnType<typeof load>>): Promise<void> {
  const paths = [
    '/healthz',
    `/v1/messages?channel=${ROOM}`,
    '/v1/channels',
    '/v1/auth/me',
    `/v1/messages?channel=${ROOM}&since=oldest&order=asc&limit=5`,
  ]
  for (const path of paths) expect([path, (await reader.get(path)).status]).toEqual([path, 200])
  using stream = await EventStream.open(server.url, reader.credential, { query: '?since=oldest' })
  await until('the past on a new stream', () => stream.events.length > 10)
}
