// Files of mxc URIs: uploads, reservations, downloads with and without a token, and the bytes behind them.
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DAY, HOUR, type Person, SECOND, type World } from '../support/world'
import { homeserver, type MatrixClient, refused, SERVER_NAME, signIn } from './homeserver'

const UPLOAD = '/_matrix/media/v3/upload'
const CREATE = '/_matrix/media/v1/create'
const DOWNLOAD = '/_matrix/client/v1/media/download'
const LEGACY = '/_matrix/media/v3/download'
const POLICY =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self';"

interface Created {
  readonly content_uri: string
  readonly unused_expires_at: number
}

/** A homeserver with two people who are signed in. */
async function scene(settings: Record<string, string> = {}) {
  const w = await homeserver(settings)
  const ada = await signIn(w, await w.human('ada'))
  const ben = await signIn(w, await w.human('ben'))
  return { w, ada, ben, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

function send(
  by: Pick<MatrixClient, 'fetch'>,
  body: RequestInit['body'],
  { type = 'text/plain', query = '', path = UPLOAD, method = 'POST' } = {},
) {
  return by.fetch<Created>(path + query, { method, body, headers: { 'content-type': type } })
}

/** Uploads and returns the path of the file: server name and media id. */
async function uploaded(...given: Parameters<typeof send>): Promise<string> {
  const { status, text, body } = await send(...given)
  expect(status, text).toBe(200)
  expect(Object.keys(body)).toEqual(['content_uri'])
  return pathOf(body.content_uri)
}

function pathOf(uri: string): string {
  expect(uri).toMatch(/^mxc:\/\/example\.org\/[A-Za-z0-9_-]{24}$/)
  return uri.slice('mxc:/'.length)
}

async function reserved(by: MatrixClient): Promise<string> {
  const { status, body } = await by.post<Created>(CREATE, {})
  expect(status).toBe(200)
  return pathOf(body.content_uri)
}

/** The files of the blob store. */
function blobs(w: World): string[] {
  const folder = join(w.home, 'blobs')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^tmp\/|-[0-9a-f]{32}$)/.test(path))
    .sort()
}

