// Small forms of images.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { matrixImages } from '../../src/platform/matrix-images'
import { pngOf } from '../support/png'
import type { Person, World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

const THUMBNAIL = '/_matrix/client/v1/media/thumbnail'
const LEGACY = '/_matrix/media/v3/thumbnail'

let w: World
let person: Person
let ada: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  await w.channel('family', { kind: 'private' })
  person = await w.human('ada', { channels: { family: 'admin' } })
  ada = await signIn(w, person)
})
afterAll(() => w[Symbol.asyncDispose]())

/** Uploads and returns the path of the file: server name and media id. */
async function uploaded(bytes: Uint8Array, type = 'image/png', by = ada): Promise<string> {
  const { status, body, text } = await by.fetch<{ content_uri: string }>('/_matrix/media/v3/upload', {
    method: 'POST',
    body: new Blob([new Uint8Array(bytes)]),
    headers: { 'content-type': type },
  })
  expect(status, text).toBe(200)
  return body.content_uri.slice('mxc:/'.length)
}

interface Shown {
  readonly size: readonly [number, number]
  readonly type: string | null
  readonly bytes: Uint8Array
  readonly headers: Headers
}

async function thumbnail(path: string, query: string, by = ada): Promise<Shown> {
  const response = await by.open(`${THUMBNAIL}${path}?${query}`)
  const bytes = await response.bytes()
  expect(response.status, new TextDecoder().decode(bytes.slice(0, 200))).toBe(200)
  const { width, height } = await new Bun.Image(bytes).metadata()
  return {
    size: [width, height],
    type: response.headers.get('content-type'),
    bytes,
    headers: response.headers,
  }
}

/** Random points, so that nothing is small by compression. */
function noise(width: number, height: number): Uint8Array {
  return pngOf(width, height, (at) => (at * 2_654_435_761) >>> 24)
}

function blobs(): string[] {
  const folder = join(w.home, 'blobs')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /-[0-9a-f]{32}$/.test(path),
  )
}

test('the smallest size that is large enough is made, whole or cut, and never a larger one than the image', async () => {
  const path = await uploaded(pngOf(1000, 500))
  const table: readonly (readonly [string, readonly [number, number]])[] = [
    ['width=10&height=10&method=crop', [32, 32]],
    ['width=32&height=32&method=crop&animated=true', [32, 32]],
    ['width=33&height=20&method=crop', [96, 96]],
    ['width=97&height=97&method=crop', [320, 160]],
    ['width=32&height=32', [320, 160]],
    ['width=320&height=241&method=scale', [640, 320]],
    ['width=700&height=500&method=scale', [800, 400]],
    ['width=5000&height=5000&method=scale', [800, 400]],
    ['width=5000&height=5000&method=crop', [800, 400]],
  ]
  for (const [query, size] of table)
    expect([query, (await thumbnail(path, query)).size]).toEqual([query, size])
  const small = await uploaded(pngOf(50, 20))
  expect((await thumbnail(small, 'width=800&height=600')).size).toEqual([50, 20])
  expect((await thumbnail(small, 'width=96&height=96&method=crop')).size).toEqual([50, 20])
})

test('a crop is the middle of the image', async () => {
  // Black, then a white third in the middle, then black.
  const stripes = pngOf(300, 100, (at) => (at % 300 >= 100 && at % 300 < 200 ? 255 : 0))
  const { bytes } = await thumbnail(await uploaded(stripes), 'width=96&height=96&method=crop')
  const { width, height } = await new Bun.Image(bytes).metadata()
  expect([width, height]).toEqual([96, 96])
  const darkest = await darkestOf(bytes)
  expect(darkest).toBeGreaterThan(200)
})

/** The value of the darkest point, apart from the edge. */
async function darkestOf(bytes: Uint8Array): Promise<number> {
  // One point is the mean of all.
  const point = await new Bun.Image(bytes)
    .resize(1, 1, { filter: 'box' })
    .png({ compressionLevel: 0 })
    .bytes()
  const { inflateSync } = await import('node:zlib')
  const at = Buffer.from(point).indexOf('IDAT')
  return inflateSync(point.subarray(at + 4))[1] ?? 0
}

