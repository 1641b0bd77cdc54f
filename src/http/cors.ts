import type { Settings } from '../core/governance/settings'
import { originClass } from './client'

const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, last-event-id, idempotency-key, x-synapse-actor'
const EXPOSED = 'retry-after, x-request-id, idempotent-replayed, synapse-next-cursor'
const MAX_AGE_SECONDS = '600'

/** How a surface answers pages of other origins (fetch.spec.whatwg.org, "CORS protocol"). */
export interface Cors {
  /** Whether a browser asks beforehand what it may send; it is answered with 204, whatever the path. */
  isPreflight(request: Request): boolean
  /** Adds what pages of other origins need; every answer comes through here, errors and preflights too. */
  allow(request: Request, response: Response, settings: Settings): void
}

function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/**
 * Lets pages of listed origins read an answer, and no others. Credentials are never allowed: pages elsewhere use bearer
 * tokens. What is for pages of every origin says so itself.
 */
export const listedOrigins: Cors = { isPreflight, allow: allowListed }

function allowListed(request: Request, response: Response, settings: Settings): void {
  const origin = request.headers.get('origin')
  // Most callers are no pages: their answers' headers are not looked at, which would cost each of them.
  if (origin === null) return
  const { headers } = response
  if (headers.has('access-control-allow-origin') || originClass(request, origin, settings) !== 'listed')
    return
  headers.set('access-control-allow-origin', origin)
  headers.append('vary', 'Origin')
  headers.set('access-control-expose-headers', EXPOSED)
  if (!isPreflight(request)) return
  headers.set('access-control-allow-methods', METHODS)
  headers.set('access-control-allow-headers', REQUEST_HEADERS)
  headers.set('access-control-max-age', MAX_AGE_SECONDS)
  if (request.headers.get('access-control-request-private-network') === 'true')
    headers.set('access-control-allow-private-network', 'true')
}
