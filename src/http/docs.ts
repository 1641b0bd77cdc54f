import { type Endpoint, endpoint } from './endpoint'

/** `/docs`: the API for reading, in one page without a request to anywhere else. `/` leads there. */
export function docsEndpoints(_endpoints: readonly Endpoint[]): Endpoint[] {
  return [
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
}
