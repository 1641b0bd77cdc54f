// Damage to the files of a store: flipped bits, missing ends. It is detected and reported, and nothing is written.
import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { rejectionOf, temporaryDirectory } from '../home/temporary'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { load, ROOM } from './load'

setDefaultTimeout(120_000)

const PAGE = 4096
const REMEDY = 'synapse backup restore'

describe('a store that was damaged while no server ran', () => {
  test('a store is not opened when the type of any of its pages is damaged', async () => {
    await using site = await filled()
    const { database } = site.paths
    using directory = temporaryDirectory()
    const copy = join(directory.path, 'synapse.db')
    const trees = treePages(database)
    expect(trees.length).toBeGreaterThan(20)
    for (const page of trees) {
      copyFileSync(database, copy)
      flip(copy, page === 1 ? 100 : (page - 1) * PAGE, 0x08)
      const error = await rejectionOf(open(copy))
      expect([page, error]).toMatchObject([page, { kind: 'damaged' }])
      expect(String(error)).toContain(REMEDY)
    }
  })

  const damages: readonly { how: string; damage: (path: string) => void }[] = [
    { how: 'a page is zero', damage: (path) => zero(path, 5 * PAGE, PAGE) },
    { how: 'its end is cut off', damage: (path) => truncateSync(path, statSync(path).size - 3 * PAGE) },
    { how: 'half of it is cut off', damage: (path) => truncateSync(path, statSync(path).size / 2) },
    { how: 'its beginning is zero', damage: (path) => zero(path, 0, 64) },
    {
      how: 'the log and its head are not of one copy',
      damage: (path) => {
        using db = new Database(path)
        db.run('UPDATE log_head SET seq = seq - 1')
      },
    },
  ]
  for (const { how, damage } of damages)
    test(`a store is not served when ${how}, and the start ends with 78 and says what to do`, async () => {
      await using site = await filled()
      damage(site.paths.database)
      const before = readFileSync(site.paths.database)
      const { code, stderr } = await site.run('serve', '--port', '0')
      expect(code).toBe(78)
      expect(stderr).toContain(site.paths.database)
      expect(stderr).toContain('damaged')
      expect(stderr).toContain(REMEDY)
      expect(readFileSync(site.paths.database).equals(before)).toBe(true)
    })

  test('a write-ahead log damaged before acknowledged commits is not served', async () => {
    await using site = new Site()
    const server = await site.serve()
    await using posts = await load(site, server, 1)
    await posts.progress()
    await server.kill()
    const log = `${site.paths.database}-wal`
    flip(log, 32 + 24 + 2000, 0x01)
    const { code, stderr } = await site.run('serve', '--port', '0')
    expect(code).toBe(78)
    expect(stderr).toContain('in front of acknowledged commits (')
    expect(stderr).toContain(REMEDY)
    // After the repair everything is there.
    flip(log, 32 + 24 + 2000, 0x01)
    expect(await posts.judge(await site.serve())).toEqual([])
  })
})

describe('a store that is damaged while it is served', () => {
  test('the server stops writing to the store, says so, and a later start does not serve it', async () => {
    await using site = await filled(400, 10_000)
    const server = await site.serve()
    const token = await server.agent('late', ROOM)
    const agent = server.as(token)
    const { database } = site.paths
    const { size } = statSync(database)
    zero(database, Math.floor(size / 4 / PAGE) * PAGE, Math.floor(size / 2 / PAGE) * PAGE)
    await until('a read to meet the damage', () => meetsDamage(agent))
    const refused = await agent.post<{ code: string }>('/v1/messages', { channel: ROOM, body: 'too late' })
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(refused.text).toContain('damaged')
    expect((await server.operator.post('/v1/admin/channels', { slug: 'new', name: 'new' })).status).toBe(503)
    expect(await readiness(server)).toEqual({ status: 503, db: 'fail' })
    expect((await agent.get('/healthz')).status).toBe(200)
    expect(server.written).toContain(REMEDY)
    await server.stop()
    const { code, stderr } = await site.run('serve', '--port', '0')
    expect(code).toBe(78)
    expect(stderr).toContain(REMEDY)
  })
})

/** A site with data in its store and no running server. */
async function filled(messages = 60, length = 2_000): Promise<Site> {
  const site = new Site()
  const server = await site.serve()
  await server.room(ROOM)
  const agent = server.as(await server.agent('writer', ROOM))
  const post = (n: number) =>
    agent.post('/v1/messages', { channel: ROOM, body: `${n} ${'x'.repeat(length)}` })
  const answers = await Promise.all(Array.from({ length: messages }, (_, n) => post(n)))
  if (answers.some(({ status }) => status !== 201)) throw new Error('a post was refused')
  await server.stop()
  return site
}

function open(path: string) {
  const report = (fault: unknown) => {
    throw fault
  }
  return openStore({ kind: 'sqlite', path }, { clock: systemClock, secrets: systemSecrets, report })
}

/** The pages that are nodes of a tree; the others hold overflow. */
function treePages(path: string): number[] {
  const kinds = new Set([0x02, 0x05, 0x0a, 0x0d])
  const bytes = readFileSync(path)
  using db = new Database(path, { readonly: true })
  const rows = db
    .query<{ page: number }, []>("SELECT pageno AS page FROM dbstat WHERE pagetype <> 'overflow'")
    .all()
  return rows
    .map(({ page }) => page)
    .filter((page) => kinds.has(bytes[page === 1 ? 100 : (page - 1) * PAGE] ?? 0))
}

function flip(path: string, at: number, mask: number): void {
  const file = openSync(path, 'r+')
  const byte = new Uint8Array(1)
  readSync(file, byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ mask
  writeSync(file, byte, 0, 1, at)
  closeSync(file)
}

function zero(path: string, at: number, length: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, new Uint8Array(length), 0, length, at)
  closeSync(file)
}

async function meetsDamage(agent: ReturnType<ServerProcess['as']>): Promise<boolean> {
  const { status } = await agent.get(`/v1/messages?channel=${ROOM}&since=oldest&order=asc&limit=200`)
  return status === 503
}

async function readiness({ operator }: ServerProcess) {
  const { status, body } = await operator.get<{ checks: { db: string } }>('/readyz')
  return { status, db: body.checks.db }
}
