import type { Settings } from '../core/governance/settings'
import { KEEP_ALIVE_SECONDS, peerOf } from './client'
import { HttpError, ValidationError } from './errors'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Levels of lists and objects in a JSON body. */
export const MAX_DEPTH = 100
const SHALLOW_BYTES = 4096

/**
 * A body that comes at least this fast may take any time. A slower one ends with the idle time of its connection: it
 * may hold up others, because few uploads run at once.
 */
const LEAST_BYTES_PER_SECOND = 16 * 1024
const RENEWAL_MILLISECONDS = 1000

/** Reads the body of a request, with the surface's own size limit, before the endpoint validates it. */
export type ReadBody = (request: Request, settings: Settings) => Promise<unknown>

/**
 * Reads a JSON body as v1 does; undefined if there is none.
 * @throws 413 as soon as the limit is known to be exceeded, 415 for another content type or a compressed body, 422
 *   `json_invalid`
 */
export async function readJson(request: Request, settings: Settings): Promise<unknown> {
  const limit = settings.get('http.max_body')
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''
  // An empty content type counts as none.
  if (type !== '' && !type.toLowerCase().includes('json'))
    throw new HttpError(415, 'unsupported_media_type', 'Send the body as application/json')
  refuseEncoded(request)
  const bytes = await wholeBody(request, limit, ' (http.max_body)')
  return bytes.length === 0 ? undefined : parseJson(bytes)
}

/** Parses a JSON text of limited depth. @throws 422 `json_invalid` */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (error) {
    // The parser's message may quote the body, so it is not shown.
    throw noJson(error instanceof TypeError ? 'The body is not valid UTF-8' : 'JSON decode error')
  }
  // Validators are recursive, so the depth is limited. A short text cannot be deep enough to matter.
  if (bytes.length > SHALLOW_BYTES && isDeep(bytes))
    throw noJson(`The body is nested in more than ${MAX_DEPTH} levels`)
  return value
}

/** RFC 9110, 8.4 and 12.5.3: the answer names the accepted codings in Accept-Encoding. @throws 415 */
export function refuseEncoded(request: Request): void {
  const coding = request.headers.get('content-encoding')?.trim() ?? ''
  if (coding === '' || coding.toLowerCase() === 'identity') return
  const message = 'Send the body as it is, without Content-Encoding: compressed bodies are not read'
  throw new HttpError(415, 'unsupported_media_type', message, {}, { 'accept-encoding': 'identity' })
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
 * Reports whether lists and objects are nested more than MAX_DEPTH levels. Counts the brackets of the text: walking the
 * parsed value would take ten times as long as parsing it.
 */
export function isDeep(json: Uint8Array): boolean {
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
 * Reads a whole body. `remark` follows the limit in the error text.
 * @throws payload_too_large as soon as the limit is known to be exceeded, body_broke_off
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
 * Streams a body without holding it in memory.
 * @throws payload_too_large: at once if the declared length is over the limit, else at the chunk that exceeds it;
 *   body_broke_off
 */
export function streamedBody(request: Request, limit: number): AsyncIterable<Uint8Array> {
  isLengthDeclared(request, limit, '')
  return counted(request, limit, '')
}

/** @throws payload_too_large if the declared length is over the limit */
function isLengthDeclared(request: Request, limit: number, remark: string): boolean {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > limit) throw tooLarge(limit, remark)
  return !Number.isNaN(declared)
}

async function* counted(request: Request, limit: number, remark: string): AsyncGenerator<Uint8Array, void> {
  if (!request.body) return
  let length = 0
  const keepOpen = keeperOf(request)
  try {
    for await (const chunk of request.body) {
      length += chunk.length
      if (length > limit) throw tooLarge(limit, remark)
      keepOpen(length)
      yield chunk
    }
  } catch (error) {
    throw brokenOff(request, error)
  }
}

/**
 * Keeps the connection of a body open while it comes. To the runtime a connection is idle while it only receives, so
 * that it would cut off every upload that takes longer than the idle time. Returns what to call with the bytes so far.
 */
function keeperOf(request: Request): (length: number) => void {
  const peer = peerOf(request)
  if (peer.held) return () => {}
  const begun = performance.now()
  let next = begun + RENEWAL_MILLISECONDS
  return (length) => {
    const now = performance.now()
    if (now < next || length < (LEAST_BYTES_PER_SECOND * (now - begun)) / 1000) return
    peer.hold?.(KEEP_ALIVE_SECONDS)
    next = now + RENEWAL_MILLISECONDS
  }
}

/** The client has disconnected and will not read this. It prevents a log entry for an internal fault. */
function brokenOff(request: Request, error: unknown): unknown {
  return request.signal.aborted ? new HttpError(400, 'body_broke_off', 'The body broke off') : error
}

function tooLarge(limit: number, remark: string): HttpError {
  const message = `The body is over the limit of ${limit} bytes${remark}`
  return new HttpError(413, 'payload_too_large', message, { limit })
}
