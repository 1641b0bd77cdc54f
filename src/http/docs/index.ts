/**
 * The docs surface: `/docs` is the API for reading, one page made of the declarations that also serve and validate.
 * Imports the core's words (events, refusals) and the shared files of http/; the page needs nothing but itself.
 * page.ts puts it together; endpoint-section.ts shows one endpoint; guide.ts and the tables are what a schema cannot
 * say; client.css and client.js are embedded as text.
 * Start reading at page.ts.
 */
import { endpoint } from '../endpoint'
import { pageHeaders, styleOfPage } from '../page'
import type { Surface } from '../surface'
import ownStyle from './client.css' with { type: 'text' }
import script from './client.js' with { type: 'text' }
import { renderPage } from './page'

const style = styleOfPage(ownStyle)
const headers = pageHeaders({ style, script }, { cacheControl: 'no-cache' })

/** `/docs`: the API for reading, in one page without a request to anywhere else. `/` leads there. */
export const docs: Surface = {
  name: 'docs',
  endpoints: (app) => {
    let text: string | undefined
    return [
      endpoint({
        method: 'GET',
        path: '/docs',
        who: 'nobody',
        tag: 'Server',
        summary: 'This page',
        documentation: 'page',
        answers: { 200: { description: 'HTML' } },
        handle: () => {
          // Rendered once: the endpoints do not change while the server runs.
          text ??= renderPage(
            app.endpoints().filter(({ documentation }) => documentation !== 'none'),
            app.core.catalogue,
            { style, script },
          )
          return { response: new Response(text, { headers }) }
        },
      }),
      endpoint({
        method: 'GET',
        path: '/',
        who: 'nobody',
        tag: 'Server',
        summary: 'Leads to the documentation',
        documentation: 'page',
        answers: { 302: { description: 'To /docs' } },
        handle: () => ({ response: new Response(null, { status: 302, headers: { location: '/docs' } }) }),
      }),
    ]
  },
}
