/**
 * The docs surface: `/docs` is the API for reading, one page made of the declarations that also serve and validate.
 * Imports the core's words (events, refusals) and the shared files of http/; the page needs nothing but itself.
 * page.ts puts it together; endpoint-section.ts shows one endpoint; guide.ts and the tables are what a schema cannot
 * say; client.css and client.js are embedded as text.
 * Start reading at page.ts.
 */
import { type Endpoint, endpoint } from '../endpoint'
import style from './client.css' with { type: 'text' }
import script from './client.js' with { type: 'text' }
import { renderPage } from './page'

/** Nothing is loaded from anywhere: style and script are in the page, allowed by what they are, not by where. */
const policy = [
  "default-src 'none'",
  `style-src '${sha256(style)}'`,
  `script-src '${sha256(script)}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** `/docs`: the API for reading, in one page without a request to anywhere else. `/` leads there. */
export function docsEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  let text: string | undefined
  const own = [
    endpoint({
      method: 'GET',
      path: '/docs',
      who: 'nobody',
      tag: 'Server',
      summary: 'This page',
      answers: { 200: { description: 'HTML' } },
      handle: () => {
        // Rendered once: the endpoints do not change while the server runs.
        text ??= renderPage([...endpoints, ...own], { style, script })
        return { response: new Response(text, { headers }) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/',
      who: 'nobody',
      tag: 'Server',
      summary: 'Leads to the documentation',
      answers: { 302: { description: 'To /docs' } },
      handle: () => ({ response: new Response(null, { status: 302, headers: { location: '/docs' } }) }),
    }),
  ]
  return own
}

function sha256(text: string): string {
  return `sha256-${Bun.SHA256.hash(text, 'base64')}`
}
