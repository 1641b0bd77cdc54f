import type { Cors } from '../../../src/http/cors'

/** Pages of every origin may use it. */
export const toyCors: Cors = {
  isPreflight: ({ method }) => method === 'OPTIONS',
  allow: (_, { headers }) => {
    headers.set('access-control-allow-origin', '*')
    headers.set('access-control-allow-headers', 'x-toy')
  },
}
