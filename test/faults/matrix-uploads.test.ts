// Files of Matrix in real processes: the memory that a large one takes, a backup of them, and a server that is killed.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Caller } from '../support/caller'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { leastGrowth } from '../support/watch-memory'

setDefaultTimeout(180_000)

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const UPLOAD = '/_matrix/media/v3/upload'
const DOWNLOAD = '/_matrix/client/v1/media/download'
const MIB = 1024 * 1024
const LARGE = 50 * MIB
const MOST = 40 * MIB

/** The token of an agent on a server: it needs no sign-in. */
async function tokenOn({ operator }: ServerProcess): Promise<string> {
  await operator.post('/v1/admin/accounts', { handle: 'bot', kind: 'agent', display_name: 'bot' })
  const { body } = await operator.post<{ token: string }>('/v1/admin/tokens', {
    account_handle: 'bot',
    scopes: ['channel:*:read', 'channel:*:post'],
  })
  return body.token
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /[0-9a-f]{32}$|-[0-9a-f]{12}$/.test(name),
  )
}

async function upload(by: Caller, body: RequestInit['body']): Promise<string> {
  const answer = await by.fetch<{ content_uri: string }>(UPLOAD, { method: 'POST', body })
  expect(answer.status, answer.text).toBe(200)
  return DOWNLOAD + answer.body.content_uri.slice('mxc:/'.length)
}

test('a file of 50 MiB takes little memory on its way in and out', async () => {
  await using site = new Site()
  await using server = await site.serveWith(MATRIX)
  const bot = server.as(await tokenOn(server))
  const bytes = Buffer.alloc(LARGE, 'synapse ')
  let path = await upload(bot, 'warm')
  const inwards = await leastGrowth(server, MOST, async () => {
    path = await upload(bot, bytes)
  })
  expect(inwards).toBeLessThan(MOST)
  const outwards = await leastGrowth(server, MOST, async () => {
    const answer = await bot.open(path)
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  })
  expect(outwards).toBeLessThan(MOST)
})

test('a backup with files has those of Matrix, and a restore puts them back', async () => {
  await using site = new Site()
  const server = await site.serveWith(MATRIX)
  const token = await tokenOn(server)
  const bot = server.as(token)
  const path = await upload(bot, 'precious')
  await bot.post('/_matrix/media/v1/create', {})
  const copy = await site.json<{ file: string; blobs: number }>('backup', 'create', '--with-blobs', '--json')
  expect(copy.blobs).toBe(1)
  expect((await site.run('backup', 'verify', copy.file)).code).toBe(0)
  await server.stop()
  rmSync(join(site.paths.blobs, 'attachments'), { recursive: true })
  const restored = await site.run('backup', 'restore', copy.file, '--blobs', '--yes')
  expect(restored.stdout).toContain('put back 1 blob')
  await using again = await site.serveWith(MATRIX)
  expect((await again.as(token).fetch(path)).text).toBe('precious')
})

test('a server that is killed during an upload leaves no part of it, and takes the next one', async () => {
  await using site = new Site()
  let server = await site.serveWith(MATRIX)
  const token = await tokenOn(server)
  const endless = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(MIB))
      return new Promise((resolve) => setTimeout(resolve, 5))
    },
  })
  const answer = server
    .as(token)
    .fetch(UPLOAD, { method: 'POST', body: endless })
    .catch(() => undefined)
  await until('a part of the file', () => filesIn(join(site.paths.blobs, 'tmp')).length > 0)
  await server.kill()
  await answer
  server = await site.serveWith(MATRIX)
  const again = server.as(token)
  expect((await again.fetch(await upload(again, 'whole'))).text).toBe('whole')
  expect(filesIn(join(site.paths.blobs, 'attachments'))).toHaveLength(1)
})
