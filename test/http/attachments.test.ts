import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer, Fields } from '../support/caller'
import { HOUR, type Person, type World, world } from '../support/world'
import { codeOf, expectRefusal, leavesNoTrace } from './refusals'

interface Attachment {
  readonly id: string
  readonly kind: string
  readonly filename: string
  readonly mime: string
  readonly size: number
  readonly sha256: string
  readonly width: number | null
  readonly height: number | null
  readonly url: string
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAC0lEQVR42mNgwAYAABoAAV4CB8QAAAAASUVORK5CYII=',
  'base64',
)

function uploads(
  by: Person,
  body: RequestInit['body'],
  headers: Record<string, string> = {},
): Promise<Answer<Attachment>> {
  return by.fetch<Attachment>('/v1/attachments', { method: 'POST', body, headers })
}

/** Uploads and returns the attachment. Fails if it is refused. */
async function uploaded(
  by: Person,
  body: RequestInit['body'],
  headers?: Record<string, string>,
): Promise<Attachment> {
  const { status, text, body: attachment } = await uploads(by, body, headers)
  expect(status, text).toBe(201)
  return attachment
}

const named = (filename: string) => ({ 'content-disposition': `attachment; filename="${filename}"` })

/** Two members of a channel, and somebody who is in no channel. */
async function scene(settings: Record<string, string> = {}) {
  const w = await world({ settings })
  const room = await w.channel('files', { kind: 'private' })
  const alice = await w.agent('alice', { channels: { files: 'member' } })
  const bob = await w.agent('bob', { channels: { files: 'member' } })
  const carol = await w.agent('carol')
  return {
    ...{ w, room, alice, bob, carol },
    /** The blobs of the server, and what is being received. */
    stored: () => blobsOf(w),
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

function blobsOf(w: World): string[] {
  const folder = join(w.home, 'blobs')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^tmp\/|-[0-9a-f]{32}$)/.test(path))
    .sort()
}

