// The commands for states, entities and stored bytes of ConfigSync, as an operator types them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { sealedBytes, stateOf, storedBlobs, until } from '../configsync/blob-scene'
import type { Caller } from '../support/caller'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

let site: Site
let ada: Caller
const ids: number[] = []

beforeAll(async () => {
  site = new Site()
  const server = await site.serve()
  await server.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'ada' })
  const users = '/v1/admin/configsync/users/ada'
  await server.operator.post(`${users}/enable`)
  const issued = await server.operator.post<{ token: string }>(`${users}/tokens`, { label: 'laptop' })
  ada = server.as(issued.body.token)
  for (const seed of [1, 2, 3]) {
    const state = stateOf(sealedBytes(2000, seed), { machine_id: `machine-${seed % 2}` })
    ids.push((await ada.post<{ snapshot_id: number }>('/api/machines/snapshot', state)).body.snapshot_id)
  }
})
afterAll(() => site[Symbol.asyncDispose]())

const run = (...words: string[]) => site.run('admin', 'configsync', ...words)

describe('configsync', () => {
  test('snapshots lists states, and snapshot export and delete handle one', async () => {
    const listed = await site.json<{ id: number; machine_id: string }[]>(
      'admin',
      'configsync',
      'snapshots',
      'ada',
    )
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed())
    const ofOne = await site.json<{ id: number }[]>(
      'admin',
      'configsync',
      'snapshots',
      'ada',
      '--machine',
      'machine-0',
    )
    expect(ofOne.map(({ id }) => id)).toEqual(ids.slice(1, 2))
    const file = join(site.directory, 'state.enc')
    expect((await run('snapshot', 'export', String(ids[0]), '-o', file)).code).toBe(0)
    expect(readFileSync(file).equals(sealedBytes(2000, 1))).toBe(true)
    const again = await run('snapshot', 'export', String(ids[0]), '-o', file)
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('name a file that does not exist'),
    ])
    expect((await run('snapshot', 'delete', String(ids[0]))).code).toBe(0)
    expect((await run('snapshot', 'delete', String(ids[0]))).code).toBe(4)
    expect((await ada.get(`/api/machines/snapshot/${ids[0]}`)).status).toBe(404)
  })

  test('entities and versions show what is stored, without contents', async () => {
    const { body } = await ada.post<{ project: { id: number } }>('/api/projects', {
      slug: 'notes',
      name: 'notes',
    })
    const { id } = body.project
    const ciphertext = sealedBytes(40).toString('base64')
    await ada.post(`/api/projects/${id}/versions`, { ciphertext, content_hash: 'a'.repeat(64) })
    const entities = await site.json('admin', 'configsync', 'entities', 'ada', '--type', 'project')
    expect(entities).toMatchObject([{ id, slug: 'notes', current_version: 1 }])
    expect(await site.json('admin', 'configsync', 'versions', String(id))).toMatchObject([
      { version: 1, size_bytes: 40 },
    ])
  })

  test('export writes an account to a new file, and import brings it back after a purge', async () => {
    const file = join(site.directory, 'ada.ndjson')
    const written = await run('export', 'ada', '-o', file)
    expect([written.code, JSON.parse(written.stdout)]).toEqual([
      0,
      { handle: 'ada', file, bytes: readFileSync(file).length },
    ])
    const again = await run('export', 'ada', '-o', file)
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('name a file that does not exist'),
    ])
    const before = (await ada.get('/api/machines/history')).text
    expect((await run('import', 'ada', file)).code).toBe(5)
    await run('purge', 'ada', '--yes')
    expect((await run('import', 'ada', join(site.directory, 'none'))).code).toBe(4)
    expect(await site.json('configsync', 'import', 'ada', file)).toMatchObject({
      handle: 'ada',
      snapshots: 2,
    })
    expect((await ada.get('/api/machines/history')).text).toBe(before)
    // What was purged is removed after a moment.
    await until(() => storedBlobs(site.home).length === 3)
  })

  test('prune and gc count, and verify fails if a blob is corrupt', async () => {
    expect(await site.json('admin', 'configsync', 'prune', '--dry-run')).toEqual({
      snapshots: 0,
      versions: 0,
      entities: 0,
    })
    expect(await site.json('admin', 'configsync', 'gc')).toEqual({ count: 0, bytes: 0 })
    expect(await run('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 missing, 0 corrupt'),
    })
    const [blob = ''] = storedBlobs(site.home)
    truncateSync(join(site.paths.blobs, blob), 5)
    expect(await run('verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`corrupt  ${blob}`),
    })
    const file = join(site.directory, 'broken.ndjson')
    expect(await run('export', 'ada', '-o', file)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('synapse configsync verify lists all'),
    })
    expect(existsSync(file)).toBe(false)
  })
})
