// What pages of the web say of themselves.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { matrixPages } from '../../src/platform/matrix-pages'
import { pngOf } from '../support/png'
import { HOUR, type World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn } from './homeserver'

const PREVIEW = '/_matrix/client/v1/media/preview_url'

/** A site, and how often each of its pages was read. */
const asked = new Map<string, number>()
const pages: Record<string, () => Response> = {
  '/whole': () =>
    html(`<title>Not this &amp; that</title>
      <meta property="og:title" content="A &quot;page&quot; &hellip;"><meta property="og:title" content="another">
      <meta property="og:description" content=" two
      lines "><meta name="og:site_name" content="Site"><meta property="og:image" content="/image.png?a=1&amp;b=2">
      <meta property="og:image:width" content="9999"><meta property="og:empty" content="">`),
  '/plain': () =>
    html(
      '<head><title>Caf&eacute;</title><meta name="description" content="Words"></head><svg><title>no</title></svg>',
    ),
  '/latin': () =>
    new Response(Buffer.from('<title>caf\xe9</title>', 'latin1'), {
      headers: { 'content-type': 'text/html; charset=iso-8859-1' },
    }),
  '/long': () =>
    html(`<title>Long</title>${'<p>x</p>'.repeat(300_000)}<meta property="og:title" content="late">`),
  '/image.png': () =>
    new Response(new Uint8Array(pngOf(40, 30)), { headers: { 'content-type': 'image/png' } }),
  '/no-image': () => html('<title>T</title><meta property="og:image" content="/plain">'),
  '/foreign-image': () => html('<title>T</title><meta property="og:image" content="http://10.0.0.1/x.png">'),
  '/script-image': () => html('<title>T</title><meta property="og:image" content="file:///etc/passwd">'),
  '/once': () => redirect('/plain'),
  '/twice': () => redirect('/once'),
  '/thrice': () => redirect('/twice'),
  '/too-often': () => redirect('/thrice'),
  '/inside': () => redirect('http://10.0.0.1/secret'),
  '/nowhere': () => redirect('javascript:alert(1)'),
  '/bytes': () => new Response(new Uint8Array(100), { headers: { 'content-type': 'application/zip' } }),
  '/gone': () => new Response('no', { status: 404, headers: { 'content-type': 'text/html' } }),
}
const html = (text: string) => new Response(text, { headers: { 'content-type': 'text/html' } })
const redirect = (location: string) => new Response(null, { status: 302, headers: { location } })
const site = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) => {
    const { pathname } = new URL(request.url)
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    expect(request.headers.get('cookie')).toBeNull()
    return pages[pathname]?.() ?? new Response(null, { status: 404 })
  },
})
const at = (path: string) => `http://127.0.0.1:${site.port}${path}`

let w: World
let ada: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  ada = await signIn(w, await w.human('ada'))
  await w.operator.put('/v1/config/matrix.media.previews', { value: true })
  await w.operator.put('/v1/config/webhooks.allow_targets', { value: ['127.0.0.0/8'] })
})
afterAll(async () => {
  await site.stop(true)
  await w[Symbol.asyncDispose]()
})

const ask = (url: string, path = PREVIEW) => ada.get(`${path}?url=${encodeURIComponent(url)}`)
const preview = async (path: string) => {
  const { status, body, text } = await ask(at(path))
  expect(status, text).toBe(200)
  return body
}

