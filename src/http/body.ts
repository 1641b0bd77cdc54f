import { HttpError, ValidationError } from './errors'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * The JSON body of a request; undefined when it has none.
 * @throws 413 as soon as it is known to be over `limit` bytes, 415 for another content type, 422 `json_invalid`
 */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get('content-type')
  if (type !== null && !type.toLowerCase().includes('json'))
    throw new HttpError(415, 'unsupported_media_type', 'Send the body as application/json')
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > limit) throw tooLarge(limit)
  const bytes = Number.isNaN(declared) ? await readCounting(request, limit) : await request.bytes()
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch (error) {
    // The parser's own words may quote the body, so the message is ours.
    const msg = error instanceof TypeError ? 'The body is not valid UTF-8' : 'JSON decode error'
    throw new ValidationError([
      { type: 'json_invalid', loc: ['body', 0], msg, input: null, ctx: { error: msg } },
    ])
  }
}

async function readCounting(request: Request, limit: number): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body) {
    length += chunk.length
    if (length > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

function tooLarge(limit: number): HttpError {
  return new HttpError(
    413,
    'payload_too_large',
    `The body is over the limit of ${limit} bytes (http.max_body)`,
    { limit },
  )
}

/** JSON with keys in order and nothing left out, so that equal requests have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}