describe('an upload', () => {
  test('is downloaded by every account with its type, its name and headers that keep it harmless', async () => {
    await using here = await scene()
    const path = await uploaded(here.ada, 'hello é', {
      type: 'text/plain; charset=utf-8; format=flowed',
      query: `?filename=${encodeURIComponent('über "x".txt')}`,
    })
    const agent = await here.w.agent('bot')
    for (const reader of [here.ada, here.ben, agent]) {
      const { status, text, headers } = await reader.fetch(DOWNLOAD + path)
      expect([status, text]).toEqual([200, 'hello é'])
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(headers.get('content-length')).toBe('8')
      expect(headers.get('content-disposition')).toBe(
        'inline; filename="_ber _x_.txt"; filename*=UTF-8\'\'%C3%BCber%20%22x%22.txt',
      )
      expect(headers.get('content-security-policy')).toBe(POLICY)
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
      expect(headers.get('access-control-allow-origin')).toBe('*')
    }
  })

  test.each([
    ['image/png', 'inline'],
    ['video/webm', 'inline'],
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/javascript', 'attachment'],
    ['nonsense', 'attachment'],
  ])('of the type %s is shown %s, without a name if it has none', async (type, kind) => {
    await using here = await scene()
    const { headers } = await here.ben.fetch(DOWNLOAD + (await uploaded(here.ada, 'x', { type })))
    expect(headers.get('content-disposition')).toBe(kind)
    expect(headers.get('content-type')).toBe(type.includes('/') ? type : 'application/octet-stream')
  })

  test('is downloaded under another name, in ranges, and not again', async () => {
    await using here = await scene()
    const path = await uploaded(here.ada, '0123456789')
    const named = await here.ben.fetch(`${DOWNLOAD}${path}/a%2Fb.txt`)
    expect(named.headers.get('content-disposition')).toContain('filename="b.txt"')
    const part = await here.ben.fetch(DOWNLOAD + path, { headers: { range: 'bytes=2-4' } })
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10'])
    const etag = part.headers.get('etag') ?? ''
    const known = await here.ben.fetch(DOWNLOAD + path, { headers: { 'if-none-match': etag } })
    expect([known.status, known.text]).toEqual([304, ''])
    const beyond = await here.ben.fetch(DOWNLOAD + path, { headers: { range: 'bytes=10-' } })
    expect(beyond.status).toBe(416)
    const head = await here.ben.request('HEAD', DOWNLOAD + path)
    expect([head.status, head.text]).toEqual([200, ''])
  })

  test('works on the paths of older clients', async () => {
    await using here = await scene()
    for (const version of ['r0', 'v1', 'v3']) {
      const path = await uploaded(here.ada, version, { path: `/_matrix/media/${version}/upload` })
      expect((await here.ada.fetch(DOWNLOAD + path)).text).toBe(version)
      const config = await here.ada.get(`/_matrix/media/${version}/config`)
      expect(config.body).toEqual({ 'm.upload.size': 52_428_800 })
    }
    expect((await here.ada.get('/_matrix/client/v1/media/config')).body).toEqual({
      'm.upload.size': 52_428_800,
    })
  })

  test('needs a token, and of an agent the scope to post', async () => {
    await using here = await scene()
    expect(refused(await send(here.w.guest, 'x'))).toEqual([401, 'M_MISSING_TOKEN'])
    const path = await uploaded(here.ada, 'x')
    expect(refused(await here.w.guest.get(DOWNLOAD + path))).toEqual([401, 'M_MISSING_TOKEN'])
    const reader = await here.w.agent('reader', { scopes: ['channel:*:read'] })
    expect(refused(await send(reader, 'x'))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await reader.post(CREATE, {}))).toEqual([403, 'M_FORBIDDEN'])
    expect(blobs(here.w)).toHaveLength(1)
  })

  test('over the limit is refused as soon as that is known, and leaves nothing', async () => {
    await using here = await scene({ SYNAPSE_MATRIX_MEDIA_MAX_BYTES: '100000' })
    const announced = await here.ada.fetch(UPLOAD, { method: 'POST', body: 'x'.repeat(100_001) })
    expect(refused(announced)).toEqual([413, 'M_TOO_LARGE'])
    let sent = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 20_000
        controller.enqueue(new Uint8Array(20_000))
      },
    })
    const streamed = await here.ada.fetch(UPLOAD, { method: 'POST', body: endless })
    expect(refused(streamed)).toEqual([413, 'M_TOO_LARGE'])
    // What the sockets hold in between is sent all the same.
    expect(sent).toBeLessThan(50_000_000)
    expect(blobs(here.w)).toEqual([])
    await uploaded(here.ada, 'x'.repeat(100_000))
  })

  test('over the quota of the account is refused before and after its bytes are read', async () => {
    await using here = await scene({ SYNAPSE_MATRIX_MEDIA_QUOTA: '10' })
    await uploaded(here.ada, '123456')
    const bodies = [
      '12345',
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(5))
          controller.close()
        },
      }),
    ]
    for (const body of bodies)
      expect(refused(await send(here.ada, body))).toEqual([403, 'M_RESOURCE_LIMIT_EXCEEDED'])
    await uploaded(here.ada, '1234')
    await uploaded(here.ben, '1234567890')
    expect(blobs(here.w)).toHaveLength(3)
  })

  test('that is compressed is refused, because its bytes would be others', async () => {
    await using here = await scene()
    const answer = await here.ada.fetch(UPLOAD, {
      method: 'POST',
      body: Bun.gzipSync('x'),
      headers: { 'content-encoding': 'gzip' },
    })
    expect(refused(answer)).toEqual([415, 'M_UNKNOWN'])
  })

  test('is refused while the server drains', async () => {
    await using here = await scene()
    await here.w.operator.put('/v1/config/drain', { value: true })
    expect((await send(here.ada, 'x')).status).toBe(503)
    expect((await here.ada.post(CREATE, {})).status).toBe(503)
    expect(blobs(here.w)).toEqual([])
  })
})

