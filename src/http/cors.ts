import type { Settings } from '../core/governance/settings'
import { originClass } from './client'

const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, last-event-id, idempotency-key, x-synapse-actor'
const EXPOSED = 'retry-after, x-request-id, idempotent-replayed, synapse-next-cursor'
const MAX_AGE_SECONDS = '600'

/** How a surface answers pages of other origins (fetch.spec.whatwg.org, "CORS protocol"). */
export interface Cors {
  /** Reports whether the request is a preflight. It is answered with 204 on any path. */
  isPreflight(request: Request): boolean
  /** Adds the CORS headers to an answer. Called for every answer, including errors and preflights. */
  allow(request: Request, response: Response, settings: Settings): void
}

function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/**
 * Lets only pages of listed origins read an answer. Credentials are never allowed: pages of other origins use bearer
 * tokens. Answers for pages of every origin set their own header.
 */
export const listedOrigins: Cors = corsFor([])

/** As `listedOrigins`, with further headers that pages may send. */
export function corsFor(headers: readonly string[]): Cors {
  const names = [REQUEST_HEADERS, ...headers].join(', ')
  return {
    isPreflight,
    allow: (request, response, settings) => allowListed(request, response, settings, names),
  }
}

function allowListed(request: Request, response: Response, settings: Settings, allowed: string): void {
  const origin = request.headers.get('origin')
  // Most callers are not pages. Skipping them avoids the cost of touching their headers.
  if (origin === null) return
  const { headers } = response
  if (headers.has('access-control-allow-origin') || originClass(request, origin, settings) !== 'listed')
    return
  headers.set('access-control-allow-origin', origin)
  headers.append('vary', 'Origin')
  headers.set('access-control-expose-headers', EXPOSED)
  if (!isPreflight(request)) return
  headers.set('access-control-allow-methods', METHODS)
  headers.set('access-control-allow-headers', allowed)
  headers.set('access-control-max-age', MAX_AGE_SECONDS)
  if (request.headers.get('access-control-request-private-network') === 'true')
    headers.set('access-control-allow-private-network', 'true')
}
