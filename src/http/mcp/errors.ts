import { type Failure, HttpError, type RenderedError, renderError } from '../errors'
import type { UnknownRoute } from '../unknown-route'

/** The codes of JSON-RPC 2.0 for what is wrong with a request as a whole. */
const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const INTERNAL_ERROR = -32603
/** The first of those that JSON-RPC leaves to servers. */
const REFUSED = -32000

/**
 * Renders what is refused before a message is read, or for all messages of a request. `data` is the error body of v1.
 * Errors of tools are results instead.
 */
export function renderMcpError(failure: Failure, requestId: string): RenderedError {
  const { status, detail, headers } = failure
  const data: unknown = JSON.parse(renderError(failure, requestId).body)
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="synapse"' } : {}
  const isMalformed = typeof detail !== 'string'
  const message = isMalformed ? (detail[0]?.msg ?? 'The request has the wrong shape') : detail
  const error = { code: codeOf(failure), message, data }
  return {
    status: isMalformed ? 400 : status,
    body: JSON.stringify({ jsonrpc: '2.0', id: null, error }),
    headers: { ...headers, ...challenge },
  }
}

function codeOf({ status, detail, isFault }: Failure): number {
  if (isFault) return INTERNAL_ERROR
  if (typeof detail !== 'string') return detail[0]?.type === 'json_invalid' ? PARSE_ERROR : INVALID_REQUEST
  return status === 400 ? INVALID_REQUEST : REFUSED
}

/** Answers other methods and paths. There are no sessions and no stream of the server, which GET and DELETE are for. */
export function renderMcpUnknown({ methods }: UnknownRoute): never {
  if (methods.length === 0) throw new HttpError(404, 'not_found', 'Not Found')
  throw new HttpError(405, 'method_not_allowed', 'Method Not Allowed', {}, { allow: methods.join(', ') })
}
