import { isDeep, MAX_DEPTH, refuseEncoded, wholeBody } from '../body'
import { isObject } from '../schema'
import { matrixError } from './errors'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The largest body of most requests. An event has a limit of its own. */
const MAX_BODY_BYTES = 1_048_576

/** A JSON body: an object, and the text it was read from, because reading it rounds numbers that no event may have. */
export interface JsonBody {
  readonly text: string
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * Reads a JSON body whatever its content type is; an empty one is `{}`.
 * @throws 413 M_TOO_LARGE; 400 M_NOT_JSON; 400 M_BAD_JSON for a value that is no object, or a deep one
 */
export async function readObject(request: Request, maxBytes = MAX_BODY_BYTES): Promise<JsonBody> {
  refuseEncoded(request)
  const bytes = await wholeBody(request, maxBytes)
  if (bytes.length === 0) return { text: '{}', value: {} }
  const text = decoded(bytes)
  const value = parsed(text)
  if (isDeep(bytes))
    throw matrixError(400, 'M_BAD_JSON', `The body is nested in more than ${MAX_DEPTH} levels`)
  if (!isObject(value)) throw matrixError(400, 'M_BAD_JSON', 'The body is not a JSON object')
  return { text, value: value as JsonBody['value'] }
}

function decoded(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw matrixError(400, 'M_NOT_JSON', 'The body is not valid UTF-8')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message may quote the body, so it is not shown.
    throw matrixError(400, 'M_NOT_JSON', 'The body is not JSON')
  }
}
