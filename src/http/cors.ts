import type { Settings } from '../core/settings'
import { originClass } from './client'

const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, last-event-id, idempotency-key, x-synapse-actor'
const EXPOSED = 'retry-after, x-request-id, idempotent-replayed, synapse-next-cursor'
const MAX_AGE_SECONDS = '600'

/** Whether a browser asks beforehand what it may send (fetch.spec.whatwg.org, "CORS-preflight request"). */
export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/**
 * Lets pages of listed origins read an answer, and none else; every answer comes through here, errors too. Credentials
 * are never allowed: pages elsewhere use bearer tokens. What is for pages of every origin says so itself.
 */
export function allowOrigin(request: Request, response: Response, settings: Settings): void {
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