/** Lets the server work until the condition holds. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}

describe('uploading', () => {
  test('an upload is described by what its bytes are, and by the name that was given', async () => {
    await using here = await scene()
    const file = await uploaded(here.alice, 'hello', {
      'content-type': 'text/plain; charset=utf-8',
      ...named('a b.txt'),
    })
    expect(file).toEqual({
      id: expect.any(String),
      kind: 'file',
      filename: 'a b.txt',
      mime: 'text/plain',
      size: 5,
      sha256: Bun.SHA256.hash('hello', 'hex'),
      width: null,
      height: null,
      url: `/v1/attachments/${file.id}`,
    })
    const image = await uploaded(here.alice, PNG, { 'content-type': 'text/plain', ...named('x.txt') })
    expect(image).toMatchObject({ kind: 'image', mime: 'image/png', width: 3, height: 2, filename: 'x.txt' })
    const fake = await uploaded(here.alice, 'no image', { 'content-type': 'image/png' })
    expect(fake).toMatchObject({ kind: 'file', mime: 'application/octet-stream', filename: 'file' })
  })

  test('an empty file is a file', async () => {
    await using here = await scene()
    const { id, size } = await uploaded(here.alice, '')
    expect(size).toBe(0)
    const answer = await here.alice.fetch(`/v1/attachments/${id}`)
    expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([200, '', '0'])
  })

  test('a body over attachments.max_bytes is refused at once or while it is counted, and leaves nothing', async () => {
    await using here = await scene({ SYNAPSE_ATTACHMENTS_MAX_BYTES: '1000' })
    await uploaded(here.alice, 'x'.repeat(1000))
    expect(codeOf(await uploads(here.alice, 'x'.repeat(1001)))).toBe('413 payload_too_large')
    const chunked = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i++) controller.enqueue(new Uint8Array(500))
        controller.close()
      },
    })
    expect(codeOf(await uploads(here.alice, chunked))).toBe('413 payload_too_large')
    expect(here.stored()).toHaveLength(1)
  })

  test('the files of an account may take attachments.quota bytes in all', async () => {
    await using here = await scene({ SYNAPSE_ATTACHMENTS_QUOTA: '100' })
    await uploaded(here.alice, 'x'.repeat(60))
    const refused = await uploads(here.alice, 'y'.repeat(41))
    expectRefusal(refused, 403, {
      code: 'quota_exceeded',
      detail: 'Your uploaded files may take 100 bytes, and 60 are in use',
      quota: 'attachments.quota',
      limit: 100,
    })
    await uploaded(here.alice, 'y'.repeat(40))
    await uploaded(here.bob, 'z'.repeat(100))
    // Without a length the quota is checked when the bytes are known.
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1))
        controller.close()
      },
    })
    expect(codeOf(await uploads(here.bob, chunked))).toBe('403 quota_exceeded')
    expect(here.stored()).toHaveLength(3)
  })

  test('uploads can be switched off, and files uploaded before are read on', async () => {
    await using here = await scene()
    const { id } = await uploaded(here.alice, 'before')
    expect((await here.w.operator.put('/v1/config/attachments.enabled', { value: false })).status).toBe(200)
    expect(codeOf(await uploads(here.alice, 'after'))).toBe('404 not_found')
    expect((await here.alice.fetch(`/v1/attachments/${id}`)).text).toBe('before')
  })

  test('an upload needs a scope to post somewhere', async () => {
    await using here = await scene()
    const reader = await here.w.agent('reader', { scopes: ['channel:*:read'], channels: { files: 'member' } })
    expect(codeOf(await uploads(reader, 'x'))).toBe('403 missing_scope')
    const poster = await here.w.agent('poster', { scopes: ['channel:elsewhere:post'] })
    await uploaded(poster, 'x')
    expect(codeOf(await here.w.guest.fetch('/v1/attachments', { method: 'POST', body: 'x' }))).toBe(
      '401 not_authenticated',
    )
  })

  test('a compressed body is refused, because it would be stored as it came', async () => {
    await using here = await scene()
    const answer = await uploads(here.alice, 'x', { 'content-encoding': 'gzip' })
    expect(codeOf(answer)).toBe('415 unsupported_media_type')
    expect(answer.headers.get('accept-encoding')).toBe('identity')
  })

  test('a draining server takes no uploads, and answers those that it has stored', async () => {
    await using here = await scene()
    const key = { 'idempotency-key': 'before' }
    const { id } = await uploaded(here.alice, 'before', key)
    const stored = here.stored()
    await here.w.operator.put('/v1/config/drain', { value: true })
    expect(codeOf(await uploads(here.alice, 'x'))).toBe('503 draining')
    expect(codeOf(await uploads(here.alice, 'x', { 'idempotency-key': 'new' }))).toBe('503 draining')
    expect((await uploaded(here.alice, 'before', key)).id).toBe(id)
    expect(here.stored()).toEqual(stored)
  })

  test('an upload that is cut off leaves nothing', async () => {
    await using here = await scene()
    const cut = new AbortController()
    const begun = Promise.withResolvers<void>()
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024))
        await until(() => here.stored().length > 0)
        begun.resolve()
        await new Promise(() => {})
      },
    })
    const upload = here.alice.open('/v1/attachments', { method: 'POST', body, signal: cut.signal })
    await begun.promise
    cut.abort()
    await upload.catch(() => {})
    await until(() => here.stored().length === 0)
    const [row] = await here.w.sql<{ n: number }>('SELECT count(*) AS n FROM attachments')
    expect(Number(row?.n)).toBe(0)
  })

  test('equal bytes share one blob', async () => {
    await using here = await scene()
    const [one, other] = [await uploaded(here.alice, 'same'), await uploaded(here.bob, 'same')]
    expect(one.id).not.toBe(other.id)
    expect(here.stored()).toHaveLength(1)
  })

  test('a repeated upload with its key gets the first answer, and other bytes are another request', async () => {
    await using here = await scene({ SYNAPSE_ATTACHMENTS_QUOTA: '10' })
    const key = { 'idempotency-key': 'once' }
    const first = await uploads(here.alice, '0123456789', { ...key, ...named('one') })
    const again = await uploads(here.alice, '0123456789', key)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect(again.body).toEqual(first.body)
    expect(codeOf(await uploads(here.alice, '9876543210', key))).toBe('409 idempotency_conflict')
    expect(here.stored()).toHaveLength(1)
  })

  test('a name is read in each of its spellings', async () => {
    await using here = await scene()
    for (const [header, expected] of [
      [`attachment; filename*=UTF-8''%C3%BC%2Fb.txt`, 'b.txt'],
      [`attachment; filename="plain"; filename*=utf-8'en'b%C3%A4r`, 'bär'],
      ['attachment; filename="a \\"b\\".txt"', 'a "b".txt'],
      ['attachment; filename=token.txt', 'token.txt'],
      [`attachment; filename="${Buffer.from('bär').toString('latin1')}"`, 'bär'],
      ['attachment', 'file'],
    ] as const)
      expect((await uploaded(here.alice, 'x', { 'content-disposition': header })).filename).toBe(expected)
  })
})

describe('a message with attachments', () => {
  test('shows them in the order of the post, in every answer and event', async () => {
    await using here = await scene()
    const [one, two] = [await uploaded(here.alice, 'one', named('one.txt')), await uploaded(here.alice, PNG)]
    const before = await here.bob.get<{ head_cursor: string }>('/v1/server')
    const posted = await here.alice.posts(here.room, 'see', { attachments: [two.id, one.id, two.id] })
    expect((posted as unknown as Fields).attachments).toEqual([two, one])
    const page = await here.bob.reads(here.room)
    expect((page.body.messages[0] as unknown as Fields).attachments).toEqual([two, one])
    const read = await here.bob.get<Fields>(`/v1/messages/${posted.id}`)
    expect(read.body.attachments).toEqual([two, one])
    const since = encodeURIComponent(before.body.head_cursor)
    const events = await here.bob.get<{ events: { message?: Fields }[] }>(`/v1/events?since=${since}`)
    expect(events.body.events.at(-1)?.message?.attachments).toEqual([two, one])
    await here.w.restart()
    const after = await here.bob.get<Fields>(`/v1/messages/${posted.id}`)
    expect(after.body.attachments).toEqual([two, one])
  })

  test('an edit keeps them', async () => {
    await using here = await scene()
    const file = await uploaded(here.alice, 'kept')
    const { id } = await here.alice.posts(here.room, 'see', { attachments: [file.id] })
    await here.alice.patch(`/v1/messages/${id}`, { body: 'look' })
    expect((await here.bob.get<Fields>(`/v1/messages/${id}`)).body.attachments).toEqual([file])
    expect((await here.bob.fetch(file.url)).text).toBe('kept')
  })

  test('an upload that is missing, foreign or used already is 404, and nothing is posted', async () => {
    await using here = await scene()
    const own = await uploaded(here.alice, 'own')
    const used = await uploaded(here.alice, 'used')
    const foreign = await uploaded(here.bob, 'foreign')
    await here.alice.posts(here.room, 'first', { attachments: [used.id] })
    for (const bad of [used.id, foreign.id, Bun.randomUUIDv7(), 'no-id'])
      await leavesNoTrace(here.w, async () => {
        const body = { channel: 'files', body: 'x', attachments: [own.id, bad] }
        expectRefusal(await here.alice.post('/v1/messages', body), 404, {
          code: 'attachment_not_found',
          detail: 'Attachment not found',
        })
      })
    await here.alice.posts(here.room, 'second', { attachments: [own.id] })
  })

  test('of many posts at once with one upload, one gets it', async () => {
    await using here = await scene()
    const { id } = await uploaded(here.alice, 'wanted')
    const body = { channel: 'files', body: 'x', attachments: [id] }
    const answers = await Promise.all(Array.from({ length: 20 }, () => here.alice.post('/v1/messages', body)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(19)
  })

  test('has at most 10', async () => {
    await using here = await scene()
    const ids = await Promise.all(Array.from({ length: 11 }, (_, i) => uploaded(here.alice, `file ${i}`)))
    const body = { channel: 'files', body: 'x', attachments: ids.map(({ id }) => id) }
    expect((await here.alice.post('/v1/messages', body)).status).toBe(422)
    expect(
      (await here.alice.post('/v1/messages', { ...body, attachments: body.attachments.slice(1) })).status,
    ).toBe(201)
  })

  test('a post that is repeated with its key attaches nothing twice', async () => {
    await using here = await scene()
    const file = await uploaded(here.alice, 'once')
    const body = { channel: 'files', body: 'x', attachments: [file.id], client_msg_id: 'k' }
    const [first, again] = [
      await here.alice.post('/v1/messages', body),
      await here.alice.post('/v1/messages', body),
    ]
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body.attachments).toEqual([file])
    expect(again.body.id).toBe(first.body.id)
  })
})

describe('downloading', () => {
  test('an upload is read by its account alone, and with its message by the readers of the channel', async () => {
    await using here = await scene()
    const { id, url } = await uploaded(here.alice, 'secret')
    const statuses = async () =>
      Promise.all([here.alice, here.bob, here.carol].map(async (who) => (await who.fetch(url)).status))
    expect(await statuses()).toEqual([200, 404, 404])
    await here.alice.posts(here.room, 'x', { attachments: [id] })
    expect(await statuses()).toEqual([200, 200, 404])
    await here.w.leaves(here.alice, here.room)
    expect(await statuses()).toEqual([404, 200, 404])
    expectRefusal(await here.carol.fetch(url), 404, {
      code: 'attachment_not_found',
      detail: 'Attachment not found',
    })
    expect(codeOf(await here.bob.fetch('/v1/attachments/no-id'))).toBe('404 attachment_not_found')
  })

  test('a file is saved and an image shown, and neither can run anything', async () => {
    await using here = await scene()
    const page = await uploaded(here.alice, '<script>1</script>', {
      'content-type': 'text/html',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('é "x".html')}`,
    })
    const { headers } = await here.alice.fetch(page.url)
    expect(headers.get('content-type')).toBe('text/html')
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="_ _x_.html"; filename*=UTF-8''%C3%A9%20%22x%22.html`,
    )
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const image = await uploaded(here.alice, PNG, named('p.png'))
    const shown = await here.alice.open(image.url)
    expect(shown.headers.get('content-type')).toBe('image/png')
    expect(shown.headers.get('content-disposition')).toStartWith('inline; filename="p.png"')
    expect(shown.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(PNG)
  })

  test('a range is answered by its bytes, and what is no single range by all of them', async () => {
    await using here = await scene()
    const { url } = await uploaded(here.alice, '0123456789')
    for (const [range, status, text, contentRange] of [
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
      ['bytes=8-', 206, '89', 'bytes 8-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=5-100', 206, '56789', 'bytes 5-9/10'],
      ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=0-1,3-4', 200, '0123456789', null],
      ['bytes=4-2', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
    ] as const) {
      const answer = await here.alice.fetch(url, { headers: { range } })
      expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([
        status,
        text,
        contentRange,
      ])
      expect(answer.headers.get('content-length')).toBe(String(text.length))
    }
  })

  test('a range after the end is 416, and the answer says how long the file is', async () => {
    await using here = await scene()
    const { url } = await uploaded(here.alice, '0123456789')
    for (const range of ['bytes=10-', 'bytes=-0']) {
      const answer = await here.alice.fetch(url, { headers: { range } })
      expect(codeOf(answer)).toBe('416 range_not_satisfiable')
      expect(answer.headers.get('content-range')).toBe('bytes */10')
    }
  })

  test('HEAD has the headers and the length, and a client that has the bytes gets 304', async () => {
    await using here = await scene()
    const { url, sha256 } = await uploaded(here.alice, '0123456789')
    const etag = `"${sha256}"`
    const head = await here.alice.fetch(url, { method: 'HEAD' })
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '10'])
    expect(head.headers.get('etag')).toBe(etag)
    for (const tag of [etag, `W/${etag}`, '*', `"other", ${etag}`]) {
      const known = await here.alice.fetch(url, { headers: { 'if-none-match': tag } })
      expect([known.status, known.text]).toEqual([304, ''])
      expect(known.headers.get('etag')).toBe(etag)
    }
    const changed = await here.alice.fetch(url, { headers: { range: 'bytes=0-1', 'if-range': '"other"' } })
    expect([changed.status, changed.text]).toEqual([200, '0123456789'])
    const same = await here.alice.fetch(url, { headers: { range: 'bytes=0-1', 'if-range': etag } })
    expect([same.status, same.text]).toEqual([206, '01'])
  })
})

