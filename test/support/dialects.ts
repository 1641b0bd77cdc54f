/** Errors of other protocols in the form of v1, by which all endpoints are judged. */

interface Status {
  readonly error?: {
    readonly message: string
    readonly details: readonly {
      readonly '@type': string
      readonly reason?: string
      readonly metadata?: Readonly<Record<string, string>>
      readonly requestId?: string
      readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[]
    }[]
  }
}

interface Refusal {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Returns a refusal as v1 would say it. `body` is its JSON; one that is of v1 already stays as it is. */
export function inV1(status: number, body: unknown): Refusal {
  const { error } = (body ?? {}) as Status
  if (status < 400 || error?.details === undefined) return { status, body: body as Refusal['body'] }
  const of = (name: string) =>
    error.details.find((one) => one['@type'] === `type.googleapis.com/google.rpc.${name}`)
  const { reason = '', metadata = {} } = of('ErrorInfo') ?? {}
  const violations = of('BadRequest')?.fieldViolations
  const request_id = of('RequestInfo')?.requestId
  if (reason !== 'INVALID_PARAMS')
    return { status, body: { detail: error.message, code: reason.toLowerCase(), request_id, ...metadata } }
  const detail = violations?.map(({ field, description: msg }) => ({
    type: 'value_error',
    loc: field.split('.'),
    msg,
  }))
  return { status: 422, body: { detail, code: 'validation_error', request_id } }
}
