import { type Failure, HttpError, type RenderedError } from '../errors'
import { Type } from '../schema'
import type { UnknownRoute } from '../unknown-route'
import type { Issue } from '../validation'

export const CONTENT_TYPE = 'application/a2a+json'

/** The reasons that the protocol names, by code (A2A 1.0, 5.4 and 11.6). */
const protocolReasons: Readonly<Record<string, string>> = {
  task_not_found: 'TASK_NOT_FOUND',
  unsupported_operation: 'UNSUPPORTED_OPERATION',
  content_type_not_supported: 'CONTENT_TYPE_NOT_SUPPORTED',
  version_not_supported: 'VERSION_NOT_SUPPORTED',
}
/** These say what the server is not able to do, not what is wrong with the request. */
const UNABLE: ReadonlySet<string> = new Set(['unsupported_operation', 'version_not_supported'])

/** google.rpc.Code by HTTP status (https://google.aip.dev/193). */
const statusNames: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  409: 'ABORTED',
  410: 'OUT_OF_RANGE',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  507: 'RESOURCE_EXHAUSTED',
}

export const errorSchema = Type.Object({
  error: Type.Object({
    code: Type.Integer({ description: 'The HTTP status' }),
    status: Type.String({ description: 'A google.rpc.Code, such as NOT_FOUND' }),
    message: Type.String({ description: 'For people' }),
    details: Type.Array(Type.Object({ '@type': Type.String() }, { additionalProperties: true }), {
      description: 'google.rpc.ErrorInfo, whose `reason` is for programs; BadRequest, RetryInfo, RequestInfo',
    }),
  }),
})

/** Renders an error as google.rpc.Status (docs/contract/a2a.md#errors). */
export function renderA2aError(failure: Failure, requestId: string): RenderedError {
  const { code, detail, extra } = failure
  const status = failure.status === 422 ? 400 : failure.status
  const name = UNABLE.has(code) ? 'FAILED_PRECONDITION' : (statusNames[status] ?? 'INVALID_ARGUMENT')
  const issues = typeof detail === 'string' ? [] : detail
  const message = typeof detail === 'string' ? detail : summary(detail)
  const details = [
    errorInfo(code, extra),
    ...(issues.length > 0 ? [badRequest(issues)] : []),
    ...(typeof extra.retry_after === 'number'
      ? [{ '@type': type('RetryInfo'), retryDelay: `${extra.retry_after}s` }]
      : []),
    { '@type': type('RequestInfo'), requestId },
  ]
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="synapse"' } : {}
  return {
    status,
    body: JSON.stringify({ error: { code: status, status: name, message, details } }),
    headers: { ...failure.headers, ...challenge, 'content-type': CONTENT_TYPE },
  }
}

function type(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`
}

function errorInfo(code: string, extra: Failure['extra']): object {
  // Its values are texts.
  const facts = Object.entries(extra).flatMap(([key, value]) =>
    typeof value === 'object' || value === undefined ? [] : [[key, String(value)] as const],
  )
  const reason = protocolReasons[code]
  return {
    '@type': type('ErrorInfo'),
    reason: reason ?? (code === 'validation_error' ? 'INVALID_PARAMS' : code.toUpperCase()),
    domain: reason === undefined ? 'synapse' : 'a2a-protocol.org',
    ...(facts.length > 0 ? { metadata: Object.fromEntries(facts) } : {}),
  }
}

function badRequest(issues: readonly Issue[]): object {
  const fieldViolations = issues.map((issue) => ({ field: fieldOf(issue), description: textOf(issue) }))
  return { '@type': type('BadRequest'), fieldViolations }
}

function summary([first]: readonly Issue[]): string {
  if (first === undefined) return 'The request has the wrong shape'
  const field = fieldOf(first)
  return field === '' ? textOf(first) : `${field}: ${textOf(first)}`
}

/** Where the issue is. Fields of the body and the query have their own names. */
function fieldOf({ type, loc }: Issue): string {
  if (type === 'json_invalid') return ''
  return (loc[0] === 'header' ? loc : loc.slice(1)).join('.')
}

function textOf({ msg }: Issue): string {
  return msg.replace(/^Value error, /, '').replace(' after validation', '')
}

/** The refusal of an operation that the protocol has and this server has not. */
export function unsupported(message = 'This server does not have this operation'): HttpError {
  return new HttpError(400, 'unsupported_operation', message)
}

/** Answers unknown paths outside of the protocol's own. */
export function renderA2aUnknown({ methods }: UnknownRoute): never {
  if (methods.length > 0)
    throw new HttpError(405, 'method_not_allowed', 'Method Not Allowed', {}, { allow: methods.join(', ') })
  throw new HttpError(404, 'not_found', 'Not Found')
}
