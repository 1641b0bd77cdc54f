// What admins see of stored bytes, and do with them.
import { describe, expect, test } from 'bun:test'
import { mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DAY, type World, world } from '../support/world'
import {
  configure,
  MACHINE,
  projectOf,
  pushed,
  pushVersion,
  sealedBytes,
  storedBlobs,
  until,
  usedBy,
} from './blob-scene'
import { syncUser } from './sync-user'

const BASE = '/v1/admin/configsync'

interface Report {
  readonly checked: number
  readonly bytes: number
  readonly missing: readonly string[]
  readonly corrupt: readonly string[]
  readonly orphans: { readonly count: number; readonly bytes: number }
}

async function scene() {
  const w = await world()
  const ada = await syncUser(w, 'ada')
  const project = await projectOf(ada, 'notes')
  return {
    ...{ w, ada, project },
    blobPath: (path: string) => join(w.home, 'blobs', path),
    verify: async () => (await w.operator.get<Report>(`${BASE}/verify`)).body,
    events: async () => {
      const rows = await w.sql<{ event: string }>(
        `SELECT event FROM cs_audit WHERE event LIKE 'admin.%' ORDER BY id`,
      )
      return rows.map(({ event }) => event)
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

/** A file in the place of blobs that no row refers to, of so many hours ago. */
function strayBlob(w: World, hours: number, seed: number): string {
  const bytes = sealedBytes(100, seed)
  const name = `${Bun.SHA256.hash(bytes, 'hex')}-${'0'.repeat(31)}${seed}`
  const path = join(w.home, 'blobs', 'configsync', name.slice(0, 2), name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  const at = new Date(Date.now() - hours * 3_600_000)
  utimesSync(path, at, at)
  return path
}

describe('an admin', () => {
  test('lists snapshots page by page, reads the ciphertext of one and deletes it', async () => {
    await using here = await scene()
    const { w, ada } = here
    const bytes = sealedBytes(3000)
    const ids = [
      await pushed(ada, bytes),
      await pushed(ada, bytes),
      await pushed(ada, bytes, { machine: 'other' }),
    ]
    const path = `${BASE}/users/ada/snapshots`
    const page = await w.operator.get<{ snapshots: { id: number }[]; next_cursor: string }>(`${path}?limit=2`)
    expect(page.body.snapshots.map(({ id }) => id)).toEqual([ids[2], ids[1]] as number[])
    const rest = await w.operator.get(`${path}?limit=2&cursor=${page.body.next_cursor}`)
    expect(rest.body).toMatchObject({
      snapshots: [{ id: ids[0], sha256: Bun.SHA256.hash(bytes, 'hex') }],
      next_cursor: null,
    })
    expect((await w.operator.get(`${path}?machine=other`)).body).toMatchObject({
      snapshots: [{ id: ids[2] }],
    })
    const found = await w.operator.open(`${BASE}/snapshots/${ids[0]}`)
    expect(Buffer.from(await found.arrayBuffer()).equals(bytes)).toBe(true)
    const before = await usedBy(w, ada)
    expect((await w.operator.delete(`${BASE}/snapshots/${ids[0]}`)).status).toBe(204)
    expect((await ada.caller.get(`/api/machines/snapshot/${ids[0]}`)).status).toBe(404)
    expect((await w.operator.delete(`${BASE}/snapshots/${ids[0]}`)).status).toBe(404)
    expect(await usedBy(w, ada)).toBe(before - 3000 - 4096)
    expect(await here.events()).toEqual([
      'admin.enable',
      'admin.token.issue',
      'admin.snapshot.export',
      'admin.snapshot.delete',
    ])
  })

  test('lists entities and their versions', async () => {
    await using here = await scene()
    const { w, ada, project } = here
    await pushVersion(ada, `projects/${project}`, sealedBytes(40))
    const entities = await w.operator.get(`${BASE}/users/ada/entities`)
    expect(entities.body).toMatchObject({
      entities: [{ id: project, type: 'project', slug: 'notes', current_version: 1 }],
    })
    expect((await w.operator.get(`${BASE}/users/ada/entities?type=config`)).body).toEqual({ entities: [] })
    const versions = await w.operator.get(`${BASE}/entities/${project}/versions`)
    expect(versions.body).toMatchObject({ versions: [{ version: 1, size_bytes: 40 }] })
    expect((await w.operator.get(`${BASE}/entities/99/versions`)).status).toBe(404)
  })

  test('is told which blobs are missing, corrupt or without a row', async () => {
    await using here = await scene()
    const { w, ada, project } = here
    for (const seed of [1, 2, 3]) await pushed(ada, sealedBytes(500, seed))
    await pushVersion(ada, `projects/${project}`, sealedBytes(500, 4))
    expect(await here.verify()).toEqual({
      checked: 4,
      bytes: 2000,
      missing: [],
      corrupt: [],
      orphans: { count: 0, bytes: 0 },
    })
    const [gone = '', short = '', other = ''] = storedBlobs(w.home)
    rmSync(here.blobPath(gone))
    truncateSync(here.blobPath(short), 10)
    writeFileSync(here.blobPath(other), sealedBytes(500, 9))
    strayBlob(w, 2, 5)
    const report = await here.verify()
    expect([report.missing, [...report.corrupt].sort()]).toEqual([[gone], [short, other].sort()])
    expect(report.orphans).toEqual({ count: 1, bytes: 100 })
  })

  test('removes bytes without a row, unless they are fresh', async () => {
    await using here = await scene()
    const { w, ada } = here
    await pushed(ada, sealedBytes(500))
    strayBlob(w, 2, 5)
    const fresh = strayBlob(w, 0.5, 6)
    const gc = (dry_run: boolean) => w.operator.post(`${BASE}/gc`, { dry_run })
    expect((await gc(true)).body).toEqual({ count: 1, bytes: 100 })
    expect(storedBlobs(w.home).length).toBe(3)
    expect((await gc(false)).body).toEqual({ count: 1, bytes: 100 })
    await w.restart()
    await until(() => storedBlobs(w.home).length === 2)
    expect(storedBlobs(w.home).map(here.blobPath)).toContain(fresh)
  })

  test('prunes at once, and entities that were deleted long ago go with everything', async () => {
    await using here = await scene()
    const { w, ada, project } = here
    const used = await usedBy(w, ada)
    for (const seed of [1, 2, 3]) {
      await pushed(ada, sealedBytes(500, seed))
      await pushVersion(ada, `projects/${project}`, sealedBytes(500, seed))
    }
    await ada.caller.post(`/api/machines/${MACHINE}/projects`, { project_id: project, local_path: null })
    const kept = await projectOf(ada, 'kept')
    await configure(w, 'configsync.keep_snapshots', 1)
    await configure(w, 'configsync.keep_versions', 1)
    const prune = async (dry_run: boolean) => (await w.operator.post(`${BASE}/prune`, { dry_run })).body
    for (const isDry of [true, false])
      expect(await prune(isDry)).toEqual({ snapshots: 0, versions: 2, entities: 0 })
    await ada.caller.delete(`/api/projects/${project}`)
    w.clock.advance(31 * DAY)
    // The server prunes by itself once an hour, so it may have begun.
    await prune(false)
    expect(await prune(true)).toEqual({ snapshots: 0, versions: 0, entities: 0 })
    expect(await w.sql('SELECT id FROM cs_entities')).toEqual([{ id: kept }])
    expect(await w.sql('SELECT entity_id FROM cs_links')).toEqual([])
    expect(await usedBy(w, ada)).toBe(used + 500 + 4096)
  })

  test('reads in the metrics how much is stored', async () => {
    await using here = await scene()
    const { w, ada, project } = here
    await pushed(ada, sealedBytes(500))
    await pushVersion(ada, `projects/${project}`, sealedBytes(300))
    await w.restart()
    await configure(w, 'metrics.enabled', true)
    const metrics = async () => (await w.operator.get('/metrics')).text
    await until(async () => (await metrics()).includes('synapse_configsync_blobs 2\n'))
    expect(await metrics()).toContain('synapse_configsync_blob_bytes 800\n')
  })

  test('must be one', async () => {
    await using here = await scene()
    const { w, ada } = here
    const id = await pushed(ada, sealedBytes(40))
    const mallory = await w.agent('mallory')
    for (const caller of [mallory, ada.caller])
      for (const path of ['users/ada/snapshots', 'users/ada/entities', `snapshots/${id}`, 'verify'])
        expect([path, (await caller.get(`${BASE}/${path}`)).status]).toEqual([path, 403])
  })
})
