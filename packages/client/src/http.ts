import { errorOf, isOfType, SynapseError } from './errors'
import { anyOf, later, pauseAfter, sleep, timing } from './time'

/** Sends something, as `fetch` does. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface Target {
  /** Address of the server; in a page, the page's own by default. */
  readonly url?: string | undefined
  /** Without it, a page uses its session cookie. */
  readonly token?: string | undefined
  /** Sends the requests. Default: `fetch`. */
  readonly fetch?: Fetch | undefined
  /** Seconds for which a request is repeated where that may help; 60 by default. */
  readonly patience?: number | undefined
}

export type Query = Readonly<Record<string, unknown>>

export interface Sending {
  readonly query?: Query | undefined
  /** An object is sent as JSON; bytes, a Blob and a stream as they are. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Calling extends Sending {
  /** Makes the request happen once. Default for POST: a new one. */
  readonly key?: string | undefined
  /** Milliseconds for which the request is repeated when that may help. */
  readonly patience?: number | undefined
  /** Whether the answer is a file, which may be JSON by chance. */
  readonly isFile?: boolean
}

/** The requests to one server. */
export class Http {
  readonly base: string
  readonly token: string | undefined
  private readonly fetch: Fetch
  private readonly patience: number

  constructor({ url, token, fetch, patience }: Target) {
    this.base = baseOf(url ?? (globalThis as { location?: { origin: string } }).location?.origin)
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new TypeError('connect: the token is empty, or has characters that no token has')
    this.token = token
    this.fetch = fetch ?? ((to, init) => globalThis.fetch(to, init))
    this.patience = patience === undefined ? timing.patience : patience * 1000
  }

  address(path: string, query: Query = {}): string {
    const words = Object.entries(query).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [`${name}=${encodeURIComponent(String(value))}`],
    )
    return `${this.base}${path}${words.length > 0 ? `?${words.join('&')}` : ''}`
  }

  /**
   * Sends a request once, and reads the answer if it is a success. All that takes at most `limit` milliseconds, or until
   * `read` calls `begun`. @throws SynapseError; the reason of the signal
   */
  async send<Value>(
    method: string,
    path: string,
    sending: Sending,
    limit: number,
    read: (response: Response, begun: () => void) => Promise<Value>,
  ): Promise<Value> {
    const { query, body, headers, signal } = sending
    signal?.throwIfAborted()
    const isJson = body !== undefined && !isRaw(body)
    const { controller, release } = anyOf(signal)
    const cancel = later(limit, () => controller.abort(TOO_LATE))
    let value: Value | undefined
    try {
      const response = await this.fetch(this.address(path, query), {
        method,
        headers: {
          accept: 'application/json',
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
          ...(isJson ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        signal: controller.signal,
        // A redirect would send the token to another server.
        redirect: 'manual',
        ...(body === undefined
          ? {}
          : { body: isJson ? JSON.stringify(body) : (body as NonNullable<RequestInit['body']>) }),
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      })
      if (!response.ok) throw await errorOf(response)
      value = await read(response, cancel)
      return value
    } catch (error) {
      if (error instanceof SynapseError) throw error
      if (signal?.aborted) throw signal.reason
      if (controller.signal.reason === TOO_LATE)
        throw new SynapseError({ status: 0, code: 'timeout', detail: `No answer in ${limit / 1000} s` })
      throw lost(error)
    } finally {
      cancel()
      // The caller still reads it.
      if (!(value instanceof Response)) release()
    }
  }

  /**
   * Sends a request until it succeeds, or until repeating does not help. Returns JSON as a value, 204 as undefined, and
   * everything else as the Response. @throws SynapseError; the reason of the signal
   */
  async call(method: string, path: string, calling: Calling = {}): Promise<unknown> {
    const { key, patience = this.patience, isFile = false, ...sending } = calling
    const retryKey = key ?? (method === 'POST' ? newKey() : undefined)
    const headers = { ...(retryKey === undefined ? {} : { 'idempotency-key': retryKey }), ...sending.headers }
    // A stream can be sent once.
    const isOnce = sending.body instanceof ReadableStream
    const wait = Number(sending.query?.wait ?? 0) * 1000
    const limit = sending.body !== undefined && isRaw(sending.body) ? HOUR : timing.answer + wait
    const start = Date.now()
    for (let count = 0; ; count++) {
      try {
        return await this.send(method, path, { ...sending, headers }, limit, isFile ? readFile : readValue)
      } catch (error) {
        const pause = isOnce ? undefined : pauseBefore(error, count, method !== 'PATCH')
        const isOver =
          Date.now() - start + (pause ?? 0) > patience || (count >= MOST_FAULTS && isFault(error))
        if (pause === undefined || (isOver && patience !== FOREVER)) throw error
        await sleep(pause, sending.signal, !(error instanceof SynapseError) || error.retryAfter === undefined)
      }
    }
  }
}

/** The patience of what waits for as long as it takes. */
export const FOREVER = Number.POSITIVE_INFINITY
/** Repetitions of a request that the server fails to handle. */
const MOST_FAULTS = 3
const HOUR = 3_600_000
const TOO_LATE = {}

function baseOf(url: string | undefined): string {
  if (url === undefined) throw new TypeError('connect: `url` is needed outside of a page')
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new TypeError(`connect: \`url\` is not an address: ${url}`)
  }
  if (!/^https?:$/.test(parsed.protocol))
    throw new TypeError(`connect: \`url\` begins with http:// or https://`)
  if (parsed.username !== '' || parsed.password !== '')
    throw new TypeError('connect: `url` has a user or a password; pass `token` instead')
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
}

