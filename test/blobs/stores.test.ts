import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { claimBlobs, type OpenBlobs, openBlobs } from '../../src/blobs'
import {
  type BlobKey,
  newBlobKey,
  parseBlobKey,
  type StoredBlob,
  sha256OfKey,
} from '../../src/core/kernel/blobs'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { TestBucket } from '../support/bucket'
import { fastDirectory } from '../support/fast-directory'

/** A blob store on a new folder, or in a new bucket. */
function scene(kind: 'files' | 's3') {
  const folder = fastDirectory()
  const root = join(folder.path, 'blobs')
  const temporary = join(root, 'tmp')
  const bucket = new TestBucket()
  const reported: unknown[] = []
  const deps = { temporary, report: (fault: unknown) => reported.push(fault) }
  const { id: accessKeyId, secret: secretAccessKey } = bucket.keys
  const keys = { accessKeyId, secretAccessKey }
  const at = {
    kind: 's3',
    bucket: bucket.name,
    prefix: 'pre/fix',
    endpoint: bucket.endpoint,
    region: 'eu',
  } as const
  const open = (secret = secretAccessKey): OpenBlobs =>
    kind === 'files'
      ? openBlobs({ kind: 'files', path: root }, deps)
      : openBlobs({ ...at, ...keys, secretAccessKey: secret }, deps)
  return {
    ...{ root, temporary, bucket, reported, open },
    blobs: open(),
    /** Puts something else than a blob into the store. */
    put: (path: string) => {
      if (kind === 's3') bucket.objects.set(`pre/fix/${path}`, new Uint8Array(1))
      else {
        mkdirSync(dirname(join(root, path)), { recursive: true })
        writeFileSync(join(root, path), 'x')
      }
    },
    /** What is being received now, or was left. */
    leftovers: () => (existsSync(temporary) ? readdirSync(temporary) : []),
    [Symbol.dispose]: () => {
      bucket[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) yield new TextEncoder().encode(text)
}

async function kept(blobs: OpenBlobs, ...texts: string[]): Promise<BlobKey> {
  await using received = await blobs.receive('attachments', chunks(...texts))
  return await received.keep()
}

async function all(blobs: OpenBlobs): Promise<StoredBlob[]> {
  const found: StoredBlob[] = []
  for await (const page of blobs.list('attachments')) found.push(...page)
  return found
}

const textOf = async (body: Awaited<ReturnType<OpenBlobs['open']>>) => body && new Response(body).text()

describe.each(['files', 's3'] as const)('a blob store of %s', (kind) => {
  test('bytes come back as they were received, whole and in part', async () => {
    using here = scene(kind)
    const key = await kept(here.blobs, 'hello', ' ', 'world')
    expect(sha256OfKey(key)).toBe(Bun.SHA256.hash('hello world', 'hex'))
    expect(await textOf(await here.blobs.open(key, 11))).toBe('hello world')
    expect(await textOf(await here.blobs.open(key, 11, { start: 4, end: 7 }))).toBe('o w')
    expect(await here.blobs.open(key, 12)).toBeUndefined()
    expect([await here.blobs.has(key, 11), await here.blobs.has(key, 12)]).toEqual([true, false])
    expect(here.leftovers()).toEqual([])
  })

  test('bytes of several megabytes and none at all are stored', async () => {
    using here = scene(kind)
    const part = 'x'.repeat(3 << 20)
    const key = await kept(here.blobs, part, part, part, 'end')
    const size = (9 << 20) + 3
    expect(await textOf(await here.blobs.open(key, size, { start: 9 << 20, end: size }))).toBe('end')
    expect(await textOf(await here.blobs.open(await kept(here.blobs), 0))).toBe('')
  })

  test('equal bytes get different keys, so that removing one leaves the other', async () => {
    using here = scene(kind)
    const [one, other] = [await kept(here.blobs, 'same'), await kept(here.blobs, 'same')]
    expect(one).not.toBe(other)
    await here.blobs.remove(one)
    expect(await here.blobs.open(one, 4)).toBeUndefined()
    expect(await textOf(await here.blobs.open(other, 4))).toBe('same')
  })

  test('removing what is gone does nothing', async () => {
    using here = scene(kind)
    await here.blobs.remove(newBlobKey('attachments', 'a'.repeat(64), crypto.randomUUID()))
  })

  test('bytes that break off leave nothing, and bytes that are not kept are deleted', async () => {
    using here = scene(kind)
    const broken = (async function* () {
      yield new Uint8Array(100)
      throw new Error('broken off')
    })()
    await expect(here.blobs.receive('attachments', broken)).rejects.toThrow('broken off')
    {
      await using received = await here.blobs.receive('attachments', chunks('never kept'))
      expect(received.size).toBe(10)
      expect(here.leftovers()).toHaveLength(1)
    }
    expect(here.leftovers()).toEqual([])
    expect(await all(here.blobs)).toEqual([])
  })

  test('a list has every blob with its size, page by page', async () => {
    using here = scene(kind)
    here.bucket.pageSize = 2
    const keys = [await kept(here.blobs, 'a'), await kept(here.blobs, 'bb'), await kept(here.blobs, 'ccc')]
    const found = await all(here.blobs)
    expect(found.map(({ key }) => key).sort()).toEqual(keys.toSorted())
    expect(found.map(({ size }) => size).sort()).toEqual([1, 2, 3])
  })

  test('what others have put into a store is no blob', async () => {
    using here = scene(kind)
    const key = await kept(here.blobs, 'a blob')
    const name = key.slice(key.indexOf('/') + 1)
    const shard = name.slice(0, 2)
    const wrong = shard === 'ab' ? 'cd' : 'ab'
    for (const path of ['.DS_Store', 'ab', `${shard}/.DS_Store`, `${shard}/notes.txt`, `${wrong}x/${name}`])
      here.put(`attachments/${path}`)
    // With the name of a blob, where it would not be found.
    if (kind === 's3') here.put(`attachments/${wrong}/${name}`)
    expect((await all(here.blobs)).map((found) => found.key)).toEqual([key])
  })

  test('what a receiver that died left is deleted once it is old', async () => {
    using here = scene(kind)
    await using received = await here.blobs.receive('attachments', chunks('in progress'))
    const left = join(here.temporary, 'left')
    writeFileSync(left, 'left')
    utimesSync(left, 1, 1)
    await here.blobs.clean(60_000)
    expect(here.leftovers()).toHaveLength(1)
    expect(received.size).toBe(11)
  })

  test('a store belongs to the instance that claimed it first', async () => {
    using here = scene(kind)
    expect(await claimBlobs(here.blobs, 'did:key:one')).toBe(true)
    expect(await claimBlobs(here.open(), 'did:key:one')).toBe(false)
    await expect(claimBlobs(here.open(), 'did:key:two')).rejects.toThrow(OperatorError)
  })

  test('a store with files and without an owner is refused', async () => {
    using here = scene(kind)
    await kept(here.blobs, 'whose?')
    await expect(claimBlobs(here.blobs, 'did:key:one')).rejects.toThrow('does not say whose')
  })
})

describe('files', () => {
  test('files and folders are readable by their owner alone', async () => {
    using here = scene('files')
    const key = await kept(here.blobs, 'private')
    const name = key.split('/')[1] ?? ''
    const folder = join(here.root, 'attachments', name.slice(0, 2))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  })

  test('a folder that cannot be used is a failure of the store, and the operator is told the code', async () => {
    using here = scene('files')
    const key = await kept(here.blobs, 'hello')
    rmSync(join(here.root, 'attachments'), { recursive: true })
    writeFileSync(join(here.root, 'attachments'), 'no folder')
    const failing: readonly (() => Promise<unknown>)[] = [
      () => kept(here.blobs, 'more'),
      () => here.blobs.open(key, 5),
      () => here.blobs.has(key, 5),
      () => here.blobs.check(key, 5),
      () => all(here.blobs),
    ]
    for (const act of failing) {
      here.reported.length = 0
      await expect(act()).rejects.toMatchObject({ kind: 'unavailable' })
      expect(here.reported.map(String)).toEqual(['Trouble: the blob store failed: ENOTDIR'])
    }
    rmSync(here.temporary, { recursive: true })
    writeFileSync(here.temporary, 'no folder')
    await expect(kept(here.blobs, 'more')).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(claimBlobs(here.blobs, 'did:key:one')).rejects.toMatchObject({ cause: { code: 'ENOTDIR' } })
  })

  test('a key that is a path is refused', () => {
    for (const text of ['attachments/../x', '../../etc/passwd', `attachments/${'a'.repeat(64)}`, ''])
      expect(() => parseBlobKey(text)).toThrow()
  })
})

describe('a bucket', () => {
  test('a wrong key is reported as a failure of the blob store, without the key', async () => {
    using here = scene('s3')
    const blobs = here.open('wrong')
    await expect(kept(blobs, 'x')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(here.bucket.names).toEqual([])
  })

  test('a service that fails leaves nothing here, and the operator is told its code', async () => {
    using here = scene('s3')
    here.bucket.failing = 500
    let refused: unknown
    await kept(here.blobs, 'x').catch((error: unknown) => {
      refused = error
    })
    expect(refused).toMatchObject({ kind: 'unavailable' })
    expect(here.leftovers()).toEqual([])
    await expect(kept(here.blobs, 'x'.repeat(6 << 20))).rejects.toMatchObject({ kind: 'unavailable' })
    expect(here.bucket.names).toEqual([])
    expect(here.leftovers()).toEqual([])
    expect(String(here.reported[0])).toContain('the blob store failed')
    expect(String(here.reported[0])).not.toContain(here.bucket.endpoint)
  })
})
