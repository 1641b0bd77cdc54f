// Where ciphertext is stored: in the store of all blobs, in a folder, or in a bucket of its own.
import { expect, test } from 'bun:test'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths } from '../../src/home'
import { loading } from '../config/loading'
import { TestBucket } from '../support/bucket'
import { world } from '../support/world'
import { projectOf, push, pushed, pushVersion, sealedBytes, storedBlobs } from './blob-scene'
import { syncUser } from './sync-user'

function ownBucket(bucket: TestBucket): Record<string, string> {
  return {
    SYNAPSE_CONFIGSYNC_STORE: 's3',
    SYNAPSE_CONFIGSYNC_S3_BUCKET: bucket.name,
    SYNAPSE_CONFIGSYNC_S3_ENDPOINT: bucket.endpoint,
    SYNAPSE_CONFIGSYNC_S3_REGION: 'eu-test',
    SYNAPSE_CONFIGSYNC_S3_PREFIX: 'pre/fix',
    SYNAPSE_CONFIGSYNC_S3_ACCESS_KEY_ID: bucket.keys.id,
    SYNAPSE_CONFIGSYNC_S3_SECRET_ACCESS_KEY: bucket.keys.secret,
  }
}

const bytes = sealedBytes(6 * 1024 * 1024)

async function stateIn(user: Awaited<ReturnType<typeof syncUser>>, id: number): Promise<Buffer> {
  const { body } = await user.caller.get<{ encrypted_state: string }>(`/api/machines/snapshot/${id}`)
  return Buffer.from(body.encrypted_state, 'base64')
}

test.each(['of all blobs', 'of its own'])('a bucket %s has every byte of ciphertext', async (which) => {
  using bucket = new TestBucket()
  await using w = await world({ settings: which === 'of its own' ? ownBucket(bucket) : bucket.settings })
  const ada = await syncUser(w, 'ada')
  const id = await pushed(ada, bytes)
  const path = `projects/${await projectOf(ada, 'notes')}`
  await pushVersion(ada, path, sealedBytes(500))
  expect(bucket.names.filter((name) => name.startsWith('configsync/')).length).toBe(2)
  expect(storedBlobs(w.home)).toEqual([])
  expect((await stateIn(ada, id)).equals(bytes)).toBe(true)
  const found = await ada.caller.open(`/api/${path}/blob`)
  expect(Buffer.from(await found.arrayBuffer()).equals(sealedBytes(500))).toBe(true)
  const report = await w.operator.get('/v1/admin/configsync/verify')
  expect(report.body).toMatchObject({ checked: 2, missing: [], corrupt: [] })
})

test('a bucket that fails is 503, and nothing is recorded', async () => {
  using bucket = new TestBucket()
  await using w = await world({ settings: ownBucket(bucket) })
  const ada = await syncUser(w, 'ada')
  const id = await pushed(ada, sealedBytes(40))
  bucket.failing = 500
  expect((await push(ada, sealedBytes(40))).status).toBe(503)
  expect((await ada.caller.get(`/api/machines/snapshot/${id}`)).status).toBe(503)
  bucket.failing = undefined
  const { body } = await ada.caller.get<{ snapshots: unknown[] }>('/api/machines/history')
  expect(body.snapshots.length).toBe(1)
})

test('a folder that cannot be used is 503, and nothing is recorded', async () => {
  await using w = await world()
  const ada = await syncUser(w, 'ada')
  const id = await pushed(ada, sealedBytes(40))
  const folder = join(homePaths(w.home).blobs, 'configsync')
  renameSync(folder, `${folder}-away`)
  writeFileSync(folder, 'no folder')
  const answers = [
    await push(ada, sealedBytes(40)),
    await ada.caller.get(`/api/machines/snapshot/${id}`),
    await w.operator.get('/v1/admin/configsync/verify'),
    await w.operator.post('/v1/admin/configsync/gc', {}),
  ]
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503])
  rmSync(folder)
  renameSync(`${folder}-away`, folder)
  // What the system or an operator puts there is left alone.
  writeFileSync(join(folder, '.DS_Store'), 'x')
  const verified = await w.operator.get('/v1/admin/configsync/verify')
  expect(verified.body).toMatchObject({ checked: 1, missing: [], corrupt: [], orphans: { count: 0 } })
  const { body } = await ada.caller.get<{ snapshots: unknown[] }>('/api/machines/history')
  expect(body.snapshots.length).toBe(1)
})

test('an object that is missing or short never looks whole', async () => {
  using bucket = new TestBucket()
  await using w = await world({ settings: ownBucket(bucket) })
  const ada = await syncUser(w, 'ada')
  const path = `projects/${await projectOf(ada, 'notes')}`
  await pushVersion(ada, path, sealedBytes(500))
  const name = [...bucket.objects.keys()].find((each) => each.includes('/configsync/')) ?? ''
  bucket.objects.set(name, new Uint8Array(100))
  expect((await ada.caller.open(`/api/${path}/blob`)).status).toBe(500)
  bucket.objects.delete(name)
  expect((await ada.caller.open(`/api/${path}/blob`)).status).toBe(500)
})

test('uploads of messages stay in the store of all blobs', async () => {
  using bucket = new TestBucket()
  await using w = await world({ settings: ownBucket(bucket) })
  const ada = await w.agent('ada')
  await ada.fetch('/v1/attachments', { method: 'POST', body: 'bytes' })
  expect(bucket.names.filter((name) => name.startsWith('attachments/'))).toEqual([])
})

test('with fs, ciphertext is in the home although all other blobs are in a bucket', async () => {
  using bucket = new TestBucket()
  await using w = await world({ settings: { ...bucket.settings, SYNAPSE_CONFIGSYNC_STORE: 'fs' } })
  const ada = await syncUser(w, 'ada')
  await pushed(ada, sealedBytes(40))
  expect(storedBlobs(w.home).length).toBe(1)
  expect(bucket.names.filter((name) => name.startsWith('configsync/'))).toEqual([])
  // A backup with blobs takes the folder, and is whole without the bucket.
  const made = await w.operator.post<{ blobs: number }>('/v1/admin/backups', { with_blobs: true })
  expect([made.status, made.body.blobs]).toEqual([201, 1])
})

test('a bucket needs its name, both parts of a key, and TLS on the internet', () => {
  using here = loading()
  const s3 = { SYNAPSE_CONFIGSYNC_STORE: 's3' }
  expect(() => here.load(s3)).toThrow('needs configsync.s3_bucket')
  const keys = {
    ...{ SYNAPSE_CONFIGSYNC_S3_ACCESS_KEY_ID: 'id', SYNAPSE_CONFIGSYNC_S3_SECRET_ACCESS_KEY: 'secret' },
    SYNAPSE_CONFIGSYNC_S3_BUCKET: 'bucket',
  }
  expect(here.load({ ...s3, ...keys, SYNAPSE_CONFIGSYNC_S3_VIRTUAL_HOSTED: '1' }).configsyncBlobs).toEqual({
    blobs: { kind: 's3', bucket: 'bucket', prefix: '', virtualHosted: true },
    blobKey: { accessKeyId: 'id', secretAccessKey: 'secret' },
  })
  expect(() =>
    here.load({ ...s3, ...keys, SYNAPSE_CONFIGSYNC_S3_ENDPOINT: 'http://s3.example.org' }),
  ).toThrow('without TLS')
})
