/** An issue of a malformed request (422): where it is, and what is wrong. */
export interface Issue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}

interface Problem {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly retryAfter?: number | undefined
  readonly url?: string | undefined
  readonly cause?: unknown
}

/**
 * What went wrong, as the server says it (docs/contract/errors.md). Without an answer of a Synapse server, `code` is one of
 * `network` (no connection, or it was cut), `timeout` (no answer in time) and `unexpected_answer` (something else answered).
 */
export class SynapseError extends Error {
  override readonly name = 'SynapseError'
  /** HTTP status; 0 if there was no answer. */
  readonly status: number
  /** For programs; stable. */
  readonly code: string
  /** For people. */
  readonly detail: string
  /** Find the request in the server's log with this. */
  readonly requestId: string | undefined
  /** Seconds until the same request may succeed. */
  readonly retryAfter: number | undefined
  /** The address that answered. */
  readonly url: string | undefined
  /** The whole answer, with what the code adds: `claim`, `approval`, `limit` and so on. */
  readonly body: Readonly<Record<string, unknown>>
  /** What is wrong with a malformed request (`validation_error`). */
  readonly issues: readonly Issue[]

  constructor({ status, code, detail, body = {}, retryAfter, url, cause }: Problem) {
    super(`${detail} (${code})`, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = code
    this.detail = detail
    this.body = body
    this.url = url
    this.requestId = typeof body.request_id === 'string' ? body.request_id : undefined
    this.retryAfter = typeof body.retry_after === 'number' ? body.retry_after : retryAfter
    this.issues = Array.isArray(body.detail) ? (body.detail as Issue[]) : []
  }
}

/** Reads the error in an answer. */
export async function errorOf(response: Response): Promise<SynapseError> {
  const { headers } = response
  // A page is not shown the status of a redirect.
  const status = response.type === 'opaqueredirect' ? 307 : response.status
  const body = (await response.json().catch(() => undefined)) as Readonly<Record<string, unknown>> | undefined
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined
  const url = response.url || undefined
  if (typeof body?.code === 'string')
    return new SynapseError({ status, code: body.code, detail: detailOf(body.detail), body, retryAfter, url })
  const isRedirect = status >= 300 && status < 400
  const detail = isRedirect
    ? `HTTP ${status} redirects to ${headers.get('location') ?? 'another address'}: connect to that address`
    : `HTTP ${status} without an error of Synapse: is something else at this address, or between?`
  return new SynapseError({ status, code: 'unexpected_answer', detail, retryAfter, url })
}

/** Whether an answer has this content type. */
export function isOfType({ headers }: Response, type: string): boolean {
  return (headers.get('content-type') ?? '').split(';')[0]?.trim() === type
}

function detailOf(detail: unknown): string {
  if (!Array.isArray(detail)) return String(detail)
  return (detail as Issue[]).map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ')
}