describe('what is deleted', () => {
  test('with a message go its attachments, and their bytes with the last reference', async () => {
    await using here = await scene()
    const file = await uploaded(here.alice, 'doomed', { 'idempotency-key': 'k' })
    const twin = await uploaded(here.bob, 'doomed')
    const { id } = await here.alice.posts(here.room, 'x', { attachments: [file.id] })
    const other = await here.bob.posts(here.room, 'y', { attachments: [twin.id] })
    expect((await here.alice.delete(`/v1/messages/${id}`)).status).toBe(204)
    expect((await here.bob.fetch(file.url)).status).toBe(404)
    expect((await here.bob.fetch(twin.url)).text).toBe('doomed')
    const stone = await here.bob.get<Fields>(`/v1/messages/${id}?include_deleted=true`)
    expect(stone.body.attachments).toEqual([])
    // The stored answer of the upload does not outlive it.
    expect(codeOf(await uploads(here.alice, 'doomed', { 'idempotency-key': 'k' }))).toBe(
      '404 attachment_not_found',
    )
    expect(here.stored()).toHaveLength(1)
    await here.bob.delete(`/v1/messages/${other.id}`)
    await until(() => here.stored().length === 0)
    await until(async () => (await here.w.sql('SELECT * FROM unused_blobs')).length === 0)
  })

  test('an upload that no message takes is deleted after 24 hours', async () => {
    await using here = await scene()
    const [left, taken] = [await uploaded(here.alice, 'left'), await uploaded(here.alice, 'taken')]
    await here.alice.posts(here.room, 'x', { attachments: [taken.id] })
    // A commit lets the jobs look at the time.
    const timePasses = (hours: number) => {
      here.w.clock.advance(hours * HOUR)
      return here.bob.posts(here.room, 'later')
    }
    await timePasses(23)
    expect((await here.alice.fetch(left.url)).status).toBe(200)
    await until(async () => {
      await timePasses(1)
      return (await here.alice.fetch(left.url)).status === 404
    })
    await until(() => here.stored().length === 1)
    expect((await here.alice.fetch(taken.url)).text).toBe('taken')
  })
})