test('a page shows its Open Graph properties, and its image is copied to here', async () => {
  const { 'og:image': image, ...texts } = await preview('/whole')
  expect(texts).toEqual({
    'og:title': 'A "page" …',
    'og:description': 'two lines',
    'og:site_name': 'Site',
    'og:image:type': 'image/png',
    'og:image:width': 40,
    'og:image:height': 30,
    'matrix:image:size': pngOf(40, 30).length,
  })
  expect(image).toMatch(/^mxc:\/\/example\.org\/[A-Za-z0-9_-]{24}$/)
  const path = String(image).slice('mxc:/'.length)
  const copy = await ada.open(`/_matrix/client/v1/media/download${path}`)
  expect([copy.status, copy.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(await copy.bytes()).toEqual(new Uint8Array(pngOf(40, 30)))
})

test('a page without properties shows its title and description', async () => {
  expect(await preview('/plain')).toEqual({ 'og:title': 'Café', 'og:description': 'Words' })
  expect(await preview('/latin')).toEqual({ 'og:title': 'café' })
})

test('an image shows itself, any other file nothing, and of a long page only the beginning is read', async () => {
  expect(await preview('/image.png')).toMatchObject({ 'og:image:width': 40, 'og:image:height': 30 })
  expect(await preview('/bytes')).toEqual({})
  expect(await preview('/long')).toEqual({ 'og:title': 'Long' })
})

test('an image that is none, or may not be read, is left out', async () => {
  for (const path of ['/no-image', '/foreign-image', '/script-image'])
    expect(await preview(path)).toEqual({ 'og:title': 'T' })
})

test('three redirects are followed, each to an address that may be called', async () => {
  expect(await preview('/thrice')).toMatchObject({ 'og:title': 'Café' })
  for (const path of ['/too-often', '/inside', '/nowhere', '/gone'])
    expect(refused(await ask(at(path)))).toEqual([404, 'M_NOT_FOUND'])
})

test('a preview is kept for an hour, and made once for all who ask', async () => {
  w.clock.advance(HOUR)
  asked.clear()
  await Promise.all(Array.from({ length: 5 }, () => preview('/plain')))
  await preview('/plain#part')
  expect(asked.get('/plain')).toBe(1)
  w.clock.advance(HOUR)
  await preview('/plain')
  expect(asked.get('/plain')).toBe(2)
})

describe('what may not be read', () => {
  test('is refused alike, whether it is private or does not answer', async () => {
    await w.operator.delete('/v1/config/webhooks.allow_targets')
    w.clock.advance(HOUR)
    for (const url of [
      ...[at('/plain'), 'http://localhost/', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data'],
      ...['http://0x7f000001/', 'http://[::ffff:127.0.0.1]/', 'http://nothing.invalid/'],
    ])
      expect([url, ...refused(await ask(url))]).toEqual([url, 404, 'M_NOT_FOUND'])
  })

  test('is refused as malformed if it is no address of a page', async () => {
    for (const url of ['', 'x', 'file:///etc/passwd', 'ftp://example.org/', 'http://ada:secret@example.org/'])
      expect(refused(await ask(url))).toEqual([400, 'M_INVALID_PARAM'])
    expect(refused(await ada.get(PREVIEW))).toEqual([400, 'M_MISSING_PARAM'])
    expect(refused(await w.guest.get(`${PREVIEW}?url=http://example.org/`))).toEqual([401, 'M_MISSING_TOKEN'])
  })

  test('is everything while previews are off', async () => {
    await w.operator.delete('/v1/config/matrix.media.previews')
    for (const path of [PREVIEW, '/_matrix/media/v3/preview_url'])
      expect(refused(await ask(at('/plain'), path))).toEqual([404, 'M_UNRECOGNIZED'])
  })
})

test('pages of any form are read without a fault', () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['<title>a<meta property="og:title" content="x">', undefined],
    ['<meta property="og:title" content="a', undefined],
    ['\0\0<title>\0</title>', undefined],
    [`<meta property="og:title" content="${'x'.repeat(500_000)}">`, 'x'.repeat(500_000)],
    ['<meta charset="no-such-set"><meta property=og:title content=é>', 'é'],
    ['<META PROPERTY="OG:TITLE" CONTENT="&#x41;&amp;amp;">', 'A&amp;'],
  ]
  for (const [text, title] of table) {
    const { properties } = matrixPages.read(new TextEncoder().encode(text), 'text/html')
    expect(Object.fromEntries(properties)['og:title']).toBe(title)
  }
})
