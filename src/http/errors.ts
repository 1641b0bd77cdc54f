import { AppError, type ErrorKind } from '../core/kernel/errors'
import type { Issue } from './validation'

/** An error that exists only in HTTP, such as 405, 415, 421, 422 or 426. */
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

/** A malformed request. The answer lists all issues. */
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

/** Default of `retry-after`, in seconds. */
const RETRY_AFTER = 5

/** An error in terms of HTTP, before a surface renders it. */
export interface Failure {
  readonly status: number
  /** The error code for programs, from a closed list. */
  readonly code: string
  /** Text for people, or a list of fields if the request is malformed. */
  readonly detail: string | readonly Issue[]
  readonly extra: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** Whether it is an internal fault, to be logged with its cause. */
  readonly isFault: boolean
}

/** Maps a thrown value to a failure. Unknown values are reported to the caller without details. */
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

/** The rendered answer to a failed request. The server adds the common headers. */
export interface RenderedError {
  readonly status: number
  readonly body: string
  /** `content-type` defaults to `application/json`. */
  readonly headers: Readonly<Record<string, string>>
}

/** Renders an error as v1 does. */
export function renderError(failure: Failure, requestId: string): RenderedError {
  const { status, code, detail, extra, headers } = failure
  return { status, body: JSON.stringify({ detail, code, request_id: requestId, ...extra }), headers }
}
