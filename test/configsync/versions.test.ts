// Versions of entities: the server numbers them, and each is read as it was pushed.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'
import {
  configure,
  projectOf,
  pushVersion,
  sealedBytes,
  storedBlobs,
  until,
  usedBy,
  userIdOf,
} from './blob-scene'
import { syncUser } from './sync-user'

interface Version {
  readonly id: number
  readonly version: number
  readonly r2_key: string
  readonly size_bytes: number
  readonly content_hash: string
  readonly pushed_by_user_id: number
  readonly pushed_from_machine_id: string | null
  readonly created_at: string
}

let w: World
let nth = 0
beforeAll(async () => {
  w = await world()
})
afterAll(() => w[Symbol.asyncDispose]())

/** A user and a project of it, without a version. */
async function scene() {
  const user = await syncUser(w, `user${++nth}`)
  const id = await projectOf(user, 'notes')
  const path = `projects/${id}`
  const numbers = async () => {
    const { body } = await user.caller.get<{ versions: readonly Version[] }>(`/api/${path}/versions`)
    return body.versions.map(({ version }) => version)
  }
  const read = async (what: string) => {
    const response = await user.caller.open(`/api/${path}/${what}`)
    return {
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(await response.arrayBuffer()),
    }
  }
  return { user, id, path, numbers, read }
}

describe('a version', () => {
  test('is numbered by the server and read byte for byte', async () => {
    const { user, path, read } = await scene()
    const [first, second] = [sealedBytes(100_001, 1), sealedBytes(28, 2)]
    const made = await pushVersion(user, path, first)
    expect([made.status, made.body]).toEqual([
      201,
      { version: 1, r2_key: expect.stringMatching(/^entities\/project\/\d+\/\d+\/v1$/), size_bytes: 100_001 },
    ])
    expect((await pushVersion(user, path, second)).body.version).toBe(2)
    for (const [what, bytes] of [
      ['versions/1', first],
      ['versions/2', second],
      ['blob', second],
    ] as const) {
      const found = await read(what)
      expect(found.status).toBe(200)
      expect(found.bytes.equals(bytes)).toBe(true)
      expect(found.headers.get('content-type')).toBe('application/octet-stream')
      expect(found.headers.get('content-length')).toBe(String(bytes.length))
      expect(found.headers.get('content-disposition')).toBe('attachment')
    }
  })

  test('is listed with what the client said of it', async () => {
    const { user, path } = await scene()
    const bytes = sealedBytes(50)
    const { body: made } = await pushVersion(user, path, bytes)
    const { body } = await user.caller.get<{ versions: readonly Version[] }>(`/api/${path}/versions`)
    expect(body.versions).toEqual([
      {
        id: expect.any(Number),
        ...made,
        content_hash: Bun.SHA256.hash(bytes, 'hex'),
        pushed_by_user_id: await userIdOf(user),
        pushed_from_machine_id: null,
        created_at: expect.stringMatching(/Z$/),
      },
    ])
  })

  test('that is not there answers 404, also before the first one', async () => {
    const { user, path, read } = await scene()
    expect((await read('blob')).status).toBe(404)
    await pushVersion(user, path, sealedBytes(40))
    expect((await read('versions/2')).status).toBe(404)
    expect((await read('versions/0')).status).toBe(400)
    expect((await read('versions/x')).status).toBe(400)
  })

  test('of two pushes at once both stay', async () => {
    const { user, path, numbers } = await scene()
    await Promise.all([1, 2].map((seed) => pushVersion(user, path, sealedBytes(40_000, seed))))
    expect(await numbers()).toEqual([2, 1])
  })

  test('of a deleted or foreign entity, or of another type, can be neither pushed nor read', async () => {
    const { user, id, path } = await scene()
    const other = await syncUser(w, `user${++nth}`)
    await pushVersion(user, path, sealedBytes(40))
    const refusals = async (by: typeof user, at: string) => [
      (await pushVersion(by, at, sealedBytes(40))).status,
      (await by.caller.open(`/api/${at}/blob`)).status,
      (await by.caller.get(`/api/${at}/versions`)).status,
    ]
    expect(await refusals(other, path)).toEqual([404, 404, 404])
    expect(await refusals(user, `workspaces/${id}`)).toEqual([404, 404, 404])
    await user.caller.delete(`/api/${path}`)
    expect(await refusals(user, path)).toEqual([404, 404, 404])
  })

  test.each([
    ['content_hash is missing', { ciphertext: sealedBytes(40).toString('base64') }, 400],
    [
      'content_hash is no SHA-256',
      { ciphertext: sealedBytes(40).toString('base64'), content_hash: 'abc' },
      422,
    ],
    ['ciphertext is missing', { content_hash: 'a'.repeat(64) }, 400],
    ['ciphertext is short', { ciphertext: 'AAAA', content_hash: 'a'.repeat(64) }, 400],
  ])('whose %s is refused and leaves nothing', async (_, body, status) => {
    const { user, path, numbers } = await scene()
    const before = storedBlobs(w.home)
    expect((await user.caller.post(`/api/${path}/versions`, body)).status).toBe(status)
    expect(await numbers()).toEqual([])
    expect(storedBlobs(w.home)).toEqual(before)
  })

  test('of more than 10 MiB is refused', async () => {
    const { user, path } = await scene()
    expect((await pushVersion(user, path, Buffer.alloc(10 * 1024 * 1024 + 1, 1))).status).toBe(413)
  })
})

describe('retention', () => {
  test('keeps the newest versions, and the numbers go on', async () => {
    await using w = await world()
    const user = await syncUser(w, 'ada')
    const path = `projects/${await projectOf(user, 'notes')}`
    await configure(w, 'configsync.keep_versions', 2)
    const before = await usedBy(w, user)
    for (let i = 1; i <= 4; i++) await pushVersion(user, path, sealedBytes(100, i))
    const { body } = await user.caller.get<{ versions: readonly Version[] }>(`/api/${path}/versions`)
    expect(body.versions.map(({ version }) => version)).toEqual([4, 3])
    expect((await user.caller.open(`/api/${path}/versions/2`)).status).toBe(404)
    expect(await usedBy(w, user)).toBe(before + 2 * 4196)
    await w.restart()
    await until(() => storedBlobs(w.home).length === 2)
  })
})
