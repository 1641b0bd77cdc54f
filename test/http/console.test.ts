// The pages and files of the console are public and the same for everybody: what they show comes from the API.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'

let w: World
beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_INSTANCE_NAME: 'Kestrel lab' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${w.url}${path}`, { headers, redirect: 'manual' })
/** The address of the script in the document. */
const script = async () => /src="([^"]+\.js)"/.exec(await (await get('/')).text())?.[1] ?? ''

const pages = [
  ...['/', '/login', '/channels/general', '/threads/one', '/m/one', '/inbox', '/approvals', '/activity'],
  ...['/search', '/me', '/me/profile', '/admin', '/admin/accounts', '/admin/accounts/ada'],
]

describe('pages of the console', () => {
  test.each(pages)('%s answers the one document', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toBe(await (await get('/')).text())
  })

  test('the document allows scripts of this server, its own style, and no markup made of text', async () => {
    const { headers } = await get('/')
    expect(headers.get('content-security-policy')?.replace(/sha256-[\w+/=]+/, 'sha256-…')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'sha256-…'; img-src 'self' blob: data:; connect-src 'self'; " +
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types worker",
    )
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-cache')
  })

  test('a document that the browser has is not sent again', async () => {
    const etag = (await get('/')).headers.get('etag') ?? ''
    const again = await get('/inbox', { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await get('/', { 'if-none-match': '"another"' })).status).toBe(200)
  })
})

describe('files of the console', () => {
  test('a script has the hash of its content in its name, and is kept for a year', async () => {
    const response = await get(await script(), { 'accept-encoding': 'gzip' })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('content-encoding')).toBe('gzip')
  })

  test('a client without gzip gets the same script as it is', async () => {
    const path = await script()
    const [zipped, plain] = await Promise.all([get(path), get(path, { 'accept-encoding': 'identity' })])
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await plain.text()).toBe(await zipped.text())
  })

  test('a file of another build does not exist', async () => {
    const response = await get('/console/main-00000000.js')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not_found' })
  })

  test('the manifest, the icon and the worker have their types', async () => {
    const types = ['manifest.webmanifest', 'icon.svg', 'worker.js'].map(async (name) => {
      const response = await get(`/console/${name}`)
      return [response.status, response.headers.get('content-type')]
    })
    expect(await Promise.all(types)).toEqual([
      [200, 'application/manifest+json'],
      [200, 'image/svg+xml'],
      [200, 'text/javascript; charset=utf-8'],
    ])
  })
})

describe('the state of the set-up', () => {
  test('a server is ready when a person can sign in, and not before', async () => {
    const setup = () => w.guest.get('/v1/setup')
    expect((await setup()).body).toEqual({ ready: false, name: 'Kestrel lab' })
    await w.agent('scout')
    expect((await setup()).body).toMatchObject({ ready: false })
    const ada = await w.human('ada')
    expect((await setup()).body).toMatchObject({ ready: true })
    await w.archives(ada)
    expect((await setup()).body).toMatchObject({ ready: false })
  })
})
