// Ciphertext that is copied from a folder to a bucket and back, with servers that start and stop in between.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestBucket } from '../support/bucket'
import type { Caller } from '../support/caller'
import { databaseOn } from '../support/database'
import { parsed } from '../support/finished'
import { postgresMissing } from '../support/postgres'
import { program, Site } from '../support/site'
import { pushed, sealedBytes, storedBlobs, until } from './blob-scene'
import { tokenOn } from './sync-user'

setDefaultTimeout(120_000)

interface Copied {
  readonly copied: number
  readonly present: number
  readonly corrupt: readonly string[]
  readonly complete: boolean
  readonly _next: string
}

/** What the bucket needs. `SYNAPSE_CONFIGSYNC_STORE` is left as it is. */
function bucketSettings(bucket: TestBucket): Record<string, string> {
  return {
    SYNAPSE_CONFIGSYNC_S3_BUCKET: bucket.name,
    SYNAPSE_CONFIGSYNC_S3_ENDPOINT: bucket.endpoint,
    SYNAPSE_CONFIGSYNC_S3_REGION: 'eu-test',
    SYNAPSE_CONFIGSYNC_S3_ACCESS_KEY_ID: bucket.keys.id,
    SYNAPSE_CONFIGSYNC_S3_SECRET_ACCESS_KEY: bucket.keys.secret,
  }
}

const pushTo = (caller: Caller, bytes: Buffer) => pushed({ caller }, bytes)

async function stateIn(caller: Caller, id: number): Promise<Buffer> {
  const { body } = await caller.get<{ encrypted_state: string }>(`/api/machines/snapshot/${id}`)
  return Buffer.from(body.encrypted_state, 'base64')
}

const fsToS3 = ['configsync', 'migrate-store', '--from', 'fs', '--to', 's3', '--json'] as const
const s3ToFs = ['configsync', 'migrate-store', '--from', 's3', '--to', 'fs', '--json'] as const

test('ciphertext moves to a bucket and back, and every state stays readable', async () => {
  await using site = new Site()
  using bucket = new TestBucket()
  const settings = bucketSettings(bucket)
  const states = [sealedBytes(100, 1), sealedBytes(6 * 1024 * 1024, 2), sealedBytes(5000, 3)]
  const before = await site.serveWith(settings)
  const token = await tokenOn(before)
  const ids: number[] = []
  for (const bytes of states.slice(0, 2)) ids.push(await pushTo(before.as(token), bytes))

  // A copy that is made while the server runs is not complete, and does not give the bucket an owner.
  const early = parsed<Copied>(await site.runWith(settings, ...fsToS3))
  expect(early).toMatchObject({ copied: 2, present: 0, corrupt: [], complete: false })
  expect(early._next).toContain('stop the server')
  expect(bucket.names).not.toContain('instance')
  ids.push(await pushTo(before.as(token), states[2] ?? Buffer.alloc(0)))
  await before.stop()
  const s3 = { ...settings, SYNAPSE_CONFIGSYNC_STORE: 's3' }
  const tooEarly = await site.runWith(s3, 'serve', '--port', '0')
  expect([tooEarly.code, tooEarly.stderr]).toEqual([78, expect.stringContaining('migrate-store')])

  const whole = parsed<Copied>(await site.runWith(settings, ...fsToS3))
  expect(whole).toMatchObject({ copied: 1, present: 2, corrupt: [], complete: true })
  expect(whole._next).toContain('SYNAPSE_CONFIGSYNC_STORE=s3')
  expect(storedBlobs(site.home).length).toBe(3)
  rmSync(join(site.paths.blobs, 'configsync'), { recursive: true })
  bucket.requests.length = 0
  const moved = await site.serveWith(s3)
  // A start asks for the newest ciphertext, and does not download it.
  const asked = bucket.requests.filter((request) => request.includes('configsync/'))
  expect(new Set(asked.map((request) => request.split(' ')[0]))).toEqual(new Set(['HEAD']))
  for (const [i, id] of ids.entries())
    expect((await stateIn(moved.as(token), id)).equals(states[i] ?? Buffer.alloc(0))).toBe(true)
  ids.push(await pushTo(moved.as(token), sealedBytes(60, 4)))
  await moved.stop()

  expect(parsed<Copied>(await site.runWith(settings, ...s3ToFs))).toMatchObject({ copied: 4, complete: true })
  bucket.objects.clear()
  const back = await site.serve()
  expect((await stateIn(back.as(token), ids[1] ?? 0)).equals(states[1] ?? Buffer.alloc(0))).toBe(true)
  expect((await stateIn(back.as(token), ids[3] ?? 0)).equals(sealedBytes(60, 4))).toBe(true)
  const report = await back.operator.get('/v1/admin/configsync/verify')
  expect(report.body).toMatchObject({ checked: 4, missing: [], corrupt: [] })
})

