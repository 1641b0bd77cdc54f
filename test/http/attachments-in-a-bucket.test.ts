import { expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TestBucket } from '../support/bucket'
import type { Fields } from '../support/caller'
import { world } from '../support/world'
import { codeOf, leavesNoTrace } from './refusals'

/** A server whose files are in a bucket. */
async function scene() {
  const bucket = new TestBucket()
  const w = await world({ settings: bucket.settings })
  const room = await w.channel('files')
  const alice = await w.agent('alice', { channels: { files: 'member' } })
  const upload = (body: string, headers: Record<string, string> = {}) =>
    alice.fetch<Fields>('/v1/attachments', { method: 'POST', body, headers })
  const temporary = join(w.home, 'blobs', 'tmp')
  return {
    ...{ bucket, w, room, alice, upload },
    files: () => bucket.names.filter((name) => name !== 'instance'),
    leftovers: () => (existsSync(temporary) ? readdirSync(temporary) : []),
    [Symbol.asyncDispose]: async () => {
      await w[Symbol.asyncDispose]()
      bucket[Symbol.dispose]()
    },
  }
}

test('a file in a bucket is uploaded, read in part, shared by equal uploads, and removed with its last message', async () => {
  await using here = await scene()
  const { status, text, body } = await here.upload('0123456789', { 'content-type': 'text/plain' })
  expect(status, text).toBe(201)
  const again = await here.upload('0123456789')
  expect(here.files()).toHaveLength(1)
  expect(here.files()[0]).toMatch(/^attachments\/84\/84d89877[0-9a-f]{56}-[0-9a-f]{32}$/)
  const url = String(body.url)
  expect((await here.alice.fetch(url)).text).toBe('0123456789')
  const part = await here.alice.fetch(url, { headers: { range: 'bytes=2-4' } })
  expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10'])
  const head = await here.alice.fetch(url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  const { id } = await here.alice.posts(here.room, 'see', { attachments: [body.id, again.body.id] })
  await here.w.restart()
  expect((await here.alice.fetch(url)).text).toBe('0123456789')
  await here.alice.delete(`/v1/messages/${id}`)
  while (here.files().length > 0) await new Promise((resolve) => setImmediate(resolve))
  expect((await here.alice.fetch(url)).status).toBe(404)
  expect(here.leftovers()).toEqual([])
})

test('while the bucket does not answer, uploads and downloads are 503, nothing is recorded, and posts go on', async () => {
  await using here = await scene()
  const { body } = await here.upload('before')
  here.bucket.failing = 500
  await leavesNoTrace(here.w, async () => {
    expect(codeOf(await here.upload('x'))).toBe('503 unavailable')
    expect(codeOf(await here.alice.fetch(String(body.url)))).toBe('503 unavailable')
  })
  await here.alice.posts(here.room, 'still here', { attachments: [body.id] })
  expect(here.leftovers()).toEqual([])
  here.bucket.failing = undefined
  expect((await here.alice.fetch(String(body.url))).text).toBe('before')
  await here.w.stop()
  expect(here.w.log).toContain('the blob store failed')
  expect(here.w.log).not.toContain(here.bucket.keys.secret)
})

test('the removal of a file from a bucket that does not answer is done later', async () => {
  await using here = await scene()
  const { body } = await here.upload('doomed')
  const { id } = await here.alice.posts(here.room, 'see', { attachments: [body.id] })
  here.bucket.failing = 500
  const asked = here.bucket.requests.length
  expect((await here.alice.delete(`/v1/messages/${id}`)).status).toBe(204)
  while (here.bucket.requests.length === asked) await new Promise((resolve) => setImmediate(resolve))
  expect(here.files()).toHaveLength(1)
  here.bucket.failing = undefined
  await here.w.restart()
  while (here.files().length > 0) await new Promise((resolve) => setImmediate(resolve))
})

test('a server does not start on the bucket of another instance', async () => {
  await using here = await scene()
  const refused = world({ settings: here.bucket.settings })
  await expect(refused).rejects.toThrow('the blob store belongs to the instance did:key:')
})
