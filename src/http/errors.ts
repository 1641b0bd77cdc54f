import { AppError, type ErrorKind } from '../core/kernel/errors'
import type { Issue } from './validation'

/** An answer that only HTTP knows: 405, 415, 421, 422, 426 and the like. */
export class HttpError extends Error {
  override readonly name = 'HttpError'

  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/** A request whose shape is wrong; answered with all issues together. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError'

  constructor(readonly issues: readonly Issue[]) {
    super('the request has the wrong shape')
  }
}

const statuses: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  storage_full: 507,
}

/** Seconds after which a client should try again when nothing better is known. */
const RETRY_AFTER = 5

/** What went wrong, as HTTP knows it, before a surface writes it down. */
export interface Failure {
  readonly status: number
  /** The word that programs look at, of a closed list. */
  readonly code: string
  /** For people; a list of fields where the request has the wrong shape. */
  readonly detail: string | readonly Issue[]
  readonly extra: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** Whether this is a fault of ours, to be logged with its cause. */
  readonly isFault: boolean
}

/** The one mapping from what was thrown to what went wrong. Anything we do not know tells the caller nothing. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ValidationError) return failure(422, 'validation_error', error.issues)
  if (error instanceof HttpError)
    return failure(error.status, error.reason, error.message, error.extra, error.headers)
  if (error instanceof AppError && error.kind !== 'internal') {
    const longPolls = error.kind === 'unavailable' || error.kind === 'rate_limited'
    const retryAfter = error.extra.retry_after ?? (error.kind === 'unavailable' ? RETRY_AFTER : undefined)
    const extra = retryAfter === undefined ? error.extra : { ...error.extra, retry_after: retryAfter }
    const headers = longPolls && retryAfter !== undefined ? { 'retry-after': String(retryAfter) } : {}
    return failure(statuses[error.kind], error.reason, error.message, extra, headers)
  }
  return { ...failure(500, 'internal', 'Internal Server Error'), isFault: true }
}

function failure(
  status: number,
  code: string,
  detail: Failure['detail'],
  extra: Failure['extra'] = {},
  headers: Failure['headers'] = {},
): Failure {
  return { status, code, detail, extra, headers, isFault: false }
}

/** What is answered to a request that failed. The server adds the headers that every answer has. */
export interface RenderedError {
  readonly status: number
  readonly body: string
  /** `content-type` is `application/json` unless it stands here. */
  readonly headers: Readonly<Record<string, string>>
}

/** How v1 writes an error down. */
export function renderError(failure: Failure, requestId: string): RenderedError {
  const { status, code, detail, extra, headers } = failure
  return { status, body: JSON.stringify({ detail, code, request_id: requestId, ...extra }), headers }
}
