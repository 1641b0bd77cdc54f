import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { examined } from '../doctor/examined'
import { TestBucket } from '../support/bucket'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { backUp, served } from './scene'

setDefaultTimeout(120_000)

let site: Site
let server: ServerProcess
let token: string

beforeAll(async () => {
  site = new Site()
  ;({ server, token } = await served(site, 1))
})
afterAll(() => site[Symbol.asyncDispose]())

/** Uploads and posts a file. Returns its address and the id of its message. */
async function posted(text: string): Promise<{ readonly url: string; readonly message: string }> {
  const by = server.as(token)
  const { body } = await by.fetch<{ id: string; url: string }>('/v1/attachments', {
    method: 'POST',
    body: text,
  })
  const post = { channel: 'room', body: 'see', attachments: [body.id] }
  const answer = await by.post<{ id: string }>('/v1/messages', post)
  expect(answer.status, answer.text).toBe(201)
  return { url: body.url, message: answer.body.id }
}

function blobsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /-[0-9a-f]{32}$/.test(path),
  )
}

test('a backup with files has each once, and a restore puts back those that are gone', async () => {
  const { url, message } = await posted('precious')
  const twin = await posted('precious')
  await posted('other')
  const copy = await backUp(site, '--with-blobs')
  expect(copy.blobs).toBe(2)
  expect(blobsIn(join(dirname(copy.file), 'blobs'))).toEqual(blobsIn(site.paths.blobs))
  expect((await site.run('backup', 'verify', copy.file)).code).toBe(0)

  for (const id of [message, twin.message]) await server.as(token).delete(`/v1/messages/${id}`)
  await until('the bytes to be removed', () => blobsIn(site.paths.blobs).length === 1)
  expect((await server.as(token).fetch(url)).status).toBe(404)

  await server.stop()
  const restored = await site.run('backup', 'restore', copy.file, '--blobs', '--yes')
  expect(restored.code, restored.stderr).toBe(0)
  expect(restored.stdout).toContain('put back 1 blob')
  server = await site.serve()
  expect((await server.as(token).fetch(url)).text).toBe('precious')
})

test('a copy is damaged if a file that its messages refer to is missing or changed', async () => {
  await posted('to be lost')
  const copy = await backUp(site, '--with-blobs')
  const folder = join(dirname(copy.file), 'blobs')
  const path = blobsIn(folder).find((one) => readFileSync(join(folder, one), 'utf8') === 'to be lost') ?? ''
  const verdict = async () => {
    const { code, stdout, stderr } = await site.run('backup', 'verify', copy.file)
    return `${code} ${stdout}${stderr}`
  }
  renameSync(join(folder, path), `${folder}/away`)
  expect(await verdict()).toMatch(/^1 [\s\S]*is missing/)
  writeFileSync(join(folder, path), 'to be LOST')
  expect(await verdict()).toMatch(/^1 [\s\S]*is damaged/)
  rmSync(join(folder, path))
  renameSync(`${folder}/away`, join(folder, path))
  expect(await verdict()).toStartWith('0 ')
  // Also if the list of files was made without it.
  const manifest = copy.file.replace(/\/synapse-([^/]*)\.db$/, '/blobs-$1.json')
  const entries = JSON.parse(readFileSync(manifest, 'utf8')) as { path: string }[]
  writeFileSync(manifest, JSON.stringify(entries.filter((entry) => entry.path !== path)))
  expect(await verdict()).toMatch(/^1 [\s\S]*is missing/)
})

test('what is deleted while a backup is made is in the backup, and goes afterwards', async () => {
  const before = blobsIn(site.paths.blobs).length
  const files = await Promise.all(Array.from({ length: 100 }, (_, i) => posted(`${i} `.repeat(50_000))))
  const folder = dirname((await backUp(site)).file)
  const copies = () => readdirSync(folder).filter((name) => /^synapse-.*\.db$/.test(name)).length
  const made = copies()
  const backup = server.operator.post<{ blobs: number }>('/v1/admin/backups', { with_blobs: true })
  await until('the copy of the store', () => copies() > made)
  const deleted = files.map(({ message }) => server.as(token).delete(`/v1/messages/${message}`))
  expect((await Promise.all(deleted)).every(({ status }) => status === 204)).toBe(true)
  // A copy that lacks a file of its messages is not whole, and the backup would have failed.
  const { status, text } = await backup
  expect(status, text).toBe(201)
  await until('the bytes to be removed', () => blobsIn(site.paths.blobs).length === before)
})

test('doctor reports files that are missing', async () => {
  await posted('looked for')
  const files = async () => (await examined(site)).of('files')
  expect(await files()).toMatchObject({ status: 'pass' })
  const path = blobsIn(site.paths.blobs).find(
    (one) => readFileSync(join(site.paths.blobs, one), 'utf8') === 'looked for',
  )
  const file = join(site.paths.blobs, path ?? '')
  renameSync(file, `${file}.away`)
  expect(await files()).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('1 uploaded file'),
    fix: expect.stringContaining('--blobs'),
  })
  renameSync(`${file}.away`, file)
})

test('doctor reports files that belong to another instance, and a bucket that does not answer', async () => {
  const owner = join(site.paths.blobs, 'instance')
  const did = readFileSync(owner, 'utf8')
  writeFileSync(owner, 'did:key:another')
  expect((await examined(site)).of('files')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('did:key:another'),
  })
  writeFileSync(owner, did)
  using bucket = new TestBucket()
  expect((await examined(site, bucket.settings)).of('files')).toMatchObject({ status: 'pass' })
  bucket.failing = 500
  expect((await examined(site, bucket.settings)).of('files')).toMatchObject({ status: 'fail' })
})
