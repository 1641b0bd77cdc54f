import type { Cors } from '../cors'

const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers': 'X-Requested-With, Content-Type, Authorization',
  'access-control-expose-headers': 'Retry-After',
}

/**
 * Pages of every origin may use the homeserver: they present access tokens, never cookies. Every OPTIONS is answered
 * without running anything (spec.matrix.org, client-server API, "Web Browser Clients").
 */
export const everyOrigin: Cors = {
  isPreflight: ({ method }) => method === 'OPTIONS',
  allow: (_, { headers }) => {
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value)
  },
}
