import { CliError } from './cli-error'
import { EXIT } from './exit-codes'
import { refusalOf } from './refusal'

/** How a command reaches the server: over the network, by the Unix socket, or by running the application itself. */
export type Way = 'url' | 'socket' | 'in-process'

/** Sends the requests of an AdminClient. */
export interface Transport {
  readonly way: Way
  /** The name of the server in messages, without secrets. */
  readonly target: string
  /** `path` begins with /v1. Rejects when the server does not answer. */
  send(path: string, init: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** A client of the administration API. It sends the same requests over every transport. */
export class AdminClient implements AsyncDisposable {
  constructor(private readonly transport: Transport) {}

  get way(): Way {
    return this.transport.way
  }

  /** @throws CliError, as the other methods do, with the exit code of the failure */
  async get<T>(path: string, query: Query = {}, withinMs?: number): Promise<T> {
    return (await this.call<T>('GET', withQuery(path, query), undefined, withinMs)).body
  }

  /** `withinMs`: the timeout, for requests that may take longer than usual. */
  post<T>(path: string, body: unknown = {}, withinMs?: number): Promise<T> {
    return this.call<T>('POST', path, body, withinMs).then((answer) => answer.body)
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PATCH', path, body).then((answer) => answer.body)
  }

  put<T>(path: string, body: unknown, withinMs?: number): Promise<T> {
    return this.call<T>('PUT', path, body, withinMs).then((answer) => answer.body)
  }

  delete<T = undefined>(path: string, withinMs?: number): Promise<T> {
    return this.call<T>('DELETE', path, undefined, withinMs).then((answer) => answer.body)
  }

  /** Returns all pages of a list that the API sends as bare arrays. */
  async list<T>(path: string, query: Query = {}): Promise<T[]> {
    const rows: T[] = []
    let cursor: string | undefined
    do {
      const { body, response } = await this.call<T[]>('GET', withQuery(path, { ...query, cursor }))
      rows.push(...body)
      cursor = response.headers.get('Synapse-Next-Cursor') ?? undefined
    } while (cursor !== undefined)
    return rows
  }

  /** Returns an answer of any length as it comes. */
  async pieces(path: string): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.transport.send(path, {
      method: 'GET',
      signal: AbortSignal.timeout(LONG_MILLISECONDS),
    })
    if (!response.ok || !response.body) throw refusalOf(response.status, parsed(await response.text()))
    return response.body
  }

  /** Sends a file as it is, however large. */
  async upload<T>(path: string, file: Blob, contentType: string): Promise<T> {
    const response = await this.transport.send(path, {
      method: 'POST',
      headers: { Accept: 'application/json', 'Content-Type': contentType },
      body: file,
      signal: AbortSignal.timeout(LONG_MILLISECONDS),
    })
    return this.answerOf<T>(response)
  }

  /** Returns a time by the clock of the server that is before everything the server does from now on. */
  async moment(): Promise<Date> {
    const asked = Date.now()
    const { body, response } = await this.call<{ database?: { clock_ahead_ms: number } }>('GET', '/v1/health')
    const machine = this.way === 'url' ? Date.parse(response.headers.get('Date') ?? '') || 0 : asked
    // The times in a shared database follow the clock of the database.
    return new Date(machine - (body.database?.clock_ahead_ms ?? 0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close()
  }

  private async call<T>(method: string, path: string, body?: unknown, withinMs?: number) {
    const headers = { Accept: 'application/json', ...(body === undefined ? {} : JSON_BODY) }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const patience = withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }
    const response = await this.transport.send(path, { method, headers, ...content, ...patience })
    return { body: await this.answerOf<T>(response), response }
  }

  private async answerOf<T>(response: Response): Promise<T> {
    const { target } = this.transport
    const text = await response.text()
    if (response.status >= 300 && response.status < 400)
      throw new CliError(EXIT.failure, `${target} redirects to ${response.headers.get('Location') ?? ''}`, [
        'use that address as --url',
      ])
    const answer = parsed(text)
    if (!response.ok) throw refusalOf(response.status, answer)
    if (answer === undefined && response.status !== 204)
      throw new CliError(EXIT.failure, `${target} does not answer like a Synapse server`)
    // The contract defines the answer of each request; the caller names its type.
    return answer as T
  }
}

/** The longest time that an answer in pieces may take. */
const LONG_MILLISECONDS = 24 * 3600_000

const JSON_BODY = { 'Content-Type': 'application/json' }

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value)
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