test('a copy that was killed goes on where it ended', async () => {
  await using site = new Site()
  using bucket = new TestBucket()
  const settings = bucketSettings(bucket)
  const server = await site.serve()
  const caller = server.as(await tokenOn(server))
  for (let seed = 1; seed <= 30; seed++) await pushTo(caller, sealedBytes(20_000, seed))
  await server.stop()
  const child = Bun.spawn([...program, ...fsToS3], {
    env: { ...site.environment, ...settings },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const copies = () => bucket.names.filter((name) => name.startsWith('configsync/')).length
  await until(() => copies() > 3)
  child.kill('SIGKILL')
  await child.exited
  const half = copies()
  expect(half).toBeLessThan(30)
  const rest = parsed<Copied>(await site.runWith(settings, ...fsToS3))
  expect(rest.copied + rest.present).toBe(30)
  expect(rest.present).toBeGreaterThanOrEqual(3)
  expect(rest.complete).toBe(true)
  expect(copies()).toBe(30)
})

test('a blob that is corrupt in the source is listed and not copied, and all others are', async () => {
  await using site = new Site()
  using bucket = new TestBucket()
  const server = await site.serve()
  const caller = server.as(await tokenOn(server))
  for (const seed of [1, 2, 3]) await pushTo(caller, sealedBytes(200, seed))
  await server.stop()
  const [cut = '', changed = ''] = storedBlobs(site.home)
  truncateSync(join(site.paths.blobs, cut), 5)
  writeFileSync(join(site.paths.blobs, changed), sealedBytes(200, 9))
  const copy = await site.runWith(bucketSettings(bucket), ...fsToS3)
  const names = [cut, changed].map((path) => path.replace(/\/..\//, '/')).sort()
  expect([copy.code, JSON.parse(copy.stdout)]).toEqual([
    1,
    expect.objectContaining({ copied: 1, corrupt: names }),
  ])
  expect(existsSync(join(site.paths.blobs, cut))).toBe(true)
  expect(readFileSync(join(site.paths.blobs, changed)).equals(sealedBytes(200, 9))).toBe(true)
})

test('a bucket that is not configured, does not answer or belongs to another instance is a clear error', async () => {
  await using site = new Site()
  using bucket = new TestBucket()
  const settings = bucketSettings(bucket)
  await (await site.serve()).stop()
  const none = await site.run(...fsToS3)
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('SYNAPSE_CONFIGSYNC_S3_BUCKET')])
  const same = await site.run('configsync', 'migrate-store', '--from', 'fs', '--to', 'fs')
  expect(same.code).toBe(2)
  bucket.failing = 500
  const failing = await site.runWith(settings, ...fsToS3)
  expect([failing.code, failing.stderr]).toEqual([8, expect.stringContaining('the blob store failed')])
  bucket.failing = undefined
  bucket.objects.set('instance', new TextEncoder().encode('did:key:zAnother\n'))
  const foreign = await site.runWith(settings, ...fsToS3)
  expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringContaining('did:key:zAnother')])
})

test('a server and doctor report ciphertext that is not where the settings say', async () => {
  await using site = new Site()
  using bucket = new TestBucket()
  const server = await site.serve()
  await pushTo(server.as(await tokenOn(server)), sealedBytes(100))
  await server.stop()
  const s3 = { ...bucketSettings(bucket), SYNAPSE_CONFIGSYNC_STORE: 's3' }
  const switched = await site.serveWith(s3)
  expect(switched.written).toContain('the newest ciphertext of ConfigSync is missing')
  const { stdout } = await site.runWith(s3, 'doctor')
  expect(stdout).toContain('1 of 1 blobs are missing')
  await switched.stop()
})

test.skipIf(postgresMissing)(
  'over Postgres, a copy is complete only if no server runs on the database',
  async () => {
    await using database = await databaseOn('postgres', '')
    await using site = new Site()
    await using elsewhere = new Site()
    using bucket = new TestBucket()
    const url = { SYNAPSE_DATABASE_URL: database.url ?? '' }
    await (await site.serveWith(url)).stop()
    const key = { SYNAPSE_INSTANCE_KEY: readFileSync(site.paths.instanceKey, 'utf8') }
    const server = await elsewhere.serveWith({ ...url, ...key })
    const settings = { ...url, ...bucketSettings(bucket) }
    expect(parsed<Copied>(await site.runWith(settings, ...fsToS3)).complete).toBe(false)
    await server.stop()
    expect(parsed<Copied>(await site.runWith(settings, ...fsToS3)).complete).toBe(true)
    await database.release()
  },
)
