import { CliError } from './cli-error'
import { EXIT } from './exit-codes'
import { refusalOf } from './refusal'

/** How a command reaches the server: over the network, by the socket of this machine, or by being the server. */
export type Way = 'url' | 'socket' | 'in-process'

/** What a way in does for the client. */
export interface Transport {
  readonly way: Way
  /** Named in messages; holds no secret. */
  readonly target: string
  /** `path` begins with /v1. Rejects when nobody answers. */
  send(path: string, init: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** A parameter that is undefined is left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** The administration API, whichever way it is reached: every way sends the same requests. */
export class AdminClient implements AsyncDisposable {
  constructor(private readonly transport: Transport) {}

  get way(): Way {
    return this.transport.way
  }

  /** @throws CliError with the exit code of what went wrong; so do the others */
  async get<T>(path: string, query: Query = {}, withinMs?: number): Promise<T> {
    return (await this.call<T>('GET', withQuery(path, query), undefined, withinMs)).body
  }

  /** `withinMs`: how long the answer may take, where that may be longer than usual. */
  post<T>(path: string, body: unknown = {}, withinMs?: number): Promise<T> {
    return this.call<T>('POST', path, body, withinMs).then((answer) => answer.body)
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PATCH', path, body).then((answer) => answer.body)
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PUT', path, body).then((answer) => answer.body)
  }

  delete<T = undefined>(path: string): Promise<T> {
    return this.call<T>('DELETE', path).then((answer) => answer.body)
  }

  /** Every page of a list that the API sends as bare arrays. */
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

  /** A moment that lies before everything the server does from now on, in its own time. */
  async moment(): Promise<Date> {
    const asked = Date.now()
    const { body, response } = await this.call<{ database?: { clock_ahead_ms: number } }>('GET', '/v1/health')
    const machine = this.way === 'url' ? Date.parse(response.headers.get('Date') ?? '') || 0 : asked
    // What is stored in a database that several servers share follows its clock.
    return new Date(machine - (body.database?.clock_ahead_ms ?? 0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close()
  }

  private async call<T>(method: string, path: string, body?: unknown, withinMs?: number) {
    const { target } = this.transport
    const headers = { Accept: 'application/json', ...(body === undefined ? {} : JSON_BODY) }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const patience = withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }
    const response = await this.transport.send(path, { method, headers, ...content, ...patience })
    const text = await response.text()
    if (response.status >= 300 && response.status < 400)
      throw new CliError(
        EXIT.failure,
        `${target} sends elsewhere: ${response.headers.get('Location') ?? ''}`,
        ['give --url the address that it names'],
      )
    const answer = parsed(text)
    if (!response.ok) throw refusalOf(response.status, answer)
    if (answer === undefined && response.status !== 204)
      throw new CliError(EXIT.failure, `${target} does not answer like a Synapse server`)
    // The contract says what each request answers; the callers name that type.
    return { body: answer as T, response }
  }
}

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