describe('a reserved URI', () => {
  test('gets its bytes later, once, from the account that reserved it', async () => {
    await using here = await scene()
    const { body } = await here.ada.post<Created>(CREATE, {})
    expect(body.unused_expires_at).toBe(Math.floor(here.w.clock.now() / 1000) + DAY)
    const path = pathOf(body.content_uri)
    const put = (by: MatrixClient, text: string) =>
      send(by, text, { path: `${UPLOAD}${path}`, method: 'PUT', query: '?filename=a.txt' })
    expect(refused(await put(here.ben, 'no'))).toEqual([403, 'M_FORBIDDEN'])
    const first = await put(here.ada, 'yes')
    expect([first.status, first.text]).toEqual([200, '{}'])
    expect(refused(await put(here.ada, 'again'))).toEqual([409, 'M_CANNOT_OVERWRITE_MEDIA'])
    const { text, headers } = await here.ben.fetch(DOWNLOAD + path)
    expect(text).toBe('yes')
    expect(headers.get('content-disposition')).toContain('inline; filename="a.txt"')
  })

  test('takes the bytes of one of two uploads at once', async () => {
    await using here = await scene()
    const path = await reserved(here.ada)
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((text) =>
        send(here.ada, text, { path: `${UPLOAD}${path}`, method: 'PUT' }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    expect(blobs(here.w)).toHaveLength(1)
  })

  test('expires after a day', async () => {
    await using here = await scene()
    const path = await reserved(here.ada)
    here.w.clock.advance(DAY)
    const late = await send(here.ada, 'x', { path: `${UPLOAD}${path}`, method: 'PUT' })
    expect(refused(late)).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await here.ada.get(DOWNLOAD + path))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('is one of at most ten of an account that have no bytes', async () => {
    await using here = await scene()
    const paths: string[] = []
    for (let i = 0; i < 10; i++) paths.push(await reserved(here.ada))
    const eleventh = await here.ada.post(CREATE, {})
    expect(refused(eleventh)).toEqual([429, 'M_LIMIT_EXCEEDED'])
    expect(eleventh.body['retry_after_ms']).toBeNumber()
    await reserved(here.ben)
    await send(here.ada, 'x', { path: `${UPLOAD}${paths[0]}`, method: 'PUT' })
    await reserved(here.ada)
    here.w.clock.advance(DAY)
    for (let i = 0; i < 10; i++) await reserved(here.ada)
  })

  test('is waited for by a download, which ends when the bytes come or the time is over', async () => {
    await using here = await scene()
    const path = await reserved(here.ada)
    const impatient = await here.ben.get(`${DOWNLOAD}${path}?timeout_ms=0`)
    expect(refused(impatient)).toEqual([504, 'M_NOT_YET_UPLOADED'])
    const waiting = here.ben.fetch(`${DOWNLOAD}${path}?timeout_ms=20000`)
    await send(here.ada, 'late', { path: `${UPLOAD}${path}`, method: 'PUT' })
    expect((await waiting).text).toBe('late')
    expect(refused(await here.ben.get(`${DOWNLOAD}${path}?timeout_ms=-1`))).toEqual([400, 'M_INVALID_PARAM'])
  })
})

describe('a media id', () => {
  test.each([
    '/example.org/a.b',
    '/example.org/%2e%2e%2fx',
    '/-bad_host/abc',
    `/example.org/${'a'.repeat(256)}`,
  ])('like %s is refused before anything is looked up', async (path) => {
    await using here = await scene()
    for (const prefix of [DOWNLOAD, LEGACY])
      expect(refused(await here.ada.get(prefix + path))).toEqual([400, 'M_INVALID_PARAM'])
    const put = await send(here.ada, 'x', { path: `${UPLOAD}${path}`, method: 'PUT' })
    expect(refused(put)).toEqual([400, 'M_INVALID_PARAM'])
  })

  test('that is unknown, of another server, or quarantined is not found', async () => {
    await using here = await scene()
    const path = await uploaded(here.ada, 'x')
    const id = path.split('/')[2] ?? ''
    for (const unknown of [
      `/${SERVER_NAME}/unknown`,
      `/other.example/${id}`,
      `/${SERVER_NAME}/${'a'.repeat(32)}`,
    ])
      expect(refused(await here.ada.get(DOWNLOAD + unknown))).toEqual([404, 'M_NOT_FOUND'])
    await here.w.sql('UPDATE matrix_media SET quarantined_by = account_id')
    expect(refused(await here.ada.get(DOWNLOAD + path))).toEqual([404, 'M_NOT_FOUND'])
  })
})

describe('an attachment of a message', () => {
  test('has a URI that the readers of the message may download, and nobody else', async () => {
    await using here = await scene()
    const { w } = here
    const room = await w.channel('files', { kind: 'private' })
    const alice: Person = await w.agent('alice', { channels: { files: 'member' } })
    const carol = await w.agent('carol', { channels: { files: 'read_only' } })
    const file = await alice.fetch<{ id: string }>('/v1/attachments', {
      method: 'POST',
      body: '<script>',
      headers: { 'content-type': 'text/html', 'content-disposition': 'attachment; filename="a.html"' },
    })
    const path = `${DOWNLOAD}/${SERVER_NAME}/${file.body.id.replaceAll('-', '')}`
    expect((await alice.get(path)).status).toBe(200)
    expect(refused(await carol.get(path))).toEqual([404, 'M_NOT_FOUND'])
    await alice.post('/v1/messages', { channel: room.slug, body: 'see', attachments: [file.body.id] })
    const { text, headers } = await carol.fetch(path)
    expect(text).toBe('<script>')
    expect(headers.get('content-disposition')).toContain('attachment; filename="a.html"')
    expect(refused(await here.ada.get(path))).toEqual([404, 'M_NOT_FOUND'])
    await w.operator.put('/v1/config/matrix.media.legacy', { value: 'open' })
    const open = path.replace(DOWNLOAD, LEGACY)
    for (const reader of [w.guest, alice])
      expect(refused(await reader.get(open))).toEqual([404, 'M_NOT_FOUND'])
  })
})

describe('a download without a token', () => {
  test('finds uploads while matrix.media.legacy is open, and nothing while it is frozen', async () => {
    await using here = await scene()
    const path = await uploaded(here.ada, 'old')
    for (const version of ['r0', 'v1', 'v3'])
      expect(refused(await here.w.guest.get(`/_matrix/media/${version}/download${path}`))).toEqual([
        404,
        'M_NOT_FOUND',
      ])
    await here.w.operator.put('/v1/config/matrix.media.legacy', { value: 'open' })
    for (const version of ['r0', 'v1', 'v3'])
      for (const name of ['', '/x.txt'])
        expect((await here.w.guest.fetch(`/_matrix/media/${version}/download${path}${name}`)).text).toBe(
          'old',
        )
    const waiting = await here.w.guest.get(`${LEGACY}${await reserved(here.ada)}`)
    expect(refused(waiting)).toEqual([504, 'M_NOT_YET_UPLOADED'])
  })

  test('finds the avatar of a room in the public directory', async () => {
    await using here = await scene()
    const [shown, other] = [await uploaded(here.ada, 'shown'), await uploaded(here.ada, 'other')]
    await avatar(here.w, 1, `mxc:/${shown}`, true)
    await avatar(here.w, 2, `mxc:/${other}`, false)
    await avatar(here.w, 3, `mxc:/${other.replace(/.$/, '_')}`, true)
    expect((await here.w.guest.fetch(LEGACY + shown)).text).toBe('shown')
    expect(refused(await here.w.guest.get(LEGACY + other))).toEqual([404, 'M_NOT_FOUND'])
  })
})

/** Puts a room with an avatar into the tables. */
async function avatar(w: World, channel: number, url: string, isPublished: boolean): Promise<void> {
  const event = `$avatar${channel}`
  const json = JSON.stringify({ content: { url }, type: 'm.room.avatar' })
  await w.sql(
    `INSERT INTO matrix_rooms (channel_id, room_id, version, born, federate, published, tip_event, depth)
     VALUES (?, ?, '11', 'matrix', FALSE, ${isPublished ? 'TRUE' : 'FALSE'}, ?, 1)`,
    channel,
    `!${channel}:${SERVER_NAME}`,
    event,
  )
  await w.sql(
    `INSERT INTO matrix_events (pos, channel_id, event_id, type, state_key, sender, ts, depth, flags, json)
     VALUES (64, ?, ?, 'm.room.avatar', '', '@ada:example.org', 0, 1, 0, ?)`,
    channel,
    event,
    json,
  )
  await w.sql(
    `INSERT INTO matrix_state (channel_id, type, state_key, pos) VALUES (?, 'm.room.avatar', '', 64)`,
    channel,
  )
}

describe('the bytes', () => {
  test('of equal files are stored once, and stay while one of them is referred to', async () => {
    await using here = await scene()
    const { w } = here
    const room = await w.channel('files')
    const alice = await w.agent('alice', { channels: { files: 'member' } })
    const path = await uploaded(here.ada, 'same')
    await uploaded(here.ben, 'same')
    const file = await alice.fetch<{ id: string }>('/v1/attachments', { method: 'POST', body: 'same' })
    expect(blobs(w)).toHaveLength(1)
    const { body } = await alice.post<{ id: string }>('/v1/messages', {
      channel: room.slug,
      body: 'x',
      attachments: [file.body.id],
    })
    await alice.delete(`/v1/messages/${body.id}`)
    expect(await w.sql('SELECT * FROM unused_blobs')).toEqual([])
    w.clock.advance(7 * HOUR + SECOND)
    expect((await here.ada.fetch(DOWNLOAD + path)).text).toBe('same')
  })

  test('go with an account that is erased with its messages, and stay when it is anonymized', async () => {
    await using here = await scene()
    const { w } = here
    const person = await w.human('carl')
    const carl = await signIn(w, person)
    const path = await uploaded(carl, 'of carl')
    await reserved(carl)
    await uploaded(carl, 'shared')
    const kept = await uploaded(here.ada, 'shared')
    const erase = (mode: string, confirm: string) =>
      w.operator.post<{ done: boolean }>(`/v1/admin/accounts/${person.id}/erase`, { mode, confirm })
    expect((await erase('anonymize', 'carl')).status).toBe(200)
    expect((await here.ada.fetch(DOWNLOAD + path)).text).toBe('of carl')
    const [{ handle = '' } = {}] = await w.sql<{ handle: string }>(
      'SELECT handle FROM accounts WHERE erased_at IS NOT NULL',
    )
    expect((await erase('delete_messages', handle)).status).toBe(200)
    expect(refused(await here.ada.get(DOWNLOAD + path))).toEqual([404, 'M_NOT_FOUND'])
    expect((await here.ada.fetch(DOWNLOAD + kept)).text).toBe('shared')
    while (blobs(w).length > 1) await new Promise((resolve) => setImmediate(resolve))
  })
})
