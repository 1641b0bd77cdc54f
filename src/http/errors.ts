import { AppError, type ErrorKind } from '../core/errors'
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

export interface ErrorAnswer {
  readonly status: number
  /** The word in the body that programs look at. */
  readonly code: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether this is a fault of ours, to be logged with its cause. */
  readonly isFault: boolean
}

/** The one mapping from what was thrown to what is answered. Anything we do not know tells the caller nothing. */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof ValidationError) {
    const body = { detail: error.issues, code: 'validation_error', request_id: requestId }
    return { status: 422, code: body.code, body: JSON.stringify(body), headers: {}, isFault: false }
  }
  if (error instanceof HttpError) {
    const body = { detail: error.message, code: error.reason, request_id: requestId, ...error.extra }
    return {
      status: error.status,
      code: error.reason,
      body: JSON.stringify(body),
      headers: error.headers,
      isFault: false,
    }
  }
  if (error instanceof AppError && error.kind !== 'internal') {
    const waits = error.kind === 'unavailable' || error.kind === 'rate_limited'
    const retryAfter = error.extra.retry_after ?? (error.kind === 'unavailable' ? RETRY_AFTER : undefined)
    const extra = retryAfter === undefined ? error.extra : { ...error.extra, retry_after: retryAfter }
    const body = { detail: error.message, code: error.reason, request_id: requestId, ...extra }
    const headers = waits && retryAfter !== undefined ? { 'retry-after': String(retryAfter) } : {}
    return {
      status: statuses[error.kind],
      code: error.reason,
      body: JSON.stringify(body),
      headers,
      isFault: false,
    }
  }
  const body = { detail: 'Internal Server Error', code: 'internal', request_id: requestId }
  return { status: 500, code: body.code, body: JSON.stringify(body), headers: {}, isFault: true }
}
