// Uploads in real processes: a killed server, and the memory that a large file takes.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestBucket } from '../support/bucket'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { leastGrowth } from '../support/watch-memory'

setDefaultTimeout(120_000)

const MIB = 1024 * 1024
const MOST = 40_000_000

interface Uploaded {
  readonly id: string
  readonly url: string
  readonly sha256: string
}

async function scene(site: Site, settings: Readonly<Record<string, string>> = {}) {
  const server = await site.serveWith(settings)
  await server.room('room')
  const token = await server.agent('agent', 'room')
  return { server, token }
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /-[0-9a-f]{12}/.test(path),
  )
}

describe('a server that is killed', () => {
  test('during an upload serves nothing of it, keeps what it acknowledged, and collects the leftovers', async () => {
    await using site = new Site()
    const { blobs } = site.paths
    const { server, token } = await scene(site)
    const kept = await server.as(token).fetch<Uploaded>('/v1/attachments', { method: 'POST', body: 'kept' })
    const post = { channel: 'room', body: 'see', attachments: [kept.body.id] }
    expect((await server.as(token).post('/v1/messages', post)).status).toBe(201)
    const body = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(MIB))
        return Bun.sleep(1)
      },
    })
    const upload = server
      .as(token)
      .fetch('/v1/attachments', { method: 'POST', body })
      .catch(() => {})
    await until('an upload in progress', () => filesIn(join(blobs, 'tmp')).length === 1)
    await server.kill()
    await upload

    // One died before its rename, one between the rename and its row; a young one may be about to get its row.
    const orphan = join(blobs, 'attachments', 'aa')
    mkdirSync(orphan)
    const [old, young] = ['1', '2'].map((digit) => join(orphan, `${'a'.repeat(64)}-${digit.repeat(32)}`))
    if (!old || !young) throw new Error('there are two')
    for (const path of [old, young]) writeFileSync(path, 'orphan')
    const [left = ''] = filesIn(join(blobs, 'tmp'))
    for (const path of [old, join(blobs, 'tmp', left)]) utimesSync(path, 1, 1)

    const again = await site.serve()
    expect((await again.as(token).fetch(kept.body.url)).text).toBe('kept')
    await until(
      'the leftovers to be collected',
      () => !existsSync(old) && filesIn(join(blobs, 'tmp')).length === 0,
    )
    expect(existsSync(young)).toBe(true)
    expect(filesIn(join(blobs, 'attachments'))).toHaveLength(2)
    expect(await again.stop()).toBe(0)
  })
})

describe.each(['files', 'a bucket'] as const)('a file of 70 MiB in %s', (kind) => {
  test('takes less than 40 MB of memory on its way in and out', async () => {
    using bucket = new TestBucket()
    await using site = new Site()
    const settings = {
      SYNAPSE_ATTACHMENTS_MAX_BYTES: String(80 * MIB),
      ...(kind === 'files' ? {} : bucket.settings),
    }
    const { server, token } = await scene(site, settings)
    // What the first requests need once is not counted.
    const first = await server.as(token).fetch<Uploaded>('/v1/attachments', { method: 'POST', body: 'warm' })
    await server.as(token).fetch(first.body.url)
    const bytes = new Uint8Array(70 * MIB).fill(7)
    const sha256 = Bun.SHA256.hash(bytes, 'hex')
    let url = ''
    const upload = await leastGrowth(server, MOST, async () => {
      const { status, text, body } = await server
        .as(token)
        .fetch<Uploaded>('/v1/attachments', { method: 'POST', body: bytes })
      expect(status, text).toBe(201)
      expect(body.sha256).toBe(sha256)
      url = body.url
    })
    expect(upload).toBeLessThan(MOST)
    const download = await leastGrowth(server, MOST, async () => {
      const hash = new Bun.CryptoHasher('sha256')
      const answer = await server.as(token).open(url)
      for await (const chunk of answer.body ?? []) hash.update(chunk)
      expect(hash.digest('hex')).toBe(sha256)
    })
    expect(download).toBeLessThan(MOST)
    expect(await server.stop()).toBe(0)
  })
})