test('images of all formats that are taken have thumbnails; what may be transparent stays PNG', async () => {
  const source = new Bun.Image(noise(400, 300))
  const table = [
    ['image/png', noise(400, 300), 'image/jpeg'],
    ['image/png', await source.png().bytes(), 'image/png'],
    ['image/jpeg', await source.jpeg().bytes(), 'image/jpeg'],
    ['image/webp', await source.webp().bytes(), 'image/png'],
    [
      'image/gif',
      Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
      'image/png',
    ],
    // The type that was declared does not count.
    ['text/plain', await source.jpeg().bytes(), 'image/jpeg'],
  ] as const
  for (const [declared, bytes, type] of table) {
    const shown = await thumbnail(await uploaded(bytes, declared), 'width=96&height=96&method=crop')
    expect([declared, shown.type]).toEqual([declared, type])
    expect(shown.headers.get('content-disposition')).toMatch(/^inline; filename="thumbnail\.(?:png|jpg)"/)
    expect(shown.headers.get('content-security-policy')).toContain('sandbox')
    expect(shown.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    expect(shown.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/)
  }
})

test('a photograph is turned as it is shown, and what it says beside the picture is gone', async () => {
  const plain = Buffer.from(await new Bun.Image(noise(200, 100)).jpeg().bytes())
  // An EXIF segment: little endian, one entry, orientation 6 (turned to the right); then a place.
  const tiff = Buffer.from('49492a00080000000100120103000100000006000000000000', 'hex')
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, Buffer.from('secret place')])
  const head = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255])
  const photograph = Buffer.concat([plain.subarray(0, 2), head, exif, plain.subarray(2)])
  expect((await new Bun.Image(photograph).metadata()).format).toBe('jpeg')
  for (const [query, size] of [
    ['width=320&height=240', [100, 200]],
    ['width=96&height=96&method=crop', [96, 96]],
  ] as const) {
    const shown = await thumbnail(await uploaded(photograph, 'image/jpeg'), query)
    expect(shown.size).toEqual([...size])
    expect(Buffer.from(shown.bytes).includes('secret place')).toBe(false)
    expect(Buffer.from(shown.bytes).includes('Exif')).toBe(false)
  }
})

test('a thumbnail is stored, found again by all who ask at once, and goes with its image', async () => {
  const carl = await w.human('carl')
  const path = await uploaded(noise(500, 401), 'image/png', await signIn(w, carl))
  const stored = async () => (await w.sql('SELECT source FROM matrix_thumbs')).length
  const [before, storedBefore] = [blobs().length, await stored()]
  const asked = Array.from({ length: 8 }, () => thumbnail(path, 'width=320&height=240'))
  const [first, ...others] = await Promise.all(asked)
  for (const other of others) expect(other.bytes).toEqual(first?.bytes ?? new Uint8Array())
  expect(blobs().length).toBe(before + 1)
  const etag = first?.headers.get('etag') ?? ''
  const known = await ada.open(`${THUMBNAIL}${path}?width=320&height=240`, {
    headers: { 'if-none-match': etag },
  })
  expect(known.status).toBe(304)
  // Whoever uploads the thumbnail as a file keeps it.
  const copy = await uploaded(first?.bytes ?? new Uint8Array(), 'image/jpeg')
  await thumbnail(path, 'width=96&height=96&method=crop')
  expect(blobs().length).toBe(before + 2)
  const erase = { confirm: 'carl', mode: 'delete_messages' }
  expect((await w.operator.post(`/v1/admin/accounts/${carl.id}/erase`, erase)).status).toBe(200)
  while (blobs().length > before) await new Promise((resolve) => setImmediate(resolve))
  expect(await stored()).toBe(storedBefore)
  const kept = await ada.open(`/_matrix/client/v1/media/download${copy}`)
  expect(await kept.bytes()).toEqual(first?.bytes ?? new Uint8Array())
})

test('what is no image, or too large a one, is sent itself up to a mebibyte, else refused', async () => {
  const huge = Buffer.from(pngOf(10, 10))
  // It says to be 60,000 by 60,000 points large.
  huge.writeUInt32BE(60_000, 16)
  huge.writeUInt32BE(60_000, 20)
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
  const whole = noise(300, 300)
  const broken = whole.slice(0, whole.length / 2)
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [huge, 'image/png'],
    [Buffer.from(svg), 'image/svg+xml'],
    [broken, 'image/png'],
    [new Uint8Array(), 'image/png'],
    [Buffer.from('\xff\xd8\xff\xff\xff', 'latin1'), 'image/jpeg'],
  ]
  for (const [bytes, type] of cases) {
    const path = await uploaded(bytes, type)
    for (const query of ['width=96&height=96&method=crop', 'width=320&height=240']) {
      const response = await ada.open(`${THUMBNAIL}${path}?${query}`)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(type)
      expect(Buffer.from(await response.bytes())).toEqual(Buffer.from(bytes))
    }
  }
  const long = Buffer.concat([huge, Buffer.alloc(1_048_577)])
  expect(refused(await ada.get(`${THUMBNAIL}${await uploaded(long)}?width=1&height=1`))).toEqual([
    413,
    'M_TOO_LARGE',
  ])
})

