// The ciphertext of ConfigSync in backups, and what doctor says of it.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sealedBytes, stateOf, storedBlobs } from '../configsync/blob-scene'
import { tokenOn } from '../configsync/sync-user'
import { examinedBy } from '../doctor/examined'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

const BASE = '/v1/admin/configsync'

async function push(server: ServerProcess, token: string, bytes: Buffer): Promise<number> {
  const { status, text, body } = await server
    .as(token)
    .post<{ snapshot_id: number }>('/api/machines/snapshot', stateOf(bytes))
  expect(status, text).toBe(200)
  return body.snapshot_id
}

async function project(server: ServerProcess, token: string, slug: string): Promise<number> {
  const fields = { slug, name: slug }
  return (await server.as(token).post<{ project: { id: number } }>('/api/projects', fields)).body.project.id
}

test('a restored backup has the snapshots with their ids and bytes, and gives out no id again', async () => {
  await using site = new Site()
  const server = await site.serve()
  const token = await tokenOn(server)
  const bytes = sealedBytes(5000)
  const id = await push(server, token, bytes)
  const { file } = await site.json<{ file: string }>('backup', 'create', '--with-blobs', '--json')
  const later = await push(server, token, sealedBytes(6000))
  expect(later).toBeGreaterThan(id)
  // Two projects, of which the backup has none.
  const lost = [await project(server, token, 'one'), await project(server, token, 'two')]
  await server.stop()
  rmSync(join(site.paths.blobs, 'configsync'), { recursive: true })
  await site.json('backup', 'restore', file, '--blobs', '--yes', '--json')
  const again = await site.serve()
  const { body } = await again.as(token).get<{ id: number; encrypted_state: string }>('/api/machines/latest')
  expect(body.id).toBe(id)
  expect(Buffer.from(body.encrypted_state, 'base64').equals(bytes)).toBe(true)
  // Clients know these ids and have bound ciphertext to them, so no others get them.
  expect(await push(again, token, bytes)).toBeGreaterThan(later)
  expect(await project(again, token, 'three')).toBeGreaterThan(Math.max(...lost))
  expect((await again.operator.get(`${BASE}/verify`)).body).toMatchObject({ missing: [], corrupt: [] })

  // A copy without the bytes of a snapshot is not whole.
  const copied = join(dirname(file), 'blobs')
  const [blob = ''] = storedBlobs(site.home).filter((path) => existsSync(join(copied, path)))
  renameSync(join(copied, blob), join(copied, 'away'))
  const { code, stdout, stderr } = await site.run('backup', 'verify', file)
  expect([code, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining('is missing')])

  const doctor = async () => examinedBy(await site.run('doctor', '--json')).of('configsync')
  expect(await doctor()).toMatchObject({ status: 'pass' })
  const stray = join(site.paths.blobs, 'configsync', 'aa', `${'a'.repeat(64)}-${'1'.repeat(32)}`)
  mkdirSync(dirname(stray), { recursive: true })
  writeFileSync(stray, 'stray')
  utimesSync(stray, 1, 1)
  expect(await doctor()).toMatchObject({ status: 'warn', fix: 'synapse configsync gc' })
  expect(await again.stop()).toBe(0)
})