/** Bodies that are sent as they are. */
function isRaw(body: unknown): boolean {
  return (
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof ReadableStream
  )
}

/** The error of a connection that did not come about or was cut. */
export function lost(cause: unknown): SynapseError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new SynapseError({ status: 0, code: 'network', detail: `No connection to the server${why}`, cause })
}

/** Reads JSON as a value, and 204 as undefined. Everything else is the Response; a page or a text is an error. */
export async function readValue(response: Response, begun: () => void): Promise<unknown> {
  if (response.status === 204) return undefined
  if (response.headers.get('content-type')?.startsWith('text/')) throw await errorOf(response)
  if (isOfType(response, 'application/json')) return await response.json()
  return readFile(response, begun)
}

async function readFile(response: Response, begun: () => void): Promise<Response> {
  begun()
  return response
}

/** Whether an error passes by itself: there is no connection, or the server or a proxy cannot answer now. */
export function passes({ status, retryAfter }: SynapseError): boolean {
  if (status === 429) return retryAfter !== undefined
  return status === 0 || (status >= 500 && status !== 501 && status !== 507)
}

function isFault(error: unknown): boolean {
  return error instanceof SynapseError && error.status === 500
}

/** Milliseconds until an attempt may be repeated; undefined if that does not help (docs/contract/errors.md). */
function pauseBefore(error: unknown, count: number, canRepeat: boolean): number | undefined {
  if (!(error instanceof SynapseError) || !passes(error)) return
  const { status, code, retryAfter } = error
  // The server has done nothing, so any request may be repeated.
  const isRefused = status === 429 || (status === 503 && code !== 'unexpected_answer')
  if (!isRefused && !canRepeat) return
  return retryAfter === undefined ? pauseAfter(count) : retryAfter * 1000 + Math.random() * 200
}

/** A key that no other request has. */
export function newKey(): string {
  const bytes = new Uint8Array(16)
  // Plain http and Node 18 do not have all of it. A key needs to be unique, not secret.
  if (globalThis.crypto) crypto.getRandomValues(bytes)
  else for (const at of bytes.keys()) bytes[at] = Math.random() * 256
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
