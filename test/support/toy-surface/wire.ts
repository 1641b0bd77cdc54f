import { wholeBody } from '../../../src/http/body'
import { type Failure, HttpError, type RenderedError } from '../../../src/http/errors'

const LIMIT = 1024

/** Fields that other protocols name differently. */
const codes: Readonly<Record<string, string>> = {
  invalid_token: 'TOY_BAD_KEY',
  payload_too_large: 'TOY_TOO_LARGE',
  validation_error: 'TOY_BAD_BODY',
}

export function renderToyError({ status, code, detail, headers }: Failure, requestId: string): RenderedError {
  const error = typeof detail === 'string' ? detail : detail.map(({ msg }) => msg).join('; ')
  const body = { errcode: codes[code] ?? code, error, trace: requestId }
  return { status: code === 'validation_error' ? 400 : status, body: JSON.stringify(body), headers }
}

export function renderToyUnknown({ methods }: { readonly methods: readonly string[] }): never {
  throw new HttpError(methods.length > 0 ? 405 : 404, 'TOY_UNRECOGNIZED', 'The toy does not know this')
}

/** JSON, whatever the content type of the request; an empty body is an empty object. */
export async function readToyBody(request: Request): Promise<unknown> {
  const text = new TextDecoder().decode(await wholeBody(request, LIMIT))
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    throw new HttpError(400, 'TOY_NOT_JSON', 'The toy reads JSON')
  }
}
