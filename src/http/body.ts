import type { Settings } from '../core/governance/settings'
import { HttpError, ValidationError } from './errors'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

const MAX_DEPTH = 100
const SHALLOW_BYTES = 4096

/** How a surface reads the body of a request, up to a limit of its own, before its endpoint checks the shape. */
export type ReadBody = (request: Request, settings: Settings) => Promise<unknown>

/**
 * The JSON body of a request, as v1 reads it; undefined when it has none.
 * @throws 413 as soon as it is known to be over the limit, 415 for another content type or a compressed body, 422 `json_invalid`
 */
export async function readJson(request: Request, settings: Settings): Promise<unknown> {
  const limit = settings.get('http.max_body')
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''
  // An empty one says as little as none.
  if (type !== '' && !type.toLowerCase().includes('json'))
    throw new HttpError(415, 'unsupported_media_type', 'Send the body as application/json')
  const coding = request.headers.get('content-encoding')?.trim() ?? ''
  if (coding !== '' && coding.toLowerCase() !== 'identity') throw encoded()
  const bytes = await wholeBody(request, limit, ' (http.max_body)')
  if (bytes.length === 0) return undefined
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (error) {
    // The parser's own words may quote the body, so the message is ours.
    throw noJson(error instanceof TypeError ? 'The body is not valid UTF-8' : 'JSON decode error')
  }
  // Whatever walks through a value does so recursively; a short text cannot be deep enough to matter.
  if (bytes.length > SHALLOW_BYTES && isDeep(bytes))
    throw noJson(`The body is nested in more than ${MAX_DEPTH} levels`)
  return value
}

/** RFC 9110, 8.4 and 12.5.3: which codings would be taken is said in the same header as a client says it. */
function encoded(): HttpError {
  const message = 'Send the body as it is, without Content-Encoding: compressed bodies are not read'
  return new HttpError(415, 'unsupported_media_type', message, {}, { 'accept-encoding': 'identity' })
}

function noJson(msg: string): ValidationError {
  return new ValidationError([
    { type: 'json_invalid', loc: ['body', 0], msg, input: null, ctx: { error: msg } },
  ])
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])

/**
 * Whether lists and objects lie in one another in more than MAX_DEPTH levels, by the brackets of a JSON text: walking
 * through the value would take ten times as long as reading it did.
 */
function isDeep(json: Uint8Array): boolean {
  let depth = 0
  let inText = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] ?? 0
    if (inText) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inText = false
    } else if (byte === QUOTE) inText = true
    else if (CLOSING.has(byte)) depth--
    else if (OPENING.has(byte) && ++depth > MAX_DEPTH) return true
  }
  return false
}

/**
 * All bytes of a body. `remark` follows the limit in the refusal.
 * @throws payload_too_large as soon as it is known to be over the limit, body_broke_off
 */
export function wholeBody(request: Request, limit: number, remark = ''): Promise<Uint8Array> {
  if (!isLengthDeclared(request, limit, remark)) return collected(request, limit, remark)
  return request.bytes().catch((error: unknown) => {
    throw brokenOff(request, error)
  })
}

async function collected(request: Request, limit: number, remark: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of counted(request, limit, remark)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * The bytes of a body as they come; it is never held as a whole.
 * @throws payload_too_large: at once where the request declares it, else from the chunk that goes over the limit;
 *   body_broke_off
 */
export function streamedBody(request: Request, limit: number): AsyncIterable<Uint8Array> {
  isLengthDeclared(request, limit, '')
  return counted(request, limit, '')
}

/** @throws payload_too_large where the declared length is over the limit */
function isLengthDeclared(request: Request, limit: number, remark: string): boolean {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > limit) throw tooLarge(limit, remark)
  return !Number.isNaN(declared)
}

async function* counted(request: Request, limit: number, remark: string): AsyncGenerator<Uint8Array, void> {
  if (!request.body) return
  let length = 0
  try {
    for await (const chunk of request.body) {
      length += chunk.length
      if (length > limit) throw tooLarge(limit, remark)
      yield chunk
    }
  } catch (error) {
    throw brokenOff(request, error)
  }
}

/** The client has gone, so it does not read this; it only keeps the log from calling it a fault of ours. */
function brokenOff(request: Request, error: unknown): unknown {
  return request.signal.aborted ? new HttpError(400, 'body_broke_off', 'The body broke off') : error
}

function tooLarge(limit: number, remark: string): HttpError {
  const message = `The body is over the limit of ${limit} bytes${remark}`
  return new HttpError(413, 'payload_too_large', message, { limit })
}
