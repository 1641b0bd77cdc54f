import { type Failure, HttpError, type RenderedError } from '../errors'
import type { UnknownRoute } from '../unknown-route'
import type { Issue } from '../validation'

/** The same for every invalid credential. */
const INVALID_TOKEN = 'invalid, expired or revoked token'

/** Issues of a value that is not what its field holds. Others are of a value that is refused, which is 422. */
const MALFORMED = /^(?:missing|json_invalid|value_error|string_unicode|\w+_type|\w+_parsing|extra_forbidden)$/

/** Renders an error as `{"error": <sentence>}` (docs/contract/configsync.md#errors). */
export function renderSyncError({ status, code, detail, headers }: Failure): RenderedError {
  if (typeof detail !== 'string') return renderIssues(detail, headers)
  if (status === 401)
    return rendered(401, code === 'invalid_credentials' ? 'invalid credentials' : INVALID_TOKEN, headers)
  return rendered(code === 'unprocessable' ? 422 : status, detail, headers)
}

function renderIssues([issue]: readonly Issue[], headers: Failure['headers']): RenderedError {
  if (issue === undefined) return rendered(400, 'the request has the wrong shape', headers)
  const { type, loc, msg } = issue
  const [place, ...path] = loc
  const field = type === 'json_invalid' ? 'body' : path.join('.')
  const text = msg.replace(' after validation', '')
  const status = place !== 'body' || MALFORMED.test(type) ? 400 : 422
  return rendered(status, field === '' ? `${place}: ${text}` : `${field}: ${text}`, headers)
}

function rendered(status: number, error: string, headers: Failure['headers']): RenderedError {
  return { status, body: JSON.stringify({ error }), headers }
}

/** Answers unknown paths. They never redirect: clients would repeat a POST as a GET. */
export function renderSyncUnknown({ methods }: UnknownRoute): never {
  if (methods.length > 0)
    throw new HttpError(405, 'method_not_allowed', 'Method Not Allowed', {}, { allow: methods.join(', ') })
  throw notFound()
}

export function notFound(): HttpError {
  return new HttpError(404, 'not_found', 'Not Found')
}
