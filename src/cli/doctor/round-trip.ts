import type { Echo } from '../lib/wire'
import type { Diagnosis } from './diagnosis'
import { type Relay, relayOf } from './remedies'

const ANSWER_WITHIN_MS = 8000
/** The server sends the second event after half a second, and the last one much later. */
const SECOND_WORD_WITHIN_MS = 2500
const SOCKET_WITHIN_MS = 5000

/** An echo, and the proxy that passed it on. */
export interface SeenEcho {
  readonly echo: Echo
  readonly proxy: Relay
}

/** Why there is no echo. */
export interface NoEcho {
  readonly noAnswer: string
  /** The proxy of a Synapse server that answered but does not know the echo path; undefined if none answered. */
  readonly stranger?: Relay
}

/** Asks the server for a path that only this server answers, for a minute; undefined if it does not answer. */
export async function echoPath({ state }: Diagnosis): Promise<string | undefined> {
  if (state.kind !== 'running' || !state.answering || state.run.socket === null) return undefined
  try {
    const response = await fetch('http://localhost/v1/admin/echo', {
      method: 'POST',
      unix: state.run.socket,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null && 'path' in body ? String(body.path) : undefined
  } catch {
    return undefined
  }
}

/** Sends a request to the public address of this server, with a path that some proxies change. */
export async function echoThrough(base: string, path: string): Promise<SeenEcho | NoEcho> {
  try {
    const response = await get(`${base}${path}/a%2Fb?c=%2Fd`)
    const body: unknown = await response.json().catch(() => undefined)
    const proxy = relayOf(response.headers)
    if (response.status === 200 && typeof body === 'object' && body !== null && 'authority' in body)
      // Only the server knows the path, so the answer is the one in the contract.
      return { echo: body as Echo, proxy }
    if (response.status === 404 && isOfSynapse(response, body))
      return { noAnswer: 'another Synapse server answers there', stranger: proxy }
    return { noAnswer: `another program answers there (status ${response.status})` }
  } catch (error) {
    return { noAnswer: reasonOf(error) }
  }
}

/** Reports whether a refusal is from a Synapse server, which repeats the request id in the body. */
function isOfSynapse({ headers }: Response, body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    'request_id' in body &&
    body.request_id === headers.get('x-request-id')
  )
}

/** Checks /.well-known/synapse. Returns undefined if it arrives at a Synapse server. */
export async function wellKnownProblem(base: string): Promise<string | undefined> {
  try {
    const response = await get(`${base}/.well-known/synapse`)
    const text = await response.text()
    return response.status === 200 && text.includes('"capabilities"')
      ? undefined
      : `/.well-known/synapse does not arrive here (status ${response.status})`
  } catch (error) {
    return `/.well-known/synapse does not arrive here (${reasonOf(error)})`
  }
}

/** Checks an event stream. Returns undefined if its events arrive as they are sent. */
export async function streamProblem(base: string, path: string): Promise<string | undefined> {
  const started = performance.now()
  try {
    const response = await get(`${base}${path}/stream`, { accept: 'text/event-stream' })
    const second = await secondWord(response)
    if (response.status !== 200 || !second) return `event streams do not pass (status ${response.status})`
    const took = performance.now() - started
    return took <= SECOND_WORD_WITHIN_MS
      ? undefined
      : `event streams are buffered: an event sent after 0.5 s arrived after ${(took / 1000).toFixed(1)} s`
  } catch (error) {
    return `event streams do not pass (${reasonOf(error)})`
  }
}

/** Reads a stream until its second event, and reports whether it arrived. */
async function secondWord(response: Response): Promise<boolean> {
  if (response.body === null) return false
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('second')) return true
  }
  return false
}

/** Checks a WebSocket. Returns undefined if it opens. */
export function socketProblem(base: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}${path}/socket`)
    const timer = setTimeout(() => end('WebSockets do not open'), SOCKET_WITHIN_MS)
    const end = (problem: string | undefined) => {
      clearTimeout(timer)
      socket.close()
      resolve(problem)
    }
    socket.onmessage = () => end(undefined)
    socket.onerror = () => end('WebSockets do not open: the upgrade does not arrive here')
    socket.onclose = () => end('WebSockets do not open: the upgrade does not arrive here')
  })
}

function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  return 'code' in error ? String(error.code) : error.name
}