test('an image that is damaged, or says other sizes in other places, is made smaller or is no image', async () => {
  const whole = new Bun.Image(noise(64, 64))
  const images = [
    ...[await whole.png().bytes(), await whole.jpeg().bytes(), await whole.webp().bytes()],
    ...[gifOf([10, 10], [10, 10]), gifOf([1, 1], [65_535, 65_535]), gifOf([65_535, 65_535], [1, 1])],
  ]
  let seed = 20_261_130
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed % below
  }
  for (const image of images)
    for (let n = 0; n < 100; n++) {
      const damaged = new Uint8Array(image)
      for (let changes = random(4); changes > 0; changes--) damaged[random(damaged.length)] = random(256)
      for (const method of ['crop', 'scale'] as const) {
        const made = await matrixImages.fitted(damaged, { width: 32, height: 32, method }, 32_000_000)
        const { width, height } = made ? await new Bun.Image(made.bytes).metadata() : { width: 0, height: 0 }
        expect(Math.max(width, height)).toBeLessThanOrEqual(32)
      }
    }
})

/** A GIF that says how large it is, and how large its one picture. */
function gifOf(screen: readonly [number, number], frame: readonly [number, number]): Uint8Array {
  const sizes = (pair: readonly [number, number]) => pair.flatMap((side) => [side & 255, side >> 8])
  const colours = [0, 0, 0, 255, 255, 255]
  const head = [...Buffer.from('GIF89a'), ...sizes(screen), 0x80, 0, 0, ...colours]
  return new Uint8Array([...head, 0x2c, 0, 0, 0, 0, ...sizes(frame), 0, 2, 2, 0x44, 0x01, 0, 0x3b])
}

test('a size that is none is refused', async () => {
  const path = await uploaded(pngOf(10, 10))
  for (const [query, errcode] of [
    ['width=10', 'M_MISSING_PARAM'],
    ['height=10', 'M_MISSING_PARAM'],
    ['width=0&height=10', 'M_INVALID_PARAM'],
    ['width=-1&height=10', 'M_INVALID_PARAM'],
    ['width=x&height=10', 'M_INVALID_PARAM'],
    ['width=10&height=10&method=stretch', 'M_INVALID_PARAM'],
    ['width=10&height=10&animated=maybe', 'M_INVALID_PARAM'],
  ])
    expect(refused(await ada.get(`${THUMBNAIL}${path}?${query}`))).toEqual([400, errcode])
  expect(refused(await ada.get(`${THUMBNAIL}/example.org/none?width=10&height=10`))).toEqual([
    404,
    'M_NOT_FOUND',
  ])
  expect(refused(await ada.get(`${THUMBNAIL}/bad!/x?width=10&height=10`))).toEqual([400, 'M_INVALID_PARAM'])
})

describe('the thumbnail of an attachment', () => {
  test('is for the readers of its message alone', async () => {
    const upload = await person.fetch<{ id: string }>('/v1/attachments', {
      method: 'POST',
      body: new Blob([new Uint8Array(pngOf(640, 480))]),
      headers: { 'content-type': 'image/png', 'content-disposition': 'attachment; filename="a.png"' },
    })
    expect(upload.status, upload.text).toBe(201)
    await person.posts('family', 'look', { attachments: [upload.body.id] })
    const path = `/example.org/${upload.body.id.replaceAll('-', '')}`
    expect((await thumbnail(path, 'width=96&height=96&method=crop')).size).toEqual([96, 96])
    const eve = await signIn(w, await w.human('eve'))
    expect(refused(await eve.get(`${THUMBNAIL}${path}?width=96&height=96`))).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await w.guest.get(`${LEGACY}${path}?width=96&height=96`))).toEqual([404, 'M_NOT_FOUND'])
  })
})

test('without a token, only avatars of public rooms have thumbnails', async () => {
  const path = await uploaded(noise(200, 200))
  const legacy = `${LEGACY}${path}?width=32&height=32&method=crop`
  expect(refused(await w.guest.get(legacy))).toEqual([404, 'M_NOT_FOUND'])
  const { body } = await ada.post<{ room_id: string }>(`${V3}/createRoom`, {
    visibility: 'public',
    initial_state: [{ type: 'm.room.avatar', state_key: '', content: { url: `mxc:/${path}` } }],
  })
  expect(body.room_id).toBeString()
  expect((await w.guest.open(legacy)).status).toBe(200)
})
