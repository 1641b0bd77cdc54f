/**
 * The docs surface: `/docs` is the API reference, one self-contained page made from the declarations that also serve
 * and validate.
 * Imports the core's lists of events and errors, and the shared files of http/.
 * page.ts assembles the page; endpoint-section.ts shows one endpoint; guide.ts and the tables contain what a schema
 * cannot express; client.css and client.js are embedded as text.
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

/** `/docs`: the API reference as one page that loads nothing else. */
export const docs: Surface = {
  name: 'docs',
  endpoints: (app) => {
    let text: string | undefined
    return [
      endpoint({
        method: 'GET',
        path: '/docs',
        who: 'anyone',
        tag: 'Server',
        summary: 'This page',
        documentation: 'page',
        answers: { 200: { description: 'HTML' } },
        handle: () => {
          // Rendered once, because the endpoints do not change while the server runs.
          text ??= renderPage(
            app.endpoints().filter(({ documentation }) => documentation !== 'none'),
            app.core.catalogue,
            { style, script },
          )
          return { status: 200, text, headers }
        },
      }),
    ]
  },
}
