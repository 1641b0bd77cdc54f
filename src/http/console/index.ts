/**
 * The console surface: the web interface for people. It only serves: the code is packages/console, compiled into this
 * program by assets.ts.
 * Imports the shared files of http/. worker.js is embedded as text.
 * Start reading at page.ts.
 */
import { endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { isKnown } from '../file-headers'
import { icon } from '../mark'
import type { Surface } from '../surface'
import { BEST } from './assets'
import { files, manifest, page, pageHeaders } from './page'
import { setupEndpoint } from './setup'
import worker from './worker.js' with { type: 'text' }

/** The addresses that the console knows; packages/console/src/app/routes.ts says what each shows. */
const PAGES = [
  '/',
  '/login',
  '/channels/:slug',
  '/threads/:id',
  '/m/:id',
  '/inbox',
  '/approvals',
  '/activity',
  '/search',
  '/me',
  '/me/:section',
  '/admin',
  '/admin/:section',
  '/admin/:section/:item',
]

const unchanged = { description: 'The browser has it' }
const FILE_AGE = 'public, max-age=31536000, immutable'

/** A text with its headers, plain or as gzip, and the tag that a browser sends to ask for news. */
class Text {
  private readonly plain: Blob
  private readonly gzip: Blob
  private readonly headers: Record<string, string>

  constructor(text: string, headers: Readonly<Record<string, string>>) {
    this.plain = new Blob([text])
    this.gzip = new Blob([Bun.gzipSync(text, BEST)])
    this.headers = { 'cache-control': 'no-cache', ...headers, etag: `"${Bun.SHA256.hash(text, 'hex')}"` }
  }

  answer(request: Request) {
    const { headers } = this
    if (isKnown(request, headers.etag ?? ''))
      return { response: new Response(null, { status: 304, headers }) }
    return encoded(request, this.gzip, () => this.plain, headers)
  }
}

const html = new Text(page, pageHeaders)
const extras = new Map([
  ['manifest.webmanifest', new Text(manifest, { 'content-type': 'application/manifest+json' })],
  ['worker.js', new Text(worker, { 'content-type': 'text/javascript; charset=utf-8' })],
  [
    'icon.svg',
    new Text(decodeURIComponent(icon.slice(icon.indexOf(',') + 1)), { 'content-type': 'image/svg+xml' }),
  ],
])

export const webConsole: Surface = {
  name: 'console',
  endpoints: ({ core }) => [
    setupEndpoint(core),
    ...PAGES.map((path) =>
      endpoint({
        method: 'GET',
        path,
        who: 'anyone',
        documentation: 'none',
        tag: 'Console',
        summary: 'A page of the console',
        answers: { 200: { description: 'HTML' }, 304: unchanged },
        handle: ({ request }) => html.answer(request),
      }),
    ),
    endpoint({
      method: 'GET',
      path: '/console/:name',
      who: 'anyone',
      documentation: 'none',
      tag: 'Console',
      summary: 'A file of the console',
      answers: { 200: { description: 'The file' }, 304: unchanged },
      refusals: ['not_found'],
      handle: ({ request, params: { name = '' } }) => {
        const extra = extras.get(name)
        if (extra !== undefined) return extra.answer(request)
        const gzip = files.get(name)
        // A page of an earlier build asks for the files of that build.
        if (gzip === undefined) throw new HttpError(404, 'not_found', 'Not Found')
        const headers = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': FILE_AGE }
        return encoded(request, new Blob([gzip]), () => new Blob([Bun.gunzipSync(gzip)]), headers)
      },
    }),
  ],
}

/** Answers with gzip where the client takes it. */
function encoded(request: Request, gzip: Blob, plain: () => Blob, headers: Readonly<Record<string, string>>) {
  const isZipped = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  const bytes = isZipped ? gzip : plain()
  const coding: Record<string, string> = isZipped ? { 'content-encoding': 'gzip' } : {}
  const length = String(bytes.size)
  return {
    status: 200,
    bytes,
    headers: { ...headers, ...coding, 'content-length': length, vary: 'Accept-Encoding' },
  }
}
